/**
 * How long a new tip, better fees and the transactions take over IPC on a real node with a full mempool, what of it is
 * ours, and how long this thread is held up meanwhile. The node is $BITCOIN_NODE, or found on the PATH.
 *
 *     node scripts/measure-ipc.ts [--transactions 3000] [--runs 50]
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { parseTransaction } from '@sv2kit/bitcoin';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { silentLogger, systemClock } from '@sv2kit/daemon';
import { createNode, type HeldTemplate, type NodeTemplate } from '../src/index.ts';
import { TemplateHandle } from '../src/ipc/client/template-handle.ts';
import { OP_TRUE, outpoint, spending, split } from '../test/job-factory.ts';
import { bytes, Regtest } from '../test/regtest.ts';

const { values } = parseArgs({
  options: { transactions: { type: 'string', default: '3000' }, runs: { type: 'string', default: '50' } },
});
const count = Number(values.transactions);
const runs = Number(values.runs);
const COINS_PER_TRANSACTION = 1_000;
const PADDING_VALUE = 1_000n;
/** About 270 bytes each: outputs stand for signatures. */
const PADDING_OUTPUTS = 4;
const LOOP_RESOLUTION_MS = 1;

const binary = await findIpcNode();
if (binary === undefined) throw new Error(NO_IPC_NODE);
await using regtest = await Regtest.start(['-maxmempool=300', '-blockmaxweight=4000000'], binary);
const coins = await makeCoins(count + runs);
const [filling, later] = [coins.slice(0, count), coins.slice(count)];
await send(filling);

/** When the node's answers to waits were here. */
let answeredMs = 0;
const waitNext = TemplateHandle.prototype.waitNext;
TemplateHandle.prototype.waitNext = async function (...args) {
  const next = await waitNext.apply(this, args);
  answeredMs = performance.now();
  return next;
};

const node = createNode({
  ipc: regtest.node.ipcSocket,
  chain: 'regtest',
  refreshIntervalMs: 1_000,
  clock: systemClock,
  log: silentLogger,
});
const stop = new AbortController();
const templates = node.templates(stop.signal)[Symbol.asyncIterator]();
let tipMs = 0;
void (async () => {
  for await (const _tip of node.tips(stop.signal)) tipMs = performance.now();
})();

const first = await next();
console.log(
  `${binary.version}; ${(await first.transactions()).length} transactions, ${first.merklePath.length} hashes`,
);
first.release();
const figures: Record<string, number[]> = {
  'block sent -> template yielded': [],
  'tip known -> template yielded': [],
  "node's answer -> template yielded (ours)": [],
  'transactions fetched and read': [],
  'better fee sent -> template yielded': [],
};
const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
delay.enable();
const busy = longestBusy();
for (let run = 0; run < runs; run += 1) {
  const sentMs = performance.now();
  // Empty, so that the mempool stays.
  const [template] = await Promise.all([nextOnAnotherTip(), regtest.call('generateblock', 'raw(51)', [])]);
  note('block sent -> template yielded', template.atMs - sentMs);
  note('tip known -> template yielded', template.atMs - tipMs);
  note("node's answer -> template yielded (ours)", template.atMs - template.answeredMs);
  const askedMs = performance.now();
  await template.held.transactions();
  note('transactions fetched and read', performance.now() - askedMs);
  template.held.release();
  const feeMs = performance.now();
  await send(later.slice(run, run + 1));
  (await next()).release();
  note('better fee sent -> template yielded', performance.now() - feeMs);
}
delay.disable();
clearInterval(busy.timer);
for (const [name, all] of Object.entries(figures)) console.log(`${name}: ${summary(all)}`);
const longest = delay.max / 1e6 - LOOP_RESOLUTION_MS;
console.log(
  `event loop held up: p99 ${(delay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS).toFixed(1)} ms, max ${longest.toFixed(1)} ms; ` +
    `by work of this thread itself, not by what else the machine did: ${busy.ms.toFixed(1)} ms`,
);
stop.abort();
await node.close();

/** The most processor time that this thread took between two ticks. */
function longestBusy() {
  let last = process.threadCpuUsage();
  const busy = {
    ms: 0,
    timer: setInterval(() => {
      const { user, system } = process.threadCpuUsage(last);
      busy.ms = Math.max(busy.ms, (user + system) / 1e3);
      last = process.threadCpuUsage();
    }, LOOP_RESOLUTION_MS),
  };
  return busy;
}

async function next(): Promise<HeldTemplate> {
  const { value } = await templates.next();
  return held(value);
}

async function nextOnAnotherTip() {
  for (;;) {
    const template = await next();
    if (template.bestBlockChanged) return { held: template, atMs: performance.now(), answeredMs };
    template.release();
  }
}

function held(template: NodeTemplate | undefined): HeldTemplate {
  if (template?.kind !== 'held') throw new Error('the node holds no templates');
  return template;
}

function note(name: string, ms: number): void {
  figures[name]?.push(ms);
}

function summary(all: readonly number[]): string {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(1);
  return `median ${at(0.5)} ms, p10 ${at(0.1)}, p90 ${at(0.9)}, of ${all.length}`;
}

async function send(from: readonly ReturnType<typeof outpoint>[]): Promise<void> {
  const padding = Uint8Array.of(0, 32, ...new Uint8Array(32));
  const outputs = Array.from({ length: PADDING_OUTPUTS }, () => ({ value: PADDING_VALUE, script: padding }));
  const transactions = from.map((coin, index) => {
    const value = coin.value - PADDING_VALUE * BigInt(PADDING_OUTPUTS) - 5_000n - BigInt(index);
    return spending([coin], [{ value, script: OP_TRUE }, ...outputs]);
  });
  for (let start = 0; start < transactions.length; start += 500) {
    const params = transactions.slice(start, start + 500).map((one) => [Buffer.from(one).toString('hex'), 0]);
    await regtest.callEach('sendrawtransaction', params);
  }
}

async function makeCoins(wanted: number): Promise<ReturnType<typeof outpoint>[]> {
  const made: ReturnType<typeof outpoint>[] = [];
  const fans = Math.ceil(wanted / COINS_PER_TRANSACTION);
  const hashes = await regtest.mine(100 + fans);
  for (const hash of hashes.slice(0, fans)) {
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
