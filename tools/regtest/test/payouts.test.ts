// Who is paid, on a real node: by coinbases that it accepts, and by what the ledger says is owed.
import { join } from 'node:path';
import { addressFromScript, parseTransaction, type TxOut } from '@sv2kit/bitcoin';
import { auditPayouts, type BlockPayout, type Ledger, openLedger } from '@sv2kit/ledger';
import { dustLimit } from '@sv2kit/payout';
import type { Pool } from '@sv2kit/pool';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, Lab, PAYOUT_SCRIPT, type RoleHere, type TestChannel, TestMiner } from '../src/index.ts';
import { ANYBODY, coinOf, spendTo } from '../src/coins.ts';

import {
  acknowledged,
  expectPaid,
  minerOf,
  openScene,
  pathOf,
  pooledChannel,
  startClient,
  startPair,
} from './declaring.ts';

const SECOND = 1000;
const PAGE = { offset: 0, limit: 100 };
const silent = { info() {}, warn() {}, error() {} };

const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const p2tr = (byte: number): Uint8Array => Uint8Array.of(0x51, 0x20, ...fill(32, byte));
const p2pkh = (byte: number): Uint8Array => Uint8Array.of(0x76, 0xa9, 0x14, ...fill(20, byte), 0x88, 0xac);
const p2sh = (byte: number): Uint8Array => Uint8Array.of(0xa9, 0x14, ...fill(20, byte), 0x87);
const p2wpkh = (byte: number): Uint8Array => Uint8Array.of(0x00, 0x14, ...fill(20, byte));
const p2wsh = (byte: number): Uint8Array => Uint8Array.of(0x00, 0x20, ...fill(32, byte));
const addressOf = (script: Uint8Array): string => addressFromScript(script, 'regtest') ?? '';
const POOL_SCRIPT = Uint8Array.from(Buffer.from(PAYOUT_SCRIPT, 'hex'));

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open('regtest');
});
afterEach(() => lab?.[Symbol.asyncDispose]());

/** A pool that pays so, on which every hash is a share. */
async function payingPool(payout: string): Promise<RoleHere<Pool>> {
  const provider = await lab.templateProvider();
  const more = `[payout]\n${payout}`;
  const templateProviders = [lab.url(provider)];
  return await lab.workingPool({ templateProviders, minDifficulty: 1e-12, sharesPerMinute: 1e6, more });
}

async function connected(pool: RoleHere<Pool>): Promise<TestMiner> {
  const { address, authorityPublicKey: authority } = pool.service;
  return await TestMiner.connect({ port: address.port, authority });
}

/** Mines a block on the node's best one. @returns what its coinbase pays */
async function paidBy(channel: TestChannel): Promise<readonly TxOut[]> {
  const { node } = lab;
  const height = await node.height();
  await channel.workOn(await node.bestHash());
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await node.reach(height + 1);
  return outputsOf(await node.bestHash());
}

/** What the coinbase of a block in the chain pays, without the commitment to witnesses. */
async function outputsOf(hash: string): Promise<readonly TxOut[]> {
  const [coinbase] = (await lab.node.block(hash)).tx;
  const { outputs } = parseTransaction(Uint8Array.from(Buffer.from(coinbase?.hex ?? '', 'hex')));
  return outputs.filter(({ value }) => value > 0n).map(({ value, script }) => ({ value, script: script.slice() }));
}

/** The ledger of a pool that has been closed. */
async function ledgerOf(directory = join(lab.folder, 'pool')): Promise<Ledger> {
  const database = { kind: 'sqlite', file: join(directory, 'ledger.sqlite') } as const;
  const ledger = await openLedger({ directory, database, log: silent });
  await ledger.projected(ledger.journal.position);
  return ledger;
}

/** Of every block, after an audit that found nothing. */
async function audited(ledger: Ledger, folder = join(lab.folder, 'pool')): Promise<BlockPayout[]> {
  const payouts: BlockPayout[] = [];
  const directory = join(folder, 'journal');
  const stored = (block: string) => ledger.query('payouts', { block });
  for await (const { recomputed, differences, missing } of auditPayouts({ directory, stored })) {
    expect(differences).toEqual([]);
    expect(missing).toBeUndefined();
    payouts.push(recomputed);
  }
  return payouts;
}

const sharesIn = (ledger: { readonly entries: BlockPayout['entries'] }) =>
  ledger.entries.map(({ account, amount, direct }) => ({ account, amount, direct }));

describe('solo', () => {
  test("pays two channels' own addresses from one pool and one connection", async () => {
    const pool = await payingPool('mode = "solo"\nfee = 2');
    await using miner = await connected(pool);
    const [alice, bob] = [p2tr(1), p2pkh(2)];
    const first = await miner.open('extended', { user: `${addressOf(alice)}.rig`, nominalHashRate: 1 });
    const second = await miner.open('standard', { user: `sri/donate/10/${addressOf(bob)}/rig`, nominalHashRate: 1 });
    expect(await paidBy(first)).toEqual([
      { value: 100_000_000n, script: POOL_SCRIPT },
      { value: 4_900_000_000n, script: alice },
    ]);
    expect(await paidBy(second)).toEqual([
      { value: 590_000_000n, script: POOL_SCRIPT },
      { value: 4_410_000_000n, script: bob },
    ]);
    await pool.close();
    await using ledger = await ledgerOf();
    const payouts = await audited(ledger);
    expect(payouts.map(sharesIn)).toEqual([
      [{ account: addressOf(alice), amount: 4_900_000_000n, direct: 4_900_000_000n }],
      [{ account: addressOf(bob), amount: 4_410_000_000n, direct: 4_410_000_000n }],
    ]);
  });

  test('has no channel for who names no address (§5.3.2)', async () => {
    const pool = await payingPool('mode = "solo"');
    await using miner = await connected(pool);
    miner.ask('extended', { user: 'alice.rig', nominalHashRate: 1 });
    expect(await miner.next('OpenMiningChannelError')).toMatchObject({ errorCode: 'invalid-user-identity' });
    miner.ask('extended', { user: 'sri/solo/alice/rig', nominalHashRate: 1 });
    expect(await miner.next('OpenMiningChannelError')).toMatchObject({ errorCode: 'invalid-user-identity' });
  });
});

/** The split that coinbases carry now; undefined before there is one. */
const splitOf = (pool: RoleHere<Pool>) =>
  (pool.status()['payouts'] as { readonly split: { readonly splitId: number; readonly accounts: number } | null })
    .split;

/** Resolves when coinbases pay so many accounts. */
async function splitAmong(pool: RoleHere<Pool>, accounts: number): Promise<void> {
  const look = () => (splitOf(pool)?.accounts === accounts ? true : undefined);
  await lab.clock.until(10 * SECOND, eventually(`a split among ${accounts}`, look));
}

describe('PPLNS', () => {
  test('coinbases pay several addresses directly, the rest is owed; confirmed, due, orphaned and back', async () => {
    const pool = await payingPool('mode = "pplns"\nfee = 1\nwindow = 100\nconfirmations = 3\nleast_output = 1000');
    await using miner = await connected(pool);
    const [alice, bob] = [p2tr(1), p2sh(2)];
    const channels = [];
    for (const user of [addressOf(alice), `${addressOf(bob)}.rig`, 'carol.rig']) {
      channels.push(await miner.open('extended', { user, nominalHashRate: 1 }));
    }
    const [first, second, third] = channels as [TestChannel, TestChannel, TestChannel];
    // Before there is any work, all of it is the pool's to pay on.
    expect(await paidBy(first)).toEqual([{ value: 5_000_000_000n, script: POOL_SCRIPT }]);
    for (const channel of [second, second, third]) await paidBy(channel);
    await splitAmong(pool, 3);

    const outputs = await paidBy(first);
    expect(outputs.map(({ script }) => script)).toEqual(expect.arrayContaining([POOL_SCRIPT, alice, bob]));
    expect(outputs).toHaveLength(3);
    expect(outputs.reduce((sum, { value }) => sum + value, 0n)).toBe(5_000_000_000n);
    const hash = await lab.node.bestHash();
    const { height } = await lab.node.block(hash);

    const duesOf = async () => {
      const answer = await pool.service.api?.().payouts?.({ ...PAGE, account: 'carol' });
      return answer?.items.find((due) => due.block === hash)?.state;
    };
    const carolIs = (state: string) =>
      lab.clock.until(
        SECOND,
        eventually(`what carol is owed to be ${state}`, async () => (await duesOf()) === state || undefined),
      );
    await carolIs('pending');
    await lab.node.mine(2);
    await carolIs('due');
    await lab.node.call('invalidateblock', hash);
    await lab.node.mine(4);
    await carolIs('reversed');
    const rival = await lab.node.call('getblockhash', height);
    await lab.node.call('reconsiderblock', hash);
    await lab.node.call('invalidateblock', rival);
    await carolIs('due');

    await pool.close();
    await using ledger = await ledgerOf();
    const payouts = await audited(ledger);
    const shown = payouts.find(({ block }) => block === hash);
    expect(shown).toMatchObject({ owedBy: 'split', revenue: 5_000_000_000n, fee: 50_000_000n, state: 'due' });
    for (const { script, value } of outputs) {
      if (script.length === POOL_SCRIPT.length) continue;
      expect(shown?.entries).toContainEqual({ account: addressOf(script), amount: value, direct: value });
    }
    const carol = shown?.entries.find(({ account }) => account === 'carol');
    const pools = outputs.find(({ script }) => script.length === POOL_SCRIPT.length);
    expect(pools?.value).toBe((carol?.amount ?? 0n) + 50_000_000n);
    expect(carol?.direct).toBe(0n);
  });

  test('many small outputs are never dust, and the node takes the block', async () => {
    const pool = await payingPool('mode = "pplns"\nwindow = 1000\nleast_output = 0\nmost_outputs = 30');
    await using miner = await connected(pool);
    const users = Array.from({ length: 25 }, (_, n) =>
      addressOf([p2tr, p2pkh, p2sh, p2wpkh, p2wsh][n % 5]?.(n + 1) ?? ANYBODY),
    );
    const channels = [];
    for (const user of users) channels.push(await miner.open('extended', { user, nominalHashRate: 1 }));
    for (const channel of channels) expect(await channel.mine()).toBe('accepted');
    await splitAmong(pool, users.length);
    const [first] = channels as [TestChannel];
    const outputs = await paidBy(first);
    expect(outputs.map(({ script }) => addressOf(script)).sort()).toEqual(users.toSorted());
    expect(outputs.reduce((sum, { value }) => sum + value, 0n)).toBe(5_000_000_000n);
  });
});

test('a block on a declared job pays the pool alone; what is due for it is owed (§6)', async () => {
  await using scene = await openScene('regtest');
  const pays = '[payout]\nmode = "pplns"\nfee = 1\nleast_output = 0';
  const pair = await startPair(scene, { name: 'paying', pool: { more: pays } });
  await using client = await startClient(scene, [{ ...pair.upstream, user: addressOf(p2tr(1)) }]);
  await using miner = await minerOf(client);
  const channel = await pooledChannel(scene, client, miner);
  await acknowledged(scene, pair, 0);
  const { node, folder } = scene.lab;
  const height = (await node.height()) + 1;
  expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await node.reach(height);
  const block = await node.block(height);
  expectPaid(block);
  expect(await pathOf(pair.pool, block.hash)).toBe('declared-full-template');
  await pair[Symbol.asyncDispose]();
  await using ledger = await ledgerOf(join(folder, 'paying-pool'));
  const [payout] = await audited(ledger, join(folder, 'paying-pool'));
  expect(payout).toMatchObject({ block: block.hash, owedBy: 'window', revenue: 5_000_000_000n, fee: 50_000_000n });
  expect(payout && sharesIn(payout)).toEqual([{ account: addressOf(p2tr(1)), amount: 4_950_000_000n, direct: 0n }]);
});

const DUST = [
  [p2pkh(1), 546n],
  [p2sh(1), 540n],
  [p2wpkh(1), 294n],
  [p2wsh(1), 330n],
  [p2tr(1), 330n],
] as const;

test('what is dust here is dust to a node with the usual rules, and a satoshi more is none', async () => {
  await using strict = await Lab.open('regtest', { nodeArgs: ['-acceptnonstdtxn=0'] });
  await strict.node.mine(101);
  const { tx } = await strict.node.block(1);
  const coin = coinOf(Uint8Array.from(Buffer.from(tx[0]?.hex ?? '', 'hex')));
  const verdict = async (script: Uint8Array, value: bigint) => {
    const change = { value: coin.value - value - 10_000n, script: ANYBODY };
    const hex = Buffer.from(spendTo(coin, [{ value, script }, change])).toString('hex');
    const [answer] = (await strict.node.call('testmempoolaccept', [hex])) as { 'reject-reason'?: string }[];
    return answer?.['reject-reason'] ?? 'allowed';
  };
  for (const [script, least] of DUST) {
    expect(dustLimit(script)).toBe(least);
    expect(await verdict(script, least)).toBe('allowed');
    expect(await verdict(script, least - 1n)).toMatch(/^dust/);
  }
});
