import { encodeOutputs, heightPush } from '@sv2kit/bitcoin';
import { systemClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { IpcError } from '../src/ipc/client/ipc-error.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { type Answer, results, ScriptedIpcPeer, type Script } from './scripted-ipc-peer.ts';
import { data, SCRIPTED, verdict } from './scripted-node.ts';

const RESERVE = { reservedWeight: 8_000, sigops: 400 };
const HEIGHT = heightPush(101);
const MAX_MONEY = 2_100_000_000_000_000n;
const COIN = encodeOutputs([{ value: 100_000_000n, script: Uint8Array.of(0x51) }]);

interface Coinbase {
  readonly prefix?: Uint8Array;
  readonly reward?: bigint;
  readonly witness?: Uint8Array;
  readonly outputs?: readonly Uint8Array[];
}

function coinbase({ prefix, reward, witness, outputs }: Coinbase): Script {
  const answer: Answer = () =>
    results(0, 1, (found) => {
      const it = found.struct(0, 3, 3);
      it.i64(8, reward ?? SCRIPTED.reward);
      it.data(0, prefix ?? HEIGHT);
      it.data(1, witness ?? new Uint8Array(32));
      it.dataList(2, outputs ?? [SCRIPTED.commitment]);
    });
  return { 'BlockTemplate@5': answer };
}

const path = (count: number): Script => ({
  'BlockTemplate@6': () =>
    results(0, 1, (found) =>
      found.dataList(
        0,
        Array.from({ length: count }, () => new Uint8Array(32)),
      ),
    ),
});

const tip = (hash: Uint8Array, height: number): Script => ({
  'Mining@2': () =>
    results(1, 1, (found) => {
      found.bool(0, true);
      const block = found.struct(0, 1, 1);
      block.i32(0, height);
      block.data(0, hash);
    }),
});

type Read = 'header' | 'coinbaseTx' | 'merklePath' | 'block';

async function reading(script: Script, read: Read): Promise<unknown> {
  await using peer = await ScriptedIpcPeer.start('31', script);
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  try {
    const lane = await client.lane('work');
    const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
    const outcome = await template?.[read](lane).catch((error: unknown) => error);
    expect(await client.isTestChain(lane), 'the connection goes on').toBe(true);
    return outcome;
  } finally {
    await client.close();
  }
}

test.each<[what: string, script: Script, read: Read, says: RegExp]>([
  ['an empty header', { 'BlockTemplate@1': () => data(new Uint8Array(0)) }, 'header', /a header of 0 bytes, not 80/],
  ['a header of 81 bytes', { 'BlockTemplate@1': () => data(new Uint8Array(81)) }, 'header', /a header of 81 bytes/],
  ['a negative value', coinbase({ reward: -1n }), 'coinbaseTx', /-1 satoshis/],
  ['a value above all money', coinbase({ reward: MAX_MONEY + 1n }), 'coinbaseTx', /2100000000000001 satoshis/],
  [
    'a value that is above all money with the outputs',
    coinbase({ reward: MAX_MONEY, outputs: [COIN] }),
    'coinbaseTx',
    /2100000100000000 satoshis/,
  ],
  [
    'more outputs than a NewTemplate has room for (§7.2)',
    coinbase({ outputs: Array.from({ length: 10_000 }, () => COIN) }),
    'coinbaseTx',
    /100000 bytes of outputs/,
  ],
  [
    'a prefix of the scriptSig that a NewTemplate has no room for (§7.2)',
    coinbase({ prefix: Uint8Array.of(...HEIGHT, ...new Uint8Array(298)) }),
    'coinbaseTx',
    /begins with 300 bytes/,
  ],
  ['no height', coinbase({ prefix: new Uint8Array(0) }), 'coinbaseTx', /height/],
  ['a height that is no number', coinbase({ prefix: Uint8Array.of(0x4c, 1) }), 'coinbaseTx', /height/],
  ['a height longer than need be', coinbase({ prefix: Uint8Array.of(2, 101, 0) }), 'coinbaseTx', /height/],
  ['a height above any', coinbase({ prefix: Uint8Array.of(5, 0, 0, 0, 0, 1) }), 'coinbaseTx', /height/],
  ['a negative height', coinbase({ prefix: Uint8Array.of(1, 0x81) }), 'coinbaseTx', /height/],
  [
    'a witness that a NewTemplate cannot tell (§7.2)',
    coinbase({ witness: new Uint8Array(32).fill(1) }),
    'coinbaseTx',
    /witness/,
  ],
  ['a witness of 31 bytes', coinbase({ witness: new Uint8Array(31) }), 'coinbaseTx', /witness/],
  ['an output that does not parse', coinbase({ outputs: [Uint8Array.of(1)] }), 'coinbaseTx', /output/],
  ['a block of no bytes', { 'BlockTemplate@2': () => data(new Uint8Array(0)) }, 'block', /a block of 0 bytes/],
  ['a block of no transactions', { 'BlockTemplate@2': () => data(new Uint8Array(80)) }, 'block', /a block of 80 bytes/],
  ['a block that is larger than any', { 'BlockTemplate@2': () => data(new Uint8Array(4_000_001)) }, 'block', /4000001/],
  ['a path that no block is deep enough for', path(33), 'merklePath', /33 hashes/],
])('a template with %s is refused in one sentence that says what to do', async (_what, script, read, says) => {
  const error = await reading(script, read);
  expect(error).toBeInstanceOf(IpcError);
  expect(error).toMatchObject({ code: 'malformed', message: expect.stringMatching(says) });
  const { message } = error as IpcError;
  expect(message).toMatch(
    /^BlockTemplate\.get\w+: the node at \S+ .*: see that sv2kit knows this version of the node$/,
  );
});

test.each<[what: string, script: Script, read: Read]>([
  ['all the money there is', coinbase({ reward: MAX_MONEY }), 'coinbaseTx'],
  ['no value', coinbase({ reward: 0n }), 'coinbaseTx'],
  ['more than the height in front', coinbase({ prefix: Uint8Array.of(...HEIGHT, 0, 0, 0, 0) }), 'coinbaseTx'],
  ['the first height', coinbase({ prefix: heightPush(1) }), 'coinbaseTx'],
  ['no outputs', coinbase({ outputs: [] }), 'coinbaseTx'],
  ['a path of 32 hashes', path(32), 'merklePath'],
])('a template with %s is taken', async (_what, script, read) => {
  expect(await reading(script, read)).not.toBeInstanceOf(Error);
});

test.each([
  ['a short hash', tip(new Uint8Array(31), 5)],
  ['a long hash', tip(new Uint8Array(33), 5)],
  ['a negative height', tip(new Uint8Array(32), -1)],
])('a tip with %s is none', async (_what, script) => {
  await using peer = await ScriptedIpcPeer.start('31', script);
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  const error = await client.getTip(await client.lane('work')).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'malformed' });
  await client.close();
});

test('what a node says of a block is one line of bounded length', async () => {
  const reason = `first\nsecond ${'x'.repeat(1_000_000)}`;
  await using peer = await ScriptedIpcPeer.start('32', { 'Mining@5': () => verdict(false, reason, reason) });
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  const said = await client.checkBlock(await client.lane('work'), new Uint8Array(81));
  expect(said.reason).toMatch(/^first second x/);
  expect(said.reason.length).toBeLessThanOrEqual(1_000);
  expect(said.debug.length).toBeLessThanOrEqual(1_000);
  await client.close();
});
