import { silentLogger, systemClock } from '@sv2kit/daemon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CheckingNode, createRpcNode, type JobChecker } from '../src/index.ts';
import { jobOf, outpoint, split } from './job-factory.ts';
import { bytes, Regtest } from './regtest.ts';

let regtest: Regtest;
let node: CheckingNode;
let checker: JobChecker;
let rewards: Uint8Array[];

const SUBSIDY = 5_000_000_000n;

async function tipHeight(): Promise<number> {
  const height = (await regtest.call('getblockcount')) as number;
  await until(() => checker.tip?.height === height);
  return height;
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function send(transaction: Uint8Array): Promise<void> {
  await regtest.call('sendrawtransaction', Buffer.from(transaction).toString('hex'), 0);
}

beforeAll(async () => {
  regtest = await Regtest.start();
  const hashes = await regtest.mine(130);
  rewards = [];
  for (const hash of hashes.slice(0, 30)) {
    const block = (await regtest.call('getblock', hash, 2)) as { tx: { hex: string }[] };
    rewards.push(bytes(block.tx[0]?.hex ?? ''));
  }
  const { rpcUrl, cookieFile } = regtest.node;
  node = createRpcNode({
    url: rpcUrl,
    cookieFile,
    chain: 'regtest',
    clock: systemClock,
    log: silentLogger,
    pollIntervalMs: 20,
  });
  checker = node.jobChecker({ mempoolIntervalMs: 20 });
}, 300_000);
afterAll(async () => {
  await node.close();
  await regtest[Symbol.asyncDispose]();
});

function coin(): ReturnType<typeof outpoint> {
  const reward = rewards.pop();
  if (reward === undefined) throw new Error('no rewards left');
  return outpoint(reward);
}

describe('a job that the node finds valid', () => {
  test('comes with the exact value: the node takes that and refuses a satoshi more', async () => {
    const height = (await tipHeight()) + 1;
    const known = split(coin(), 10_000n, 2);
    await send(known);
    await until(() => checker.status().known >= 1);
    const provided = split(coin(), 7_777n);
    const child = split(outpoint(known), 333n);
    const transactions = [known, provided, child];
    const value = SUBSIDY + 10_000n + 7_777n + 333n;
    const make = (claim: bigint) => jobOf({ height, value: claim, transactions, provide: [1, 2] });
    expect(await checker.check(make(0n))).toMatchObject({ kind: 'valid', value, height });
    expect(await checker.check(make(value))).toMatchObject({ kind: 'valid', value });
    expect(await checker.check(make(value + 1n))).toEqual({ kind: 'invalid', reason: 'bad-cb-amount' });
  });
});
