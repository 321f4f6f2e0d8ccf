import { VirtualClock } from '@sv2kit/daemon';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LEAVE_TAKING_LIMITS, type Leaver, settled, takeLeave } from '../src/leave-taking.ts';

const { lingerMs, spreadMs, tickMs } = LEAVE_TAKING_LIMITS;

/** A peer that leaves by itself, settles, or does neither. */
class FakePeer implements Leaver {
  isGone = false;
  isSettled: boolean;
  partedAtMs: number | undefined;
  endedAtMs: number | undefined;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, isSettled = true) {
    this.#clock = clock;
    this.isSettled = isSettled;
  }

  part(): void {
    this.partedAtMs ??= this.#clock.now();
  }

  end(): void {
    this.endedAtMs ??= this.#clock.now();
    this.isGone = true;
  }
}

async function leaving(peers: readonly FakePeer[], clock: VirtualClock, seconds: number, headStartMs = 0) {
  let isOver = false;
  const untilMs = clock.now() + seconds * 1000;
  const over = takeLeave(peers, { clock, untilMs, headStartMs }).then(() => {
    isOver = true;
  });
  await clock.advanceAsync(0);
  return { over, untilMs, isOver: () => isOver };
}

test('a peer stays open for what is on its way after it was told, and until it is settled', async () => {
  const clock = new VirtualClock(0);
  const [quick, slow] = [new FakePeer(clock), new FakePeer(clock, false)];
  const { over, isOver } = await leaving([quick, slow], clock, 5);
  await clock.advanceAsync(lingerMs + 2 * tickMs);
  expect(quick.endedAtMs).toBeGreaterThanOrEqual(lingerMs);
  expect(slow.endedAtMs).toBeUndefined();
  slow.isSettled = true;
  await clock.advanceAsync(tickMs);
  expect(slow.endedAtMs).toBe(clock.now());
  await over;
  expect(isOver()).toBe(true);
  expect(clock.pending).toBe(0);
});

test('time in which this process reads nothing is no time of its peers', async () => {
  class StallingClock extends VirtualClock {
    stalledMs = 0;
    override now(): number {
      return super.now() + this.stalledMs;
    }
  }
  const clock = new StallingClock(0);
  const peer = new FakePeer(clock);
  const { over } = await leaving([peer], clock, 10);
  clock.stalledMs = 2 * lingerMs;
  await clock.advanceAsync(2 * tickMs);
  expect(peer.endedAtMs).toBeUndefined();
  await clock.advanceAsync(lingerMs);
  await over;
  expect(peer.endedAtMs).toBeDefined();
});

test('whoever leaves in the head start is told nothing', async () => {
  const clock = new VirtualClock(0);
  const peers = [new FakePeer(clock), new FakePeer(clock)];
  const { over } = await leaving(peers, clock, 5, 1_000);
  await clock.advanceAsync(500);
  for (const peer of peers) peer.isGone = true;
  await clock.advanceAsync(tickMs);
  await over;
  expect(peers.map(({ partedAtMs }) => partedAtMs)).toEqual([undefined, undefined]);
});

test('5,000 peers do not end in the same instant', async () => {
  const clock = new VirtualClock(0);
  const peers = Array.from({ length: 5_000 }, () => new FakePeer(clock));
  const { over } = await leaving(peers, clock, 10);
  await clock.advanceAsync(10_000);
  await over;
  const perTick = Map.groupBy(peers, ({ endedAtMs }) => endedAtMs);
  expect(Math.max(...[...perTick.values()].map(({ length }) => length))).toBeLessThanOrEqual(2 * (tickMs / spreadMs));
  expect(Math.max(...peers.map(({ endedAtMs }) => endedAtMs ?? Infinity))).toBeLessThan(6_000);
});

test('5,000 peers that never settle do not end in the same instant either', async () => {
  const clock = new VirtualClock(0);
  const peers = Array.from({ length: 5_000 }, () => new FakePeer(clock, false));
  const { over } = await leaving(peers, clock, 10);
  await clock.advanceAsync(10_000);
  await over;
  const perTick = Map.groupBy(peers, ({ endedAtMs }) => endedAtMs);
  expect(Math.max(...[...perTick.values()].map(({ length }) => length))).toBeLessThanOrEqual(LEAVE_TAKING_LIMITS.slice);
});

test('who goes on talking is heard no longer when it has had its time, and ends when what came before is settled', async () => {
  const clock = new VirtualClock(0);
  const [talker, quiet] = [new FakePeer(clock, false), new FakePeer(clock)];
  const hushed: FakePeer[] = [];
  for (const peer of [talker, quiet]) Object.assign(peer, { hush: () => void hushed.push(peer) });
  const { over } = await leaving([talker, quiet], clock, 5);
  await clock.advanceAsync(LEAVE_TAKING_LIMITS.hearMs - tickMs);
  expect(hushed).toEqual([]);
  await clock.advanceAsync(2 * tickMs);
  expect(new Set(hushed)).toEqual(new Set([talker]));
  talker.isSettled = true;
  await clock.advanceAsync(tickMs);
  await over;
  expect(clock.now()).toBeLessThan(LEAVE_TAKING_LIMITS.hearMs + lingerMs);
});

test('all have ended when it is time, however many they are and whatever they do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ settles: fc.boolean(), goesMs: fc.option(fc.nat(4_000)) }), { maxLength: 200 }),
      fc.integer({ min: 0, max: 6_000 }),
      fc.nat(2_000),
      async (kinds, limitMs, headStartMs) => {
        const clock = new VirtualClock(0);
        const peers = kinds.map(({ settles, goesMs }) => {
          const peer = new FakePeer(clock, settles);
          if (goesMs !== null) clock.after(goesMs, () => void (peer.isGone = true));
          return peer;
        });
        const { over } = await leaving(peers, clock, limitMs / 1000, headStartMs);
        await clock.advanceAsync(Math.max(limitMs, tickMs));
        await over;
        expect(peers.every(({ isGone }) => isGone)).toBe(true);
        expect(peers.every(({ partedAtMs, endedAtMs }) => endedAtMs === undefined || partedAtMs !== undefined)).toBe(
          true,
        );
      },
    ),
    { numRuns: 20 },
  );
});

test('waiting for something ends when it is so, or when it is time', async () => {
  const clock = new VirtualClock(0);
  let isSo = false;
  const waits = [settled(() => isSo, { clock, untilMs: 1_000 }), settled(() => false, { clock, untilMs: 2_000 })];
  await clock.advanceAsync(500);
  isSo = true;
  await clock.advanceAsync(tickMs);
  await waits[0];
  await clock.advanceAsync(1_500);
  await waits[1];
  expect(clock.pending).toBe(0);
});
