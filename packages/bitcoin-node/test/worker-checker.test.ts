import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobTip } from '../src/index.ts';
import { WorkerChecker } from '../src/job-check/worker-checker.ts';
import { jobOf } from './job-factory.ts';

let clock: VirtualClock;
let checker: WorkerChecker;

function nextTip(): Promise<JobTip> {
  return new Promise((resolve) => checker.onTip(resolve));
}

beforeEach(() => {
  clock = new VirtualClock();
  checker = new WorkerChecker({
    settings: {
      url: 'http://127.0.0.1:1',
      credentials: { user: 'u', password: 'p' },
      chain: 'regtest',
      knownBlocks: undefined,
      pollIntervalMs: 1_000,
      mempoolIntervalMs: 1_000,
      concurrency: 2,
    },
    program: new URL('./dying-worker.ts', import.meta.url),
    clock,
    log: silentLogger,
    random: () => 0,
    submitBlock: () => Promise.reject(new Error('there is no block')),
  });
});
afterEach(async () => {
  await checker[Symbol.asyncDispose]();
});

const job = jobOf({ height: 101, value: 0n, transactions: [] });

test('a thread that dies leaves nobody waiting, and another one takes over', async () => {
  await nextTip();
  const verdicts = await Promise.all([checker.check(job), checker.check(job)]);
  expect(verdicts.map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
  expect(checker.tip).toBeUndefined();
  expect(checker.status().reason).toContain('died');
  const reason = expect.stringContaining('died');
  expect(await checker.check(job)).toEqual({ kind: 'unavailable', reason });
  const tip = nextTip();
  await clock.advanceAsync(10_000);
  expect(await tip).toMatchObject({ height: 100 });
  expect(checker.status().reason).toBeUndefined();
});

test('a thread that fails while it assembles a block: the block is not there, and says why', async () => {
  await nextTip();
  const header = new Uint8Array(80);
  const submitted = checker.submit(1, header, job.coinbase);
  await expect(checker.block(1, header, job.coinbase)).rejects.toThrow('a fault of the thread');
  expect(await submitted).toEqual({ kind: 'unreachable', reason: expect.stringContaining('a fault of the thread') });
  await expect(checker.block(1, header, job.coinbase)).rejects.toThrow('not running');
});

test('a checker that is closed answers what was asked before and after', async () => {
  await nextTip();
  const verdict = checker.check(job);
  await checker[Symbol.asyncDispose]();
  expect(await verdict).toMatchObject({ kind: 'unavailable' });
  expect(await checker.check(job)).toEqual({ kind: 'unavailable', reason: 'the job checker was closed' });
  expect(clock.pending).toBe(0);
});
