import { hashHeader, MAX_TARGET, meetsTarget, targetFromBigint } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import type { EngineListener } from '../src/engine.ts';
import { createThreadEngine } from '../src/thread-engine.ts';

function listen() {
  const hits: [number, number][] = [];
  const waiting: (() => void)[] = [];
  const done: [number, number][] = [];
  const failures: Error[] = [];
  const wake = () => {
    for (const resume of waiting.splice(0)) resume();
  };
  const started: number[] = [];
  const listener: EngineListener = {
    onStarted: (taskId) => void started.push(taskId),
    onHit: (taskId, nonce) => {
      hits.push([taskId, nonce]);
      wake();
    },
    onDone: (thread, taskId) => {
      done.push([thread, taskId]);
      wake();
    },
    onFailure: (error) => failures.push(error),
  };
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { started, hits, done, failures, listener, until };
}

const header = new Uint8Array(80).fill(3);
/** Met by one hash in 256. */
const target = targetFromBigint(1n << 248n);

test('threads search what they are told, report every hit and the end, and stop', async () => {
  const { started, hits, done, failures, listener, until } = listen();
  const engine = createThreadEngine({ threads: 2, hashesPerSecond: Infinity, benchmarkMs: 1 });
  expect(await engine.start(listener)).toBeGreaterThan(0);
  engine.search(0, { id: 1, header, target, nonceStart: 0, nonceCount: 5000 });
  engine.search(1, { id: 2, header, target, nonceStart: 5000, nonceCount: 3 });
  await until(() => done.length === 2);
  expect(done.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(started.toSorted((a, b) => a - b)).toEqual([1, 2]);
  const copy = header.slice();
  const expected = Array.from({ length: 5003 }, (_, nonce) => nonce).filter((nonce) => {
    new DataView(copy.buffer).setUint32(76, nonce, true);
    return meetsTarget(hashHeader(copy), target);
  });
  expect(hits.map(([, nonce]) => nonce).toSorted((a, b) => a - b)).toEqual(expected);
  expect(engine.hashes).toBe(5003);
  await engine.close();
  expect(failures).toEqual([]);
});

test('a new order replaces the old one at once, also while the thread sleeps for its pace', async () => {
  const { hits, listener, until } = listen();
  const engine = createThreadEngine({ threads: 1, hashesPerSecond: 2000, benchmarkMs: 1 });
  expect(await engine.start(listener)).toBeLessThanOrEqual(2000);
  engine.search(0, { id: 1, header, target: new Uint8Array(32), nonceStart: 0, nonceCount: 2 ** 32 });
  engine.idle();
  engine.search(0, { id: 2, header, target: MAX_TARGET, nonceStart: 40, nonceCount: 2 ** 31 });
  await until(() => hits.length > 0);
  expect(hits[0]).toEqual([2, 40]);
  engine.idle();
  await engine.close();
});
