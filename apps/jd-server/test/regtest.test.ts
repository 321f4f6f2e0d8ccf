import { randomBytes } from 'node:crypto';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  blockSubsidy,
  displayHash,
  encodeCountedOutputs,
  encodeHeader,
  fromDisplayHash,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merklePathOf,
  merkleRoot,
  parseTransaction,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import { createRpcClient } from '@sv2kit/bitcoin-node';
import { findIpcNode, NO_IPC_NODE, obtainBitcoind, startBitcoind } from '@sv2kit/bitcoind';
import { systemClock } from '@sv2kit/daemon';
import { describe, expect, test as vitest } from 'vitest';
import { type Client, type Draft, draft, EXTRANONCE, Running } from './support.ts';

const cacheDir = fileURLToPath(new URL('../../../.cache', import.meta.url));
const OP_TRUE = Uint8Array.of(0x51);
/** P2WSH of OP_TRUE: anybody may spend it, with a witness. */
const ANYBODY = Uint8Array.of(0x00, 0x20, ...new Uint8Array(await crypto.subtle.digest('SHA-256', OP_TRUE)));
const NBITS = 0x207fffff;
const BLOCKS = 110;
const FEE = 10_000n;

const ipcNode = await findIpcNode();
if (ipcNode === undefined) console.log(`skipped: ${NO_IPC_NODE}`);

type Way = 'RPC' | 'IPC alone';

/** A real node on a fresh chain, a server that checks jobs on it, and an honest client. */
async function scene(way: Way) {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sv2kit-jds-node-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const node = await startBitcoind({
    binary: (way === 'RPC' ? undefined : ipcNode) ?? (await obtainBitcoind({ cacheDir })),
    ipc: way !== 'RPC',
    chain: 'regtest',
    dataDir: folder,
    zmq: true,
    extraArgs: ['-acceptnonstdtxn=1', '-minrelaytxfee=0'],
  });
  stack.defer(async () => void (await node.kill()));
  const rpc = createRpcClient({ url: node.rpcUrl, credentials: { cookieFile: node.cookieFile }, clock: systemClock });
  stack.defer(() => rpc.close());
  const call = (method: string, ...params: unknown[]) => rpc.call(method, params);
  await call('generatetodescriptor', BLOCKS, `raw(${Buffer.from(ANYBODY).toString('hex')})`);
  const overRpc = [
    `url = "${node.rpcUrl}"`,
    `cookie_file = "${node.cookieFile}"`,
    ...(node.zmqHashBlock === undefined ? [] : [`zmq_hash_block = "${node.zmqHashBlock}"`]),
  ];
  const nodesToml = ['[[nodes]]', ...(way === 'RPC' ? overRpc : [`ipc = "${node.ipcSocket}"`])].join('\n');
  const running = stack.use(await Running.start({ nodesToml, clock: systemClock, limits: 'tokens_per_minute = 1000' }));
  await expect.poll(() => running.status<{ tip: unknown }>().tip, { timeout: 60_000 }).not.toBeNull();
  const client = stack.use(await running.connect());
  const owned = stack.move();
  return { call, running, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const subsidy = (height: number) => blockSubsidy(height, 'regtest');

/** A transaction that the node has not seen, leaving {@link FEE}. */
async function spendingReward(call: (method: string, ...params: unknown[]) => Promise<unknown>, height: number) {
  const hash = await call('getblockhash', height);
  const block = (await call('getblock', hash, 2)) as { readonly tx: readonly { readonly hex: string }[] };
  const { txid, outputs } = parseTransaction(Buffer.from(block.tx[0]?.hex ?? '', 'hex'));
  const bytes = Buffer.concat([
    Uint8Array.of(2, 0, 0, 0, 0, 1, 1),
    txid,
    Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    encodeCountedOutputs([{ value: (outputs[0]?.value ?? 0n) - FEE, script: ANYBODY }]),
    Uint8Array.of(1, OP_TRUE.length),
    OP_TRUE,
    new Uint8Array(4),
  ]);
  return new Uint8Array(bytes);
}

/** Declares and provides what is asked for. */
async function declareWith(
  client: Client,
  job: Draft,
  transactions: readonly Uint8Array[],
): Promise<Uint8Array | string> {
  const requestId = client.declareWith(await client.token(), job);
  const { unknownTxPositionList } = await client.next('ProvideMissingTransactions');
  const transactionList = unknownTxPositionList.map((position) => transactions[position] ?? new Uint8Array());
  client.send({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList });
  return await client.answer();
}

function solved(job: Draft, prevHash: Uint8Array, txids: readonly Uint8Array[], ntime: number) {
  const extranonce = new Uint8Array(EXTRANONCE).fill(0xae); // as opcodes they would be OP_CHECKMULTISIG
  const txid = sha256d(joinCoinbase(job.parts, extranonce, { segwit: false }));
  const root = merkleRoot(txid, merklePathOf(txids));
  for (let nonce = 0; ; nonce += 1) {
    const fields = { version: 0x20000000, prevHash, nonce, ntime, nbits: NBITS };
    const hash = hashHeader(encodeHeader({ ...fields, merkleRoot: root }));
    if (meetsTarget(hash, targetFromNbits(NBITS))) {
      return { hash: displayHash(hash), pushed: { type: 'PushSolution', extranonce, ...fields } as const };
    }
  }
}

/** Whether health says that blocks have to be handed over by a person: nodes before version 32 take none over IPC. */
function takesNoBlocks(running: Running): boolean {
  return /blocks found on declared jobs cannot be handed to this node/.test(running.health.report().reason ?? '');
}

/** The block is there for a person. */
async function isSaved(running: Running, hash: string): Promise<void> {
  const file = join(running.folder, 'data', 'blocks', `${hash}.hex`);
  await expect
    .poll(
      () =>
        access(file).then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);
}

const ways: readonly Way[] = ['RPC', 'IPC alone'];

describe.each(ways)('a job declarator server in front of a real node, over %s, (§6)', { timeout: 60_000 }, (way) => {
  const test = way === 'RPC' || ipcNode !== undefined ? vitest : vitest.skip;

  test('acknowledges a job with a transaction of the miner’s own, and mines its block by PushSolution', async () => {
    await using here = await scene(way);
    const { call, client, running } = here;
    const height = BLOCKS + 1;
    const transaction = await spendingReward(call, 1);
    const { wtxid, txid } = parseTransaction(transaction);
    const job = draft(height, subsidy(height) + FEE, [wtxid]);
    expect(await declareWith(client, job, [transaction])).toBeInstanceOf(Uint8Array);
    const tip = (await call('getblockchaininfo')) as { readonly bestblockhash: string; readonly mediantime: number };
    const { hash, pushed } = solved(job, fromDisplayHash(tip.bestblockhash), [txid], tip.mediantime + 1);
    client.send(pushed);
    if (takesNoBlocks(running)) return await isSaved(running, hash);
    await expect.poll(() => call('getbestblockhash'), { timeout: 30_000 }).toBe(hash);
    const blocks = () => running.status<{ blocks: readonly { hash: string; state: string }[] }>().blocks;
    await expect.poll(() => blocks()[0], { timeout: 30_000 }).toMatchObject({ hash, state: 'confirmed', height });
  });

  test('refuses each lie with its code, and goes on with the honest', async () => {
    await using here = await scene(way);
    const { call, client } = here;
    const height = BLOCKS + 1;
    const all = subsidy(height);
    const honest = draft(height, all);
    const transaction = await spendingReward(call, 1);
    const { wtxid } = parseTransaction(transaction);
    const unpaid = draft(height, all + 1n);
    const commitment = { ...draft(height, all, [new Uint8Array(32).fill(1)]), wtxids: [] };
    const sigops = draft(height, all, [], [{ value: 0n, script: new Uint8Array(1001).fill(0xae) }]);
    expect(await client.declare(unpaid)).toBe('invalid-job: bad-cb-amount');
    expect(await client.declare(commitment)).toBe('invalid-job: bad-witness-merkle-match');
    expect(await client.declare(sigops)).toBe('invalid-job: bad-blk-sigops');
    expect(await client.declare(draft(height, all / 2n - 1n))).toBe('pool-payout-too-low');
    expect(await client.declare(draft(height, 0n))).toBe('missing-pool-payout');
    expect(await client.declare(draft(height - 1, all))).toBe('stale-chain-tip');
    expect(await client.declare(draft(height + 900, all))).toBe('unknown-chain-tip');
    expect(await client.declare({ ...draft(height, all), wtxids: [wtxid, wtxid] })).toBe(
      'duplicate-transaction: position 1',
    );
    const foreign = new Uint8Array(randomBytes(32));
    expect(await declareWith(client, draft(height, all, [foreign]), [transaction])).toBe(
      'wrong-transaction: position 0',
    );
    const twice = draft(height, all + FEE, [wtxid]);
    expect(await declareWith(client, twice, [])).toBe('wrong-transaction: position 0');
    expect(await client.declare(honest)).toBeInstanceOf(Uint8Array);
  });

  test('answers a job whose tip has passed meanwhile as stale', async () => {
    await using here = await scene(way);
    const { call, client, running } = here;
    const height = BLOCKS + 1;
    const transaction = await spendingReward(call, 1);
    const { wtxid } = parseTransaction(transaction);
    const requestId = client.declareWith(await client.token(), draft(height, subsidy(height) + FEE, [wtxid]));
    await client.next('ProvideMissingTransactions');
    await call('generatetodescriptor', 1, `raw(${Buffer.from(ANYBODY).toString('hex')})`);
    expect(await client.answer()).toBe('stale-chain-tip');
    client.send({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList: [transaction] });
    expect(await client.declare(draft(height + 1, subsidy(height + 1)))).toBeInstanceOf(Uint8Array);
    expect(running.status<{ tip: unknown }>().tip).toMatchObject({ height });
  });
});
