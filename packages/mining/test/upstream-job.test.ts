import { BIP323_MASK } from '@sv2kit/bitcoin';
import { describe, expect, test } from 'vitest';
import { applyStep, type FeedStep, Feed, JobBoard, JobIds, NOBODY, stepNtime, type UpstreamJob } from '../src/index.ts';
import { bytes, extended, NOW, NTIME, recipe, solve, standard, template, tip, VERSION } from './support.ts';

/** The halves of a coinbase around 10 bytes that are the server's. */
const halves = (() => {
  const { prefix, suffix } = templateHalves();
  return { coinbasePrefix: prefix, coinbaseSuffix: suffix };
})();

function templateHalves(): { prefix: Uint8Array; suffix: Uint8Array } {
  const board = new JobBoard(new JobIds());
  board.activate(template(1n), tip(1), NOW);
  const made = board.work?.current.job(recipe());
  if (made === undefined) throw new Error('no job');
  return made.coinbase;
}

function upstream(overrides: Partial<UpstreamJob> = {}): UpstreamJob {
  const merklePath = [bytes(32, 1)];
  return {
    ...halves,
    extranonceSize: 10,
    version: VERSION,
    versionMask: 0x1fffe000,
    merklePath,
    minNtime: NTIME,
    height: 800_001,
    ...overrides,
  };
}

function boardOf(job: UpstreamJob): JobBoard {
  const board = new JobBoard(new JobIds());
  board.activate(job, tip(1), NOW);
  return board;
}

const made = recipe({ payout: NOBODY, tag: bytes(0, 0) });

describe("an upstream's job", () => {
  test('is mined as it is: nothing is added to its coinbase, and repetitions are one search space', () => {
    const board = boardOf(upstream());
    const first = board.work?.current.job(made);
    board.refresh();
    const second = board.work?.current.job(made);
    expect(first?.coinbase).toMatchObject({ prefix: halves.coinbasePrefix, suffix: halves.coinbaseSuffix });
    expect(second?.id).not.toBe(first?.id);
    expect(second?.space).toBe(first?.space);
    expect(first).toMatchObject({ numbered: false, height: 800_001, credit: 1, extranonceSize: 10 });
    expect(board.work?.current.height).toBe(800_001);
  });

  test.each([
    [0x1fffe000, BIP323_MASK, 0x1fffe000, true],
    [BIP323_MASK, 0x1fffe000, 0x1fffe000, true],
    [0x1fffe000, 0, 0, false],
    [0, BIP323_MASK, 0, false],
  ])('with mask %i on a server with mask %i frees %i (§5.3.16)', (theirs, ours, both, rolling) => {
    const board = boardOf(upstream({ versionMask: theirs }));
    const job = board.work?.current.job({ ...made, versionMask: ours });
    expect(job?.versionMask).toBe(both);
    expect(job?.message(1, undefined).versionRollingAllowed).toBe(rolling);
  });

  test('has shares refused that change bits which its upstream does not free', () => {
    const channel = extended();
    const board = boardOf(upstream());
    const feed = new Feed();
    for (const step of feed.advance(board)) applyStep(step, channel, made, NTIME, NOW);
    const job = board.work?.current.job(made);
    if (job === undefined) throw new Error('no job');
    const at = (version: number) => channel.submit(solve(channel, job, { version }), NOW);
    expect(at(VERSION | 0x1fffe000).kind).toBe('accepted');
    expect(at(VERSION | 0x20)).toEqual({ kind: 'rejected', code: 'invalid-version-bits' });
  });

  test('has shares refused that are further ahead of its ntime than the strictest pools allow, unless time has passed', () => {
    const channel = extended();
    const board = boardOf(upstream());
    for (const step of new Feed().advance(board)) applyStep(step, channel, made, NTIME, NOW);
    const job = board.work?.current.job(made);
    if (job === undefined) throw new Error('no job');
    const at = (ntime: number, afterS = 0) => channel.submit(solve(channel, job, { ntime }), NOW + afterS * 1_000);
    expect(at(NTIME + 600).kind).toBe('accepted');
    for (const lead of [601, 7_000]) {
      expect(at(NTIME + lead)).toEqual({ kind: 'rejected', code: 'invalid-ntime' });
    }
    expect(at(NTIME + 1_000, 1_000).kind).toBe('accepted');
    expect(at(NTIME + 1_100, 1_000)).toEqual({ kind: 'rejected', code: 'invalid-ntime' });
  });

  test('is never sent with a min_ntime below its own, nor far above it, however long the tip stands or the clock was set (§5.3.15)', () => {
    const board = boardOf(upstream());
    for (const [afterS, own, sent] of [
      [30, NTIME + 31, NTIME + 31],
      [30, NTIME, NTIME + 30],
      [7_200, NTIME + 7_230, NTIME + 7_230],
      [31_536_000, NTIME + 60, NTIME + 360],
    ] as const) {
      board.update(upstream({ minNtime: own }));
      const { work } = board;
      if (work === undefined) throw new Error('no work');
      const step: FeedStep = { kind: 'active', source: work.current, work };
      expect(stepNtime(step, work.current.job(made), [], NOW + afterS * 1_000)).toBe(sent);
    }
  });

  test('yields a block whose coinbase is the upstream’s with the full extranonce in it', () => {
    const channel = standard();
    const board = boardOf(upstream());
    for (const step of new Feed().advance(board)) applyStep(step, channel, made, NTIME, NOW);
    const job = board.work?.current.job(made);
    if (job === undefined) throw new Error('no job');
    const outcome = channel.submit(solve(channel, job, { wanted: 'block' }), NOW);
    if (outcome.kind !== 'block') throw new Error(outcome.kind);
    const { coinbasePrefix, coinbaseSuffix } = halves;
    const whole = Uint8Array.of(...coinbasePrefix, ...channel.extranoncePrefix, ...coinbaseSuffix);
    expect(outcome.solution.coinbase).toEqual(whole);
    expect(outcome.solution.job.origin).toEqual({ kind: 'upstream', job: upstream() });
  });
});

test('a tip that comes back, and its job with it, is not paid for twice', () => {
  const board = boardOf(upstream());
  const channel = extended();
  const feed = new Feed();
  const follow = () => {
    for (const step of feed.advance(board)) applyStep(step, channel, made, NTIME, NOW);
    return board.work?.current.job(made);
  };
  const first = follow();
  if (first === undefined) throw new Error('no job');
  const share = solve(channel, first);
  expect(channel.submit(share, NOW).kind).toBe('accepted');
  board.activate(upstream(), tip(2), NOW, true);
  follow();
  board.activate(upstream(), tip(1), NOW, true);
  const again = follow();
  expect(channel.submit({ ...share, jobId: again?.id ?? 0 }, NOW)).toEqual({
    kind: 'rejected',
    code: 'duplicate-share',
  });
});

describe('a tip that is said again', () => {
  function bothOn(clean: boolean) {
    const board = boardOf(upstream());
    const channel = extended();
    const feed = new Feed();
    const apply = (steps: FeedStep[]) => {
      for (const step of steps) {
        const minNtime = stepNtime(step, step.source.job(made), [channel], NOW);
        if (minNtime !== undefined) applyStep(step, channel, made, minNtime, NOW);
      }
    };
    apply(feed.advance(board));
    const first = board.work?.current.job(made);
    if (first === undefined) throw new Error('no job');
    const share = solve(channel, first, { ntime: NTIME + 60 });
    expect(channel.submit(share, NOW).kind).toBe('accepted');
    board.activate(upstream(), board.work?.tip ?? tip(1), NOW, clean);
    apply(feed.advance(board));
    return { board, channel, first, share };
  }

  test('leaves older jobs alive by default', () => {
    const { channel, first } = bothOn(false);
    expect(channel.submit(solve(channel, first, { nonce: 1_000 }), NOW).kind).toBe('accepted');
  });

  test('makes older jobs stale where it is said to be clean, be it the same object', () => {
    const { channel, first, board } = bothOn(true);
    expect(channel.submit(solve(channel, first, { nonce: 1_000 }), NOW)).toEqual({
      kind: 'rejected',
      code: 'stale-share',
    });
    const latest = board.work?.current.job(made);
    expect(channel.active?.job).toBe(latest);
  });

  test('forgets no share: an equal job is not paid for twice', () => {
    const { channel, share, board } = bothOn(true);
    const jobId = board.work?.current.job(made).id ?? 0;
    expect(share.ntime).toBeGreaterThanOrEqual(channel.active?.minNtime ?? 0);
    expect(channel.submit({ ...share, jobId }, NOW)).toEqual({ kind: 'rejected', code: 'duplicate-share' });
  });
});
