import {
  decodeCountedOutputs,
  heightPush,
  joinCoinbase,
  parseTransaction,
  witnessCommitmentOutput,
  encodeOutputs,
} from '@sv2kit/bitcoin';
import { encodeFrame, DeclareMiningJob, SetCustomMiningJob } from '@sv2kit/codec';
import { expect, test } from 'vitest';
import { customJobMessage, declareMessage, draftJob, pushMessage } from '../../src/client/job-draft.ts';

const commitment = witnessCommitmentOutput([]);
const template = {
  version: 0x20000000,
  coinbaseTxVersion: 2,
  coinbasePrefix: heightPush(840_000),
  coinbaseTxInputSequence: 0xffff_fffe,
  coinbaseTxValueRemaining: 5_000_000_000n,
  coinbaseTxOutputsCount: 1,
  coinbaseTxOutputs: encodeOutputs([commitment]),
  coinbaseTxLocktime: 839_999,
  merklePath: [new Uint8Array(32).fill(3)],
};
const tip = { prevHash: new Uint8Array(32).fill(9), nbits: 0x1d00ffff, minNtime: 1_700_000_000 };
const payout = { value: 5_000_000_000n, script: Uint8Array.of(0x51) };
const draft = draftJob(template, tip, { outputs: [payout], tag: Uint8Array.of(0x2f, 0x61), extranonceSize: 16 });

test('the declared coinbase and the custom job are the same transaction (§6.4.4, §5.3.18)', () => {
  const extranonce = new Uint8Array(16).fill(0xee);
  const { coinbaseTxPrefix, coinbaseTxSuffix } = declareMessage(draft, {
    requestId: 1,
    token: Uint8Array.of(1),
    wtxids: [],
    excessData: new Uint8Array(0),
  });
  const declared = parseTransaction(Uint8Array.of(...coinbaseTxPrefix, ...extranonce, ...coinbaseTxSuffix));
  const custom = customJobMessage(draft, { channelId: 4, requestId: 2, token: Uint8Array.of(2) });
  expect(joinCoinbase(draft.coinbase, extranonce, { segwit: true })).toEqual(
    Uint8Array.of(...coinbaseTxPrefix, ...extranonce, ...coinbaseTxSuffix),
  );
  expect(Uint8Array.of(...custom.coinbasePrefix, ...extranonce)).toEqual(declared.inputs[0]?.scriptSig);
  expect(decodeCountedOutputs(custom.coinbaseTxOutputs)).toEqual([payout, commitment]);
  expect(declared.outputs).toEqual([payout, commitment]);
  expect(custom).toMatchObject({
    coinbaseTxVersion: 2,
    coinbaseTxInputNSequence: 0xffff_fffe,
    coinbaseTxLocktime: 839_999,
    ...tip,
    merklePath: template.merklePath,
  });
});

test('the extranonce is alone under the push opcode that ends the prefix', () => {
  expect([...draft.scriptPrefix]).toEqual([...heightPush(840_000), 2, 0x2f, 0x61, 16]);
});

test('both messages can be encoded', () => {
  const token = new Uint8Array(255);
  const excessData = new Uint8Array(3);
  const wtxids = Array.from({ length: 4_000 }, () => new Uint8Array(32));
  encodeFrame(DeclareMiningJob, declareMessage(draft, { requestId: 1, token, wtxids, excessData }));
  encodeFrame(SetCustomMiningJob, customJobMessage(draft, { channelId: 4, requestId: 2, token }));
});

test('a solution names the tip of its job (§6.4.9)', () => {
  const extranonce = new Uint8Array(16);
  expect(pushMessage(draft, { extranonce, nonce: 1, ntime: 2, version: 3 })).toEqual({
    type: 'PushSolution',
    extranonce,
    prevHash: tip.prevHash,
    nonce: 1,
    ntime: 2,
    nbits: tip.nbits,
    version: 3,
  });
});
