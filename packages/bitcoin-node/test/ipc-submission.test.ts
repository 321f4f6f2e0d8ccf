import { heightPush } from '@sv2kit/bitcoin';
import { systemClock } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { checkSolvedCoinbase, coinbaseFromRaw } from '../src/ipc/client/coinbase-tx.ts';
import { IpcError } from '../src/ipc/client/ipc-error.ts';
import { MiningClient } from '../src/ipc/client/mining-client.ts';
import { failed, type PeerGeneration, ScriptedIpcPeer, type Script } from './scripted-ipc-peer.ts';
import { bool, SCRIPTED, scriptedCoinbase, verdict } from './scripted-node.ts';

const SOLUTION = { version: 0x20000000, ntime: 1_700_000_000, nonce: 0xdeadbeef, coinbase: scriptedCoinbase() };
const COINBASE = scriptedCoinbase();

async function solving(generation: PeerGeneration, script: Script = {}) {
  const peer = await ScriptedIpcPeer.start(generation, script);
  const client = await MiningClient.connect({ path: peer.path, clock: systemClock });
  const lane = await client.lane('submit');
  const template = await client.createNewBlock(lane, { reservedWeight: 8_000, sigops: 400 }, { cooldown: false });
  if (template === undefined) throw new Error('no template');
  const submissions = () => peer.names.filter((name) => /BlockTemplate@(7|9|10)$/.test(name));
  const dispose = async (): Promise<void> => {
    await client.close();
    await peer[Symbol.asyncDispose]();
  };
  return { peer, lane, template, submissions, [Symbol.asyncDispose]: dispose };
}

const replaced = () => failed('Old submitSolution not supported. Please update your client!');

describe('submitSolution', () => {
  test('goes to ordinal 10 of version 32, which says what became of the block', async () => {
    await using world = await solving('32');
    expect(await world.template.submitSolution(world.lane, SOLUTION)).toEqual({ ok: true, reason: '', exact: true });
    expect(world.submissions()).toEqual(['BlockTemplate@10', 'BlockTemplate@7']);
  });

  test('a duplicate is a refusal of version 32, by name', async () => {
    await using world = await solving('32', { 'BlockTemplate@10': () => verdict(false, 'duplicate') });
    const answer = { ok: false, reason: 'duplicate', exact: true };
    expect(await world.template.submitSolution(world.lane, SOLUTION)).toEqual(answer);
  });

  test('falls back to ordinal 7 of version 31, which only says that it was processed, and remembers', async () => {
    await using world = await solving('31');
    const processed = { ok: true, reason: '', exact: false };
    expect(await world.template.submitSolution(world.lane, SOLUTION)).toEqual(processed);
    expect(await world.template.submitSolution(world.lane, SOLUTION)).toEqual(processed);
    expect(world.submissions()).toEqual(['BlockTemplate@10', 'BlockTemplate@7', 'BlockTemplate@7']);
  });

  test('goes to ordinal 9 of version 30, whose ordinal 10 is a wait', async () => {
    await using world = await solving('30', { 'BlockTemplate@9': () => bool(false) });
    const refused = { ok: false, reason: '', exact: false };
    expect(await world.template.submitSolution(world.lane, SOLUTION)).toEqual(refused);
    expect(world.submissions()).toEqual(['BlockTemplate@9']);
  });

  test('a node that replaced every known way is too new, and says so', async () => {
    await using world = await solving('32', { 'BlockTemplate@10': replaced });
    const error = await world.template.submitSolution(world.lane, SOLUTION).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'too-new',
      message: expect.stringMatching(/none of the ways known here: update sv2kit/),
    });
  });

  test('carries its fields as they are', async () => {
    await using world = await solving('32');
    await world.template.submitSolution(world.lane, SOLUTION);
    const params = world.peer.calls.findLast(
      ({ ordinal, hosted }) => hosted === 'BlockTemplate' && ordinal === 10,
    )?.params;
    expect([params?.u32(0), params?.u32(4), params?.u32(8)]).toEqual([0x20000000, 1_700_000_000, 0xdeadbeef]);
    expect(params?.data(1)).toEqual(SOLUTION.coinbase);
  });

  test('sends no coinbase that would end a node of version 30', async () => {
    await using world = await solving('30');
    const error = await world.template
      .submitSolution(world.lane, { ...SOLUTION, coinbase: COINBASE.subarray(0, -1) })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IpcError);
    expect(error).toMatchObject({ code: 'bad-coinbase' });
    expect(world.submissions()).toEqual([]);
  });
});

describe('a solved coinbase', () => {
  const edited = (edit: (bytes: number[]) => void): Uint8Array => {
    const bytes = [...COINBASE];
    edit(bytes);
    return Uint8Array.from(bytes);
  };
  /** Version, marker and flag, one input: the outpoint starts here. */
  const OUTPOINT = 4 + 2 + 1;
  const SCRIPT = OUTPOINT + 36;
  const scriptOf = (length: number): Uint8Array =>
    edited((bytes) => bytes.splice(SCRIPT, 1 + (bytes[SCRIPT] ?? 0), length, ...Array.from({ length }, () => 0x51)));

  test.each([
    ['100 bytes of scriptSig', scriptOf(100)],
    ['2 bytes of scriptSig', scriptOf(2)],
    ['the usual', COINBASE],
  ])('is fine with %s', (_what, coinbase) => expect(() => checkSolvedCoinbase(coinbase)).not.toThrow());

  test.each([
    ['nothing', new Uint8Array(0), /does not parse/],
    ['an end that is missing', COINBASE.subarray(0, -1), /does not parse/],
    ['a byte too many', edited((bytes) => bytes.push(0)), /does not parse/],
    ['101 bytes of scriptSig', scriptOf(101), /scriptSig of 101 bytes/],
    ['1 byte of scriptSig', scriptOf(1), /scriptSig of 1 bytes/],
    ['an outpoint that is one', edited((bytes) => (bytes[OUTPOINT] = 1)), /spends an output/],
    ['an output index of 0', edited((bytes) => bytes.fill(0, OUTPOINT + 32, SCRIPT)), /spends an output/],
    ['no witness', stripped(), /lacks its witness/],
    [
      'a witness item of 31 bytes',
      edited((bytes) => ((bytes[bytes.length - 37] = 31), bytes.splice(-36, 1))),
      /lacks its witness/,
    ],
    [
      'two witness items',
      edited((bytes) => ((bytes[bytes.length - 38] = 2), bytes.splice(-4, 0, 0))),
      /lacks its witness/,
    ],
  ])('is not sent with %s', (_what, coinbase, says) => {
    expect(() => checkSolvedCoinbase(coinbase)).toThrow(says);
    expect(() => checkSolvedCoinbase(coinbase)).toThrow(/was not sent to the node/);
  });

  function stripped(): Uint8Array {
    return edited((bytes) => {
      bytes.splice(-38, 34);
      bytes.splice(4, 2);
    });
  }
});

describe('what version 30 leaves to be read from its own coinbase', () => {
  test.each([1, 16, 17, 127, 128, 255, 32_768, 840_000, 8_388_608])(
    'the prefix of height %i is its push alone',
    (height) => {
      const push = heightPush(height);
      const raw = withScript(Uint8Array.of(...push, 0));
      expect(coinbaseFromRaw(raw).scriptSigPrefix).toEqual(push);
    },
  );

  test('reward, witness, commitment and the numbers', () => {
    expect(coinbaseFromRaw(COINBASE)).toEqual({
      version: 2,
      sequence: 0xfffffffe,
      lockTime: SCRIPTED.tip.height,
      scriptSigPrefix: heightPush(SCRIPTED.tip.height + 1),
      witness: new Uint8Array(32),
      blockRewardRemaining: SCRIPTED.reward,
      requiredOutputs: [SCRIPTED.commitment],
    });
  });

  test('what does not parse is malformed', () => {
    expect(() => coinbaseFromRaw(COINBASE.subarray(0, 50))).toThrow(/the node's coinbase does not parse/);
  });

  function withScript(script: Uint8Array): Uint8Array {
    const bytes = [...COINBASE];
    const at = 4 + 2 + 1 + 36;
    bytes.splice(at, 1 + (bytes[at] ?? 0), script.length, ...script);
    return Uint8Array.from(bytes);
  }
});
