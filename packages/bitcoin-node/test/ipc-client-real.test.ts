import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { encodeBlock, fromDisplayHash, merklePathOf, parseTransaction, sha256d } from '@sv2kit/bitcoin';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isIpcError } from '../src/ipc/client/ipc-error.ts';
import type { Lane } from '../src/ipc/client/lane.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import type { TemplateHandle } from '../src/ipc/client/template-handle.ts';
import { type Coin, Regtest } from './regtest.ts';
import { solve, type SolvedTemplate } from './solving.ts';

const RESERVE = { reservedWeight: 8_000, sigops: 400 };
const NO_COOLDOWN = { cooldown: false };
/** Rewards are spendable after so many blocks. */
const MATURITY = 100;

const binary = await findIpcNode();
if (binary === undefined) console.log(`the IPC client was not tried on a real node: ${NO_IPC_NODE}`);

describe.skipIf(binary === undefined)('on a real node', { timeout: 60_000 }, () => {
  let regtest: Regtest;
  let refused = false;
  let height = 0;

  beforeAll(async () => {
    regtest = await Regtest.start([], binary);
    await regtest.mine(MATURITY + 20);
    try {
      await (await connect()).close();
    } catch (error) {
      if (!isIpcError(error, 'too-old')) throw error;
      refused = true;
    }
    // A node of version 30 is left alone for ten seconds first.
  }, 120_000);
  afterAll(async () => await regtest[Symbol.asyncDispose]());

  const connect = (): Promise<MiningClient> =>
    MiningClient.connect({ path: regtest.node.ipcSocket ?? '', clock: systemClock });
  const freshCoin = async (): Promise<Coin> => await regtest.reward((height += 1));

  test('a node of version 30.0 is refused, and any other is not', async () => {
    const error = await connect().then(
      async (client) => void (await client.close()),
      (reason: unknown) => reason,
    );
    if (refused) expect(error).toMatchObject({ code: 'too-old', message: expect.stringMatching(/30\.0.*update it/) });
    else expect(error).toBeUndefined();
    expect(await regtest.call('getblockcount')).toBe(MATURITY + 20);
  });

  describe('that is spoken to', () => {
    let client: MiningClient;
    let work: Lane;
    let wait: Lane;
    let template: TemplateHandle;

    beforeEach(async (context) => {
      context.skip(refused);
      client = await connect();
      work = await client.lane('work');
      wait = await client.lane('wait');
      template = await made();
    });
    afterEach(async () => {
      if (!refused) await client.close();
    });

    async function made(options: { useMempool?: boolean; reservedWeight?: number } = {}): Promise<TemplateHandle> {
      const made = await client.createNewBlock(work, { ...RESERVE, ...options }, NO_COOLDOWN);
      if (made === undefined) throw new Error('the node is stopping');
      return made;
    }

    async function solved(of: TemplateHandle): Promise<SolvedTemplate> {
      return solve(await of.header(work), await of.coinbaseTx(work), await of.merklePath(work));
    }

    test('a solved template is the next block, and the wait on it ends with a template on top', async () => {
      await regtest.spend(await freshCoin(), 5_000n);
      const full = await made();
      const solution = await solved(full);
      expect(await full.fees(work)).toEqual([5_000n]);
      const next = full.waitNext(wait, { timeoutMs: 30_000 });
      const answer = await full.submitSolution(work, solution);
      expect(answer).toEqual({ ok: true, reason: '', exact: answer.exact });
      expect(await regtest.call('getbestblockhash')).toBe(hex(Uint8Array.from(solution.hash).reverse()));
      const header = await (await next)?.header(work);
      expect(header?.subarray(4, 36)).toEqual(solution.hash);
      expect((await client.getTip(work))?.hash).toEqual(solution.hash);
    });

    test('a block that is no block is refused without harm', async () => {
      const solution = await solved(template);
      const answer = await template.submitSolution(work, { ...solution, coinbase: tampered(solution.coinbase) });
      expect(answer.ok).toBe(false);
      await expect(
        template.submitSolution(work, { ...solution, coinbase: solution.coinbase.subarray(0, 40) }),
      ).rejects.toMatchObject({ code: 'bad-coinbase' });
      expect(await client.isTestChain(work)).toBe(true);
    });

    test('a fee above the threshold brings a template on the same tip', async () => {
      const next = template.waitNext(wait, { timeoutMs: 30_000, feeThreshold: 1n });
      await regtest.spend(await freshCoin(), 7_000n);
      const better = await next;
      expect(await better?.fees(work)).toContain(7_000n);
      expect((await better?.header(work))?.subarray(4, 36)).toEqual((await client.getTip(work))?.hash);
    });

    test('a wait ends at its time, when it is interrupted, and when its template is released', async () => {
      expect(await template.waitNext(wait, { timeoutMs: 1 })).toBeUndefined();
      const tip = await client.getTip(work);
      expect(await client.waitTipChanged(wait, tip?.hash ?? new Uint8Array(32), 1)).toEqual(tip);
      const interrupted = template.waitNext(wait, { timeoutMs: 600_000 });
      await template.interruptWait();
      expect(await interrupted).toBeUndefined();
      const released = template.waitNext(wait, { timeoutMs: 600_000 });
      template.release();
      expect(await released).toBeUndefined();
    });

    test('a wait for a tip ends with it, and when it is interrupted', async () => {
      const tip = await client.getTip(work);
      const changed = client.waitTipChanged(wait, tip?.hash ?? new Uint8Array(32), 30_000);
      const [mined] = await regtest.mine(1);
      expect(await changed).toEqual({ hash: fromDisplayHash(mined ?? ''), height: (tip?.height ?? 0) + 1 });
      const interrupted = client.waitTipChanged(wait, fromDisplayHash(mined ?? ''), 600_000);
      await client.interrupt();
      expect(await interrupted).toBeUndefined();
    });

    test('checkBlock judges a block as it is asked to', async () => {
      const empty = await made({ useMempool: false });
      const solution = await solved(empty);
      const block = encodeBlock(solution.header, solution.coinbase, []);
      expect(await client.checkBlock(work, block)).toEqual({ ok: true, reason: '', debug: '' });
      const unsolved = encodeBlock(unlucky(solution.header), solution.coinbase, []);
      expect(await client.checkBlock(work, unsolved)).toMatchObject({ ok: false, reason: 'high-hash' });
      expect(await client.checkBlock(work, unsolved, { checkPow: false })).toMatchObject({ ok: true });
      const alien = encodeBlock(solution.header, tampered(solution.coinbase), []);
      expect((await client.checkBlock(work, alien, { checkPow: false })).ok).toBe(false);
    });

    test('submitBlock takes a block once, and says why it refuses another', async ({ skip }) => {
      skip(!client.offers('submitBlock'));
      const solution = await solved(await made({ useMempool: false }));
      const block = encodeBlock(solution.header, solution.coinbase, []);
      expect(await client.submitBlock(work, block)).toEqual({ ok: true, reason: '', debug: '' });
      expect(await client.submitBlock(work, block)).toMatchObject({ ok: false, reason: 'duplicate' });
      const unsolved = encodeBlock(unlucky(solution.header), solution.coinbase, []);
      expect(await client.submitBlock(work, unsolved)).toMatchObject({ ok: false, reason: 'high-hash' });
    });

    test('transactions come by their wtxid, in the order asked', async ({ skip }) => {
      skip(!client.offers('transactionsByWitnessId'));
      const coins = await Promise.all([regtest.spend(await freshCoin(), 900n), regtest.spend(await freshCoin(), 901n)]);
      // Without a witness, the wtxid is the txid.
      const ids = [new Uint8Array(32).fill(9), ...coins.map(({ txid }) => txid)];
      const found = await client.transactionsByWitnessId(work, ids);
      expect(found.map((data) => data && sha256d(data))).toEqual([undefined, ...coins.map(({ txid }) => txid)]);
    });

    test('JSON-RPC goes over the same socket', async ({ skip }) => {
      skip(!client.offers('rpc'));
      expect(await client.rpc(work, 'getblockcount')).toBe(await regtest.call('getblockcount'));
      await expect(client.rpc(work, 'getblockhash', [-1])).rejects.toMatchObject({
        code: 'rpc',
        details: { rpcCode: -8 },
      });
    });

    test('the path leads from the coinbase to the root of what the template holds', async () => {
      await regtest.spend(await freshCoin(), 1_100n);
      await regtest.spend(await freshCoin(), 1_200n);
      const full = await made();
      const ids = (
        (await regtest.call('getblocktemplate', { rules: ['segwit'] })) as { transactions: { txid: string }[] }
      ).transactions.map(({ txid }) => fromDisplayHash(txid));
      expect((await full.sigops(work)).length).toBe(ids.length);
      expect(await full.merklePath(work)).toEqual(merklePathOf(ids));
      expect(parseTransaction((await solved(full)).coinbase).segwit).toBe(true);
    });

    test('what it holds of the node does not grow with templates and lanes', async () => {
      const before = client.stats.imports;
      for (let count = 0; count < 100; count += 1) {
        const [one, lane] = await Promise.all([made(), client.lane(`lane ${count}`)]);
        await one.header(lane);
        one.release();
        lane.release();
      }
      expect(client.stats).toMatchObject({ imports: before, questions: 0, callsInFlight: 0 });
    });
  });

  test('a client that is killed while it waits leaves the node as it was', async ({ skip }) => {
    skip(refused);
    const script = fileURLToPath(new URL('./dying-client.ts', import.meta.url));
    for (let count = 0; count < 3; count += 1) {
      const child = spawn(process.execPath, [script, regtest.node.ipcSocket ?? ''], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    // Whatever waited wakes up now, and finds its client gone.
    await regtest.mine(2);
    const client = await connect();
    const lane = await client.lane('work');
    expect((await client.getTip(lane))?.height).toBe(await regtest.call('getblockcount'));
    await client.close();
  });

  test('a node that is killed ends what waits for it, and is connected to again when it is back', async ({ skip }) => {
    skip(refused);
    const client = await connect();
    const lane = await client.lane('wait');
    const tip = await client.getTip(lane);
    const wait = client.waitTipChanged(lane, tip?.hash ?? new Uint8Array(32), 600_000);
    wait.catch(() => {});
    await regtest.call('gettxoutsetinfo');
    await regtest.node.kill();
    await expect(wait).rejects.toMatchObject({
      code: 'disconnected',
      message: expect.stringMatching(/start it again/),
    });
    await expect(connect()).rejects.toMatchObject({ code: expect.stringMatching(/^socket-(refused|missing)$/) });
    await regtest.startAgain();
    await (await connect()).close();
  });
});

/** The last byte of the last output is another: the commitment's. */
function tampered(coinbase: Uint8Array): Uint8Array {
  const copy = coinbase.slice();
  const at = copy.length - 4 - 34 - 1;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** A nonce that misses. */
function unlucky(header: Uint8Array): Uint8Array {
  const copy = header.slice();
  const view = new DataView(copy.buffer);
  do view.setUint32(76, view.getUint32(76, true) + 1, true);
  while ((sha256d(copy)[31] ?? 0) < 0x80);
  return copy;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
