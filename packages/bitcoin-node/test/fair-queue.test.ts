import { VirtualClock } from '@sv2kit/daemon';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairQueue } from '../src/job-check/fair-queue.ts';

const never = new AbortController().signal;
const rests = { restFromMs: 1_000, maxRestMs: 5_000 };
const bounds = { concurrency: 1, waiting: 100, waitingPerLane: 50, bytes: 1_000, ...rests };
const clock = new VirtualClock();

interface Gate {
  readonly task: () => Promise<void>;
  open(): void;
}

function gate(onStart: () => void = () => undefined): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  const task = (): Promise<void> => {
    onStart();
    return promise;
  };
  return { task, open: resolve };
}

describe('a fair queue', () => {
  test('lets lanes take turns, each in its own order', async () => {
    const queue = new FairQueue(bounds, clock);
    const started: string[] = [];
    const gates = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map((name) => ({ name, ...gate(() => started.push(name)) }));
    const runs = gates.map(({ name, task }) => queue.run(name.charAt(0), 1, never, task));
    for (const { open } of gates) open();
    await Promise.all(runs);
    expect(started).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  test('has room up to its bounds: of a lane, in all, in bytes', async () => {
    const queue = new FairQueue({ concurrency: 1, waiting: 3, waitingPerLane: 2, bytes: 100, ...rests }, clock);
    const all = gate();
    const runs = [queue.run('a', 10, never, all.task)];
    for (const lane of ['a', 'a']) runs.push(queue.run(lane, 10, never, all.task));
    expect(queue.hasRoom('a', 1)).toBe(false);
    expect(queue.hasRoom('b', 70)).toBe(true);
    expect(queue.hasRoom('b', 71)).toBe(false);
    runs.push(queue.run('b', 10, never, all.task));
    expect(queue.hasRoom('c', 1)).toBe(false);
    all.open();
    await Promise.all(runs);
    expect(queue.hasRoom('a', 100)).toBe(true);
    expect({ running: queue.running, waiting: queue.waiting }).toEqual({ running: 0, waiting: 0 });
  });

  test.each([
    [900, 0],
    [1_000, 1_000],
    [3_000, 3_000],
    [60_000, 5_000],
  ])(
    'leaves a place empty after a task that took %d ms for %d ms: who asks has the answer at once',
    async (tookMs, restMs) => {
      using queue = new FairQueue(bounds, clock);
      const [slow, next] = [gate(), gate()];
      const running = queue.run('a', 1, never, slow.task);
      const after = queue.run('b', 1, never, next.task);
      clock.advance(tookMs);
      slow.open();
      await running;
      expect(queue.waiting).toBe(restMs === 0 ? 0 : 1);
      if (restMs > 0) clock.advance(restMs - 1);
      expect(queue.waiting).toBe(restMs === 0 ? 0 : 1);
      clock.advance(1);
      expect({ running: queue.running, waiting: queue.waiting }).toEqual({ running: 1, waiting: 0 });
      next.open();
      await after;
      expect(queue.running).toBe(0);
    },
  );

  test('forgets a task that is given up before its turn', async () => {
    const queue = new FairQueue(bounds, clock);
    const first = gate();
    const running = queue.run('a', 1, never, first.task);
    const abort = new AbortController();
    const given = queue.run('b', 1, abort.signal, () => Promise.reject(new Error('it must not run')));
    abort.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    await expect(queue.run('b', 1, abort.signal, first.task)).rejects.toThrow('given up');
    expect(queue.waiting).toBe(0);
    first.open();
    await running;
    expect(queue.running).toBe(0);
  });

  test('goes on after a task that fails', async () => {
    const queue = new FairQueue(bounds, clock);
    const failing = queue.run('a', 1, never, () => Promise.reject(new Error('failed')));
    const next = queue.run('a', 1, never, () => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('done');
  });

  test('never runs more than it may, runs all, and is empty afterwards, whatever comes', async () => {
    const event = fc.record({ lane: fc.constantFrom('a', 'b', 'c'), abort: fc.boolean(), settle: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (events, concurrency) => {
          const queue = new FairQueue({ ...bounds, concurrency }, clock);
          const open: (() => void)[] = [];
          const runs: Promise<unknown>[] = [];
          for (const { lane, abort, settle } of events) {
            const own = new AbortController();
            const { task, open: release } = gate(() => expect(queue.running).toBeLessThanOrEqual(concurrency));
            open.push(release);
            runs.push(queue.run(lane, 1, own.signal, task).catch(() => 'given up'));
            if (abort) own.abort();
            if (settle) open.shift()?.();
            await Promise.resolve();
          }
          for (const release of open) release();
          await Promise.all(runs);
          expect([queue.running, queue.waiting, queue.hasRoom('a', bounds.bytes)]).toEqual([0, 0, true]);
        },
      ),
    );
  });
});
