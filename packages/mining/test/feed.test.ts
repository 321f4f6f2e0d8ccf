import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MiningFromServer, SetNewPrevHash } from '@sv2kit/codec';
import {
  MAX_FUTURE_TEMPLATES,
  applyStep,
  ChannelClient,
  ExtendedChannel,
  Feed,
  type FeedStep,
  Group,
  JobBoard,
  JobIds,
  MAX_NTIME_ADVANCE,
  minNtimeAt,
  type Recipe,
  type ServerChannel,
  StandardChannel,
  templateProblem,
  templateJob,
  type WorkSource,
} from '../src/index.ts';
import {
  bytes,
  extended,
  MAX_TARGET,
  NOW,
  NTIME,
  recipe,
  SHARE_TARGET,
  standard,
  template,
  tip,
  UNREACHABLE,
} from './support.ts';

function board(): JobBoard {
  const made = new JobBoard(new JobIds());
  made.activate(template(1n), tip(1), NOW);
  return made;
}

const idOf = ({ input }: WorkSource) => ('templateId' in input ? input.templateId : undefined);
const kinds = (steps: FeedStep[]) => steps.map(({ kind, source }) => `${kind} ${idOf(source)}`);

describe('a feed', () => {
  test('opens with a future job and its prev-hash, then what waits for the next tip (§5.3.15, §5.3.17)', () => {
    const work = board();
    work.addFuture(template(2n));
    expect(kinds(new Feed().advance(work))).toEqual(['future 1', 'prev-hash 1', 'future 2']);
  });

  test('has nothing to say before there is a tip, or twice', () => {
    const empty = new JobBoard(new JobIds());
    empty.addFuture(template(1n));
    expect(new Feed().advance(empty)).toEqual([]);
    const feed = new Feed();
    feed.advance(board());
    const work = board();
    feed.advance(work);
    expect(feed.advance(work)).toEqual([]);
    expect(feed.isBehind(work)).toBe(false);
  });

  test('switches to a tip with one small message when the job went out before', () => {
    const work = board();
    const feed = new Feed();
    const prepared = template(2n);
    work.addFuture(prepared);
    feed.advance(work);
    work.activate(prepared, tip(2), NOW);
    expect(kinds(feed.advance(work))).toEqual(['prev-hash 2']);
    work.update(template(3n));
    expect(kinds(feed.advance(work))).toEqual(['active 3']);
  });

  test('sends every template at hand as another job when what jobs are made with has changed', () => {
    const work = board();
    const feed = new Feed();
    const prepared = template(2n);
    work.addFuture(prepared);
    const before = feed.advance(work).map(({ source }) => source);
    work.renew();
    const renewed = feed.advance(work);
    expect(kinds(renewed)).toEqual(['active 1', 'future 2']);
    for (const { source } of renewed) expect(before).not.toContain(source);
    work.activate(prepared, tip(2), NOW);
    expect(kinds(feed.advance(work))).toEqual(['prev-hash 2']);
  });

  test('that forgets its jobs names none of them again, whatever tip came meanwhile (§5.3.17)', () => {
    const work = board();
    const feed = new Feed();
    const prepared = template(2n);
    work.addFuture(prepared);
    feed.advance(work);
    feed.forgetJobs();
    expect(kinds(feed.advance(work))).toEqual(['active 1', 'future 2']);
    feed.forgetJobs();
    work.activate(prepared, tip(2), NOW);
    expect(kinds(feed.advance(work))).toEqual(['future 2', 'prev-hash 2']);
  });

  test('of a peer that could not drain is brought straight to the latest state', () => {
    const work = board();
    const feed = new Feed();
    feed.advance(work);
    for (const id of [2n, 3n, 4n]) {
      work.activate(template(id), tip(Number(id)), NOW);
      work.update(template(id + 10n));
    }
    expect(kinds(feed.advance(work))).toEqual(['future 14', 'prev-hash 14']);
  });

  test('takes the prepared job for the tip when it has it, however late', () => {
    const work = board();
    const feed = new Feed();
    const prepared = template(2n);
    work.addFuture(prepared);
    feed.advance(work);
    work.activate(prepared, tip(2), NOW);
    work.update(template(3n));
    expect(kinds(feed.advance(work))).toEqual(['prev-hash 2', 'active 3']);
  });
});

describe('a board', () => {
  test('makes one job for all channels of a recipe, and ids that never repeat', () => {
    const work = board();
    const source = work.work?.current;
    const wide = recipe({ extranonceSize: 12 });
    expect(source?.job(recipe())).toBe(source?.job(recipe()));
    expect(source?.job(wide).id).not.toBe(source?.job(recipe()).id);
    work.refresh();
    expect(work.work?.current.job(recipe()).id).not.toBe(source?.job(recipe()).id);
  });

  test('gives jobs of the same template different search spaces, also after as many as a busy server makes in an hour', () => {
    const coinbaseOf = (serial: number) => String(templateJob(1, template(1n), recipe(), serial).coinbase.prefix);
    const serials = [0, 1, 256, 65_535, 65_536, 65_537, 131_072, 16_777_215];
    expect(new Set(serials.map(coinbaseOf)).size).toBe(serials.length);
  });

  test('gives jobs of the same template different search spaces', () => {
    const work = board();
    const first = work.work?.current.job(recipe());
    work.refresh();
    const second = work.work?.current.job(recipe());
    const extranonce = bytes(10, 0);
    expect(second?.origin).toEqual(first?.origin);
    expect(second?.merkleRoot(extranonce)).not.toEqual(first?.merkleRoot(extranonce));
  });

  test('makes new jobs of a template that was not announced, was voided, or is mined already', () => {
    const work = board();
    const [second, third] = [template(2n), template(3n)];
    work.addFuture(second);
    work.addFuture(third);
    const prepared = work.futures.at(-1);
    expect(work.activate(third, tip(2), NOW)).toBe('new-tip');
    expect(work.work?.opening).toBe(prepared);
    for (const again of [second, third]) {
      const before = work.work?.opening.job(recipe()).id;
      work.activate(again, tip(3), NOW);
      expect(work.work?.opening.job(recipe()).id).not.toBe(before);
    }
  });

  test('tells a new tip from a new template for the same one', () => {
    expect(board().activate(template(2n), tip(1, { nbits: 0x1d00fffe }), NOW)).toBe('same-tip');
    expect(board().activate(template(2n), tip(2), NOW)).toBe('new-tip');
  });

  test('makes jobs for a few channels without touching what the others mine', () => {
    const work = board();
    const current = work.work?.current;
    expect(work.another()?.job(recipe()).id).not.toBe(current?.job(recipe()).id);
    expect(work.work?.current).toBe(current);
    expect(new JobBoard(new JobIds()).another()).toBeUndefined();
  });

  test('keeps a bounded number of future templates, the newest', () => {
    const work = board();
    for (let id = 10; id < 40; id += 1) work.addFuture(template(BigInt(id)));
    expect(work.futures).toHaveLength(MAX_FUTURE_TEMPLATES);
    expect(work.futures.map(idOf).at(-1)).toBe(39n);
  });

  test('moves min_ntime on with the time since the tip came, never back', () => {
    const { work } = board();
    if (work === undefined) throw new Error('no work');
    expect(minNtimeAt(work, NOW + 12_900)).toBe(NTIME + 12);
    expect(minNtimeAt(work, NOW - 5_000)).toBe(NTIME);
    // A clock that jumped ahead does not lead miners beyond what the network accepts.
    expect(minNtimeAt(work, NOW + 5 * 3_600_000)).toBe(NTIME + MAX_NTIME_ADVANCE);
  });
});

test('a target for a group binds all its members or none (§5.3.21)', () => {
  const group = new Group(9, recipe());
  const loose = extended({ channelId: 1 });
  const tight = standard({ channelId: 2, maxTarget: SHARE_TARGET });
  group.add(loose);
  group.add(tight);
  expect(group.setTarget(MAX_TARGET)).toBe(false);
  expect(group.setTarget(UNREACHABLE)).toBe(true);
  expect([loose.target, tight.target]).toEqual([UNREACHABLE, UNREACHABLE]);
});

test('a group takes no channel of another extranonce size (§5.2.3)', () => {
  expect(() => new Group(9, recipe({ extranonceSize: 11 })).add(extended())).toThrow('extranonce size');
});

/** One connection: a group, channels that join at any time, and what their clients make of every message. */
class Connection {
  readonly group: Group;
  readonly pairs: { channel: ServerChannel; client: ChannelClient }[] = [];
  readonly #recipe: Recipe = recipe();

  constructor(groupChannelId: number) {
    this.group = new Group(groupChannelId, this.#recipe);
  }

  sync(work: JobBoard, nowMs: number): void {
    if (this.group.size === 0) return;
    for (const step of this.group.feed.advance(work)) {
      this.group.apply(step, ntime(step, nowMs), nowMs);
      const message = this.#message(step, this.group.groupChannelId, undefined, nowMs);
      for (const { client } of this.pairs) expectFine(client, message, nowMs);
    }
  }

  open(kind: 'standard' | 'extended', work: JobBoard, nowMs: number): void {
    this.sync(work, nowMs);
    const channelId = 100 + this.pairs.length;
    const channel = kind === 'standard' ? standard({ channelId }) : extended({ channelId });
    const asked = kind === 'standard' ? { kind } : { kind, minExtranonceSize: 4 };
    const client = new ChannelClient({
      requestId: channelId,
      userIdentity: bytes(1, 1),
      nominalHashRate: 1,
      maxTarget: MAX_TARGET,
      channel: asked,
    });
    expectFine(client, opened(channel, this.group.groupChannelId), nowMs);
    const own = new Feed();
    for (const step of own.advance(work)) {
      applyStep(step, channel, this.#recipe, ntime(step, nowMs), nowMs);
      expectFine(client, this.#message(step, channelId, channel, nowMs), nowMs);
    }
    if (this.group.size === 0) this.group.feed.follow(own);
    this.group.add(channel);
    this.pairs.push({ channel, client });
  }

  #message(step: FeedStep, channelId: number, own: ServerChannel | undefined, nowMs: number): MiningFromServer {
    const job = step.source.job(this.#recipe);
    const minNtime = ntime(step, nowMs);
    if (step.kind === 'prev-hash') {
      const { prevHash, nbits } = step.work.tip;
      return { type: 'SetNewPrevHash', channelId, jobId: job.id, prevHash, nbits, minNtime } satisfies SetNewPrevHash;
    }
    const sent = step.kind === 'future' ? undefined : minNtime;
    return own instanceof StandardChannel ? own.message(job, sent) : job.message(channelId, sent);
  }
}

const ntime = (step: FeedStep, nowMs: number) => (step.kind === 'future' ? NTIME : minNtimeAt(step.work, nowMs));

function opened(channel: ServerChannel, groupChannelId: number): MiningFromServer {
  const { channelId, target, extranoncePrefix } = channel;
  const common = { requestId: channelId, channelId, target, extranoncePrefix, groupChannelId };
  return channel instanceof ExtendedChannel
    ? { type: 'OpenExtendedMiningChannelSuccess', ...common, extranonceSize: channel.extranonceSize }
    : { type: 'OpenStandardMiningChannelSuccess', ...common };
}

function expectFine(client: ChannelClient, message: MiningFromServer, nowMs: number): void {
  for (const action of client.receive(message, nowMs)) expect(action.kind).not.toBe('violation');
}

test('whatever the order of templates, tips, joins and stalls, no client sees a broken rule and both sides agree', () => {
  const event = fc.oneof(
    fc.constantFrom(
      'future',
      'tip',
      'same tip',
      'clean',
      'update',
      'refresh',
      'renew',
      'standard',
      'extended',
      'takeover',
    ),
    fc.record({ sync: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const work = board();
      const connections = [1, 2, 3].map((id) => new Connection(id));
      let id = 1n;
      let height = 1;
      let now = NOW;
      for (const each of events) {
        now += 700;
        if (typeof each === 'object') connections[each.sync]?.sync(work, now);
        else if (each === 'future') work.addFuture(template((id += 1n)));
        else if (each === 'update') work.update(template((id += 1n)));
        else if (each === 'refresh') work.refresh();
        else if (each === 'renew') work.renew();
        else if (each === 'takeover') work.forgetFutures();
        else if (each === 'standard' || each === 'extended') connections[Number(id % 3n)]?.open(each, work, now);
        else {
          if (each === 'tip') height += 1;
          const prepared = height % 3 === 0 ? undefined : work.futures.at(-1);
          const clean = each === 'clean';
          work.activate(prepared?.input ?? template((id += 1n)), tip(height), now, clean);
        }
      }
      for (const connection of connections) {
        connection.sync(work, now);
        for (const { channel, client } of connection.pairs) expectAgreement(channel, client, work);
      }
    }),
    { numRuns: 300 },
  );
});

function expectAgreement(channel: ServerChannel, client: ChannelClient, work: JobBoard): void {
  const { active } = channel;
  const current = client.currentWork();
  expect(active?.job).toBe(work.work?.current.job(recipe()));
  expect(current).toMatchObject({
    jobId: active?.job.id,
    prevHash: work.work?.tip.prevHash,
    minNtime: active?.minNtime,
    target: active?.target,
  });
  if (current?.space.kind === 'standard') {
    expect(current.space.merkleRoot).toEqual(active?.job.merkleRoot(channel.extranoncePrefix));
  }
}

describe('a template', () => {
  const tag = new TextEncoder().encode('/test/');
  test.each([
    ['none', {}, undefined],
    ['outputs that are no outputs', { coinbaseTxOutputs: bytes(5, 1) }, /output/],
    ['another number of outputs than it says', { coinbaseTxOutputsCount: 2 }, /output/],
    ['no height', { coinbasePrefix: bytes(1, 0x99) }, /height/],
    ['a script that leaves no room', { coinbasePrefix: Uint8Array.of(1, 5, ...bytes(60, 0)) }, /scriptSig/],
  ] as const)('with this wrong: %s', (_, overrides, problem) => {
    const found = templateProblem(template(1n, overrides), tag);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});
