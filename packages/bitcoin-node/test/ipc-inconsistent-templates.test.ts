import { heightPush } from '@sv2kit/bitcoin';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNode, type HeldTemplate, LIMITS, type Logger, type MiningNode, type NodeOptions } from '../src/index.ts';
import { type Reply, results, type Script } from './scripted-ipc-peer.ts';
import { data, SCRIPTED, SCRIPTED_HEADER } from './scripted-node.ts';
import { SteeredIpcPeer } from './steered-ipc-peer.ts';

const MAX_MONEY = 2_100_000_000_000_000n;

let clock: VirtualClock;
/** How far a clock that somebody sets is off. */
let offMs: number;
let peer: SteeredIpcPeer;
let node: MiningNode;
let abort: AbortController;
let errors: string[];

const recorder: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => recorder };

async function start(script: Script = {}, options: Partial<NodeOptions> = {}): Promise<void> {
  peer = await SteeredIpcPeer.start('31', script);
  const settable = {
    now: () => clock.now() + offMs,
    every: clock.every.bind(clock),
    after: clock.after.bind(clock),
  };
  node = createNode({ ipc: peer.path, clock: settable, log: recorder, random: () => 0, ...options });
}

const templates = (): AsyncIterator<HeldTemplate> =>
  node.templates(abort.signal)[Symbol.asyncIterator]() as AsyncIterator<HeldTemplate>;

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function passUntil(until: () => boolean): Promise<void> {
  for (; !until(); await settled()) await clock.advanceAsync(50);
}

beforeEach(() => {
  clock = new VirtualClock(1_000_000_000);
  offMs = 0;
  abort = new AbortController();
  errors = [];
});
afterEach(async () => {
  abort.abort();
  await node.close();
  await peer[Symbol.asyncDispose]();
});

function withBits(nbits: number): Reply {
  const header = SCRIPTED_HEADER.slice();
  new DataView(header.buffer).setUint32(72, nbits, true);
  return data(header);
}

function ofHeight(height: number): Reply {
  return results(0, 1, (answer) => {
    const coinbase = answer.struct(0, 3, 3);
    coinbase.i64(8, SCRIPTED.reward);
    coinbase.data(0, heightPush(height));
    coinbase.data(1, new Uint8Array(32));
    coinbase.dataList(2, [SCRIPTED.commitment]);
  });
}

test.each<[what: string, method: 'BlockTemplate@1' | 'BlockTemplate@5', absurd: Reply, says: RegExp]>([
  ['a difficulty that is negative', 'BlockTemplate@1', withBits(0x1d80_0001), /nbits 0x1d800001/],
  ['a difficulty beyond all numbers', 'BlockTemplate@1', withBits(0xff00_ffff), /nbits 0xff00ffff/],
  ['a target of nothing', 'BlockTemplate@1', withBits(0), /target of zero/],
  ['a height that does not follow on its tip', 'BlockTemplate@5', ofHeight(500), /block 500 on block 100/],
  ['a height of long ago', 'BlockTemplate@5', ofHeight(1), /block 1 on block 100/],
  ['a value below zero', 'BlockTemplate@5', results(0, 1, (answer) => answer.struct(0, 3, 3).i64(8, -1n)), /height/],
])(
  'a template with %s never comes, goes back to the node, and is told in one sentence',
  async (_what, method, absurd, says) => {
    let isAbsurd = true;
    const answer = () => (isAbsurd ? absurd : method === 'BlockTemplate@1' ? data(SCRIPTED_HEADER) : ofHeight(101));
    await start({ [method]: answer });
    let came: IteratorResult<HeldTemplate> | undefined;
    void templates()
      .next()
      .then((result) => {
        came = result;
      });
    await passUntil(() => says.test(node.health().reason ?? ''));
    const reason = node.health().reason ?? '';
    expect(reason).toMatch(/the node at \S+ .*: see that sv2kit knows this version of the node$/);
    expect(reason).not.toContain('\n');
    const references = peer.peer.references;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await clock.advanceAsync(60_000);
      await settled();
    }
    expect(came).toBeUndefined();
    // Two threads and a template, if it is at it just now.
    expect(peer.peer.references).toBeLessThanOrEqual(references + 3);
    expect(errors).toEqual([]);
    isAbsurd = false;
    await passUntil(() => came !== undefined);
    expect(came?.value).toMatchObject({ height: 101 });
  },
);

test('a clock that is set back by an hour holds up fees no longer than the refresh interval', async () => {
  await start({}, { refreshIntervalMs: 10_000, feeThreshold: 7n });
  const iterator = templates();
  await iterator.next();
  offMs = -3_600_000;
  const second = iterator.next();
  second.catch(() => {});
  const [call] = await peer.waiting();
  expect(call?.params.struct(1).f64(0, Number.MAX_VALUE)).toBeLessThanOrEqual(10_000);
  await clock.advanceAsync(10_000);
  peer.timeOut();
  await settled();
  await passUntil(() => peer.count('BlockTemplate@8') > 1);
  const [fees] = await peer.waiting();
  expect(fees?.params.struct(1).i64(8, MAX_MONEY)).toBe(7n);
  expect(LIMITS.ipcFeeTickMs).toBeLessThan(10_000);
});
