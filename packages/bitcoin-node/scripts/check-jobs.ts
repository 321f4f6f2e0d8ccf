/**
 * How long the check of a full job takes on a real node, over RPC and over IPC where the node has it, and how long it
 * holds up the thread that asks.
 *
 *     BITCOIN_NODE=/path/to/bitcoin-node node scripts/check-jobs.ts [--transactions 3000] [--missing 200] [--runs 10]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { parseTransaction } from '@sv2kit/bitcoin';
import { findIpcNode } from '@sv2kit/bitcoind';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import { createNode, type JobChecker, type JobToCheck, type JobVerdict } from '../src/index.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { jobOf, outpoint, OP_TRUE, spending, split } from '../test/job-factory.ts';
import { bytes, Regtest } from '../test/regtest.ts';

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '3000' },
    missing: { type: 'string', default: '200' },
    runs: { type: 'string', default: '10' },
  },
});
const count = Number(values.transactions);
const missing = Number(values.missing);
const runs = Number(values.runs);
const COINS_PER_TRANSACTION = 1_000;
const PADDING_OUTPUTS = 3;
/** Above what nodes take for dust. */
const PADDING_VALUE = 1_000n;
const LOOP_RESOLUTION_MS = 1;
const LOOK_UPS = 5_000;

await using regtest = await Regtest.start(['-blockmaxweight=4000000', '-maxmempool=300'], await findIpcNode());
const coins = await makeCoins(count);
// About 230 bytes each: outputs stand for signatures.
const padding = Uint8Array.of(0, 32, ...new Uint8Array(32));
const transactions = coins.map((coin, index) =>
  spending(
    [coin],
    [
      { value: coin.value - PADDING_VALUE * BigInt(PADDING_OUTPUTS) - 1_000n - BigInt(index), script: OP_TRUE },
      ...Array.from({ length: PADDING_OUTPUTS }, () => ({ value: PADDING_VALUE, script: padding })),
    ],
  ),
);
const isMissing = (index: number): boolean => missing > 0 && index % Math.floor(count / missing) === 0;
const sent = transactions.filter((_, index) => !isMissing(index));
for (let start = 0; start < sent.length; start += 500) {
  const params = sent.slice(start, start + 500).map((one) => [Buffer.from(one).toString('hex'), 0]);
  await regtest.callEach('sendrawtransaction', params);
}

const { rpcUrl: url, cookieFile, ipcSocket } = regtest.node;
const height = ((await regtest.call('getblockcount')) as number) + 1;
const known = transactions.filter((_, index) => !isMissing(index));
for (const [name, way] of [
  ['RPC', { url, cookieFile }],
  ...(ipcSocket === undefined ? [] : ([['IPC', { ipc: ipcSocket }]] as const)),
] as const) {
  const node = createNode({ ...way, chain: 'regtest', clock: systemClock, log: silentLogger });
  const startedMs = performance.now();
  await using checker = node.jobChecker();
  while (checker.tip === undefined) await delay(1);
  console.log(`${name}: a tip after ${ms(performance.now() - startedMs)}`);
  await measureFirst(name, checker);
  while (checker.status().known < sent.length) await delay(10);
  console.log(`${name}: ${sent.length} transactions known after ${ms(performance.now() - startedMs)}`);
  await measure(checker, `${name}, all known`, known, false);
  if (missing > 0) await measure(checker, `${name}, ${missing} missing`, transactions, true);
  console.log(checker.status());
  await node.close();
}
if (ipcSocket !== undefined) await measureLookUps(ipcSocket);

async function makeCoins(wanted: number) {
  const made: ReturnType<typeof outpoint>[] = [];
  const hashes = await regtest.mine(100 + Math.ceil(wanted / COINS_PER_TRANSACTION));
  for (const hash of hashes.slice(0, Math.ceil(wanted / COINS_PER_TRANSACTION))) {
    const block = (await regtest.call('getblock', hash, 2)) as { tx: { hex: string }[] };
    const fan = split(outpoint(bytes(block.tx[0]?.hex ?? '')), 100_000n, COINS_PER_TRANSACTION);
    await regtest.call('sendrawtransaction', Buffer.from(fan).toString('hex'), 0);
    const { txid, outputs } = parseTransaction(fan);
    for (let index = 0; index < COINS_PER_TRANSACTION; index += 1) {
      made.push({ txid, index, value: outputs[index]?.value ?? 0n });
    }
  }
  await regtest.mine(1);
  return made.slice(0, wanted);
}

interface Prepared {
  readonly job: JobToCheck;
  readonly transactions: readonly Uint8Array[];
}

/** Another coinbase each time, and transactions that no job brought before. */
function prepare(all: readonly Uint8Array[], fresh: boolean): Prepared {
  const extranonce = crypto.getRandomValues(new Uint8Array(8));
  const own = fresh ? all.map((one, index) => (isMissing(index) ? withLockTime(one) : one)) : all;
  return { job: jobOf({ height, value: 0n, transactions: own, extranonce }), transactions: own };
}

async function checkOnce(to: JobChecker, { job, transactions: own }: Prepared): Promise<number> {
  const begin = performance.now();
  let verdict: JobVerdict = await to.check(job);
  if (verdict.kind === 'missing') {
    const provided = verdict.positions.map((position) => ({ position, transaction: own[position] ?? bytes('') }));
    verdict = await to.check({ ...job, provided });
  }
  const took = performance.now() - begin;
  if (verdict.kind !== 'valid') throw new Error(JSON.stringify(verdict));
  await to.block(verdict.handle, new Uint8Array(80), job.coinbase);
  to.release(verdict.handle);
  return took;
}

function withLockTime(transaction: Uint8Array): Uint8Array {
  // The sequence is final: any lock time is met.
  const changed = Uint8Array.from(transaction);
  crypto.getRandomValues(changed.subarray(-4));
  return changed;
}

/** The first job of a checker that has only just started. */
async function measureFirst(name: string, to: JobChecker): Promise<void> {
  const took = await checkOnce(to, prepare(known, false));
  console.log(`${name}: the first job, right after that, takes ${ms(took)}, its missing transactions included`);
}

/** What asking for a job's transactions costs when none is known. */
async function measureLookUps(path: string): Promise<void> {
  const client = await MiningClient.connect({ path, clock: systemClock });
  if (!client.offers('transactionsByWitnessId')) return await client.close();
  const lane = await client.lane('look-ups');
  const hits = known.map((one) => parseTransaction(one).wtxid);
  const misses = hits.map((wtxid) => wtxid.toReversed());
  for (const [what, wtxids] of [
    ['that the node has', hits],
    ['that it has not', misses],
  ] as const) {
    const asked = Array.from({ length: LOOK_UPS }, (_, index) => wtxids[index % wtxids.length] ?? bytes(''));
    const took: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const begin = performance.now();
      await client.transactionsByWitnessId(lane, asked);
      took.push(performance.now() - begin);
    }
    took.sort((a, b) => a - b);
    console.log(`IPC: ${LOOK_UPS} wtxids ${what}: median ${ms(took[runs >> 1] ?? 0)}, most ${ms(took.at(-1) ?? 0)}`);
  }
  await client.close();
}

async function measure(checker: JobChecker, what: string, all: readonly Uint8Array[], fresh: boolean): Promise<void> {
  const jobs = Array.from({ length: runs + 1 }, () => prepare(all, fresh));
  const [first, ...others] = jobs;
  if (first !== undefined) await checkOnce(checker, first);
  await delay(100);
  const took: number[] = [];
  const cpu = process.threadCpuUsage();
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  for (const job of others) {
    took.push(await checkOnce(checker, job));
    await delay(20);
  }
  loop.disable();
  const { user, system } = process.threadCpuUsage(cpu);
  took.sort((a, b) => a - b);
  const ownMs = (user + system) / 1e3 / runs;
  console.log(
    `${what}: median ${ms(took[runs >> 1] ?? 0)}, least ${ms(took[0] ?? 0)}, most ${ms(took.at(-1) ?? 0)}; ` +
      `this thread ${ms(ownMs)} of CPU each, ` +
      `event loop p50 ${ms(loop.percentile(50) / 1e6)}, p99 ${ms(loop.percentile(99) / 1e6)}, max ${ms(loop.max / 1e6)}`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
