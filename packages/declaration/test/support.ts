// Named builders for tokens, coinbases, custom jobs and declarations.
import {
  buildCoinbase,
  type CoinbaseParts,
  encodeCountedOutputs,
  heightPush,
  targetFromNbits,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import { type DeclareMiningJob, type SetCustomMiningJob, utf8 } from '@sv2kit/codec';
import { commitTo, type JobMode, sealToken, userDigest } from '../src/index.ts';

export const NOW_MS = 1_764_000_000_000;
export const NOW = NOW_MS / 1000;
export const KEY = new Uint8Array(32).fill(7);
export const ALICE = utf8('alice.rig1');
export const BOB = utf8('bob');
export const PAYOUT = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(1));
export const MINER = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(2));
export const MARK: TxOut = { value: 0n, script: Uint8Array.of(0x6a, 0x02, 0xab, 0xcd) };
export const NBITS = 0x207fffff;
export const HEIGHT = 300;
/** Subsidy at that height on regtest (two halvings), and fees. */
export const SUBSIDY = 1_250_000_000n;
export const FEES = 50_000n;
export const VALUE = SUBSIDY + FEES;
export const PREV_HASH = new Uint8Array(32).fill(0xaa);
export const OTHER_HASH = new Uint8Array(32).fill(0xbb);
export const EXTRANONCE = 20;
export const VERSION = 0x20000000;
export const MIN_NTIME = NOW - 3_000;
export const PATH = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];

export const TERMS = { payoutScript: PAYOUT, requiredOutputs: [MARK], leastPayoutShare: 0.5 };
export const COMMITMENT_OUTPUT = witnessCommitmentOutput([]);

/** Everything to the pool, with its mark and the witness commitment. */
export const honestOutputs = (payout = VALUE): readonly TxOut[] => [
  { value: payout, script: PAYOUT },
  MARK,
  COMMITMENT_OUTPUT,
];

/** The scriptSig before the extranonce. */
export const scriptFor = (height = HEIGHT) => Uint8Array.of(...heightPush(height), 4, ...utf8('/me/'), EXTRANONCE);

export function coinbaseOf(outputs = honestOutputs(), height = HEIGHT): CoinbaseParts {
  return buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(height),
    tag: utf8('/me/'),
    extranonceSize: EXTRANONCE,
    sequence: 0xfffffffe,
    outputs,
    locktime: height - 1,
    segwit: true,
  });
}

export function declaredToken(
  overrides: { user?: Uint8Array; expires?: number; id?: Uint8Array; outputs?: readonly TxOut[]; value?: bigint } = {},
): Uint8Array {
  const { user = ALICE, expires = NOW + 60, id = new Uint8Array(16).fill(9), outputs = honestOutputs() } = overrides;
  const commitment = commitTo({
    version: VERSION,
    prevHash: PREV_HASH,
    nbits: NBITS,
    minNtime: MIN_NTIME,
    coinbaseTxVersion: 2,
    sequence: 0xfffffffe,
    locktime: HEIGHT - 1,
    coinbasePrefix: scriptFor(),
    countedOutputs: encodeCountedOutputs(outputs),
    merklePath: PATH,
    value: overrides.value ?? VALUE,
  });
  return sealToken(KEY, { id, mode: 'full-template', user: userDigest(user), expires, commitment });
}

export function allocatedToken(mode: JobMode, id = new Uint8Array(16).fill(8), expires = NOW + 60): Uint8Array {
  return sealToken(KEY, { id, mode, user: userDigest(ALICE), expires, commitment: undefined });
}

export function customJob(overrides: Partial<SetCustomMiningJob> = {}): SetCustomMiningJob {
  return {
    type: 'SetCustomMiningJob',
    channelId: 1,
    requestId: 5,
    miningJobToken: declaredToken(),
    version: VERSION,
    prevHash: PREV_HASH,
    minNtime: MIN_NTIME,
    nbits: NBITS,
    coinbaseTxVersion: 2,
    coinbasePrefix: scriptFor(),
    coinbaseTxInputNSequence: 0xfffffffe,
    coinbaseTxOutputs: encodeCountedOutputs(honestOutputs()),
    coinbaseTxLocktime: HEIGHT - 1,
    merklePath: PATH,
    ...overrides,
  };
}

export const tip = (prevHash = PREV_HASH, height = HEIGHT, minNtime: number | undefined = MIN_NTIME) => ({
  prevHash,
  nbits: NBITS,
  minNtime,
  target: targetFromNbits(NBITS),
  height,
});

export function declareMessage(
  token: Uint8Array,
  overrides: Partial<DeclareMiningJob> & { parts?: CoinbaseParts } = {},
): DeclareMiningJob {
  const { parts = coinbaseOf(), ...rest } = overrides;
  return {
    type: 'DeclareMiningJob',
    requestId: 1,
    miningJobToken: token,
    version: VERSION,
    coinbaseTxPrefix: parts.segwitPrefix,
    coinbaseTxSuffix: parts.segwitSuffix,
    wtxidList: [new Uint8Array(32).fill(11), new Uint8Array(32).fill(12), new Uint8Array(32).fill(13)],
    excessData: Uint8Array.of(1, 2, 3),
    ...rest,
  };
}
