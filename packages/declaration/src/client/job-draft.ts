import {
  buildCoinbase,
  type CoinbaseParts,
  decodeOutputs,
  encodeCountedOutputs,
  isWitnessCommitment,
  type TxOut,
} from '@sv2kit/bitcoin';
import type { DeclareMiningJob, PushSolution, SetCustomMiningJob } from '@sv2kit/codec';

/** A block template as NewTemplate carries it (§7.2); byte order and units are the message's. */
export interface DraftTemplate {
  readonly version: number;
  readonly coinbaseTxVersion: number;
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseTxInputSequence: number;
  /** Satoshis. */
  readonly coinbaseTxValueRemaining: bigint;
  readonly coinbaseTxOutputsCount: number;
  readonly coinbaseTxOutputs: Uint8Array;
  readonly coinbaseTxLocktime: number;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
}

/** The tip that a job is for. `minNtime`: unix seconds; `prevHash`: internal byte order. */
export interface DraftTip {
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  readonly minNtime: number;
}

/** A job as it is to be declared: the very coinbase that devices mine. */
export interface JobDraft {
  readonly template: DraftTemplate;
  readonly tip: DraftTip;
  readonly coinbase: CoinbaseParts;
  /** The coinbase script before the extranonce, its push opcode included. */
  readonly scriptPrefix: Uint8Array;
  /** All outputs with their count, the pool's first. */
  readonly outputs: Uint8Array;
}

/** Version 4, input count 1, outpoint 36, length of the script 1: where a stripped coinbase's script begins. */
const SCRIPT_AT = 42;

/**
 * A template made into a job to declare.
 *
 * @param options.outputs the pool's and the client's own, with their values; the template's follow them
 * @param options.tag bytes between height and extranonce, under a push opcode of their own
 * @param options.extranonceSize the full one, the pool's prefix included
 * @throws BitcoinError when no coinbase can be made of it
 */
export function draftJob(
  template: DraftTemplate,
  tip: DraftTip,
  options: { readonly outputs: readonly TxOut[]; readonly tag: Uint8Array; readonly extranonceSize: number },
): JobDraft {
  const { coinbaseTxOutputs: bytes, coinbaseTxOutputsCount: count } = template;
  const own = decodeOutputs(bytes, count);
  const coinbase = buildCoinbase({
    txVersion: template.coinbaseTxVersion,
    scriptSigPrefix: template.coinbasePrefix,
    tag: options.tag,
    extranonceSize: options.extranonceSize,
    sequence: template.coinbaseTxInputSequence,
    outputs: options.outputs,
    templateOutputs: { count, bytes },
    locktime: template.coinbaseTxLocktime,
    segwit: own.some(isWitnessCommitment),
  });
  return {
    template,
    tip,
    coinbase,
    scriptPrefix: coinbase.prefix.subarray(SCRIPT_AT),
    outputs: encodeCountedOutputs([...options.outputs, ...own]),
  };
}

/** The draft for the job declarator server (§6.4.4). @param wtxids in block order, without the coinbase */
export function declareMessage(
  { template, coinbase }: JobDraft,
  fields: {
    readonly requestId: number;
    readonly token: Uint8Array;
    readonly wtxids: readonly Uint8Array[];
    readonly excessData: Uint8Array;
  },
): DeclareMiningJob {
  return {
    type: 'DeclareMiningJob',
    requestId: fields.requestId,
    miningJobToken: fields.token,
    version: template.version,
    coinbaseTxPrefix: coinbase.segwitPrefix,
    coinbaseTxSuffix: coinbase.segwitSuffix,
    wtxidList: fields.wtxids,
    excessData: fields.excessData,
  };
}

/** The draft for the pool (§5.3.18). */
export function customJobMessage(
  { template, tip, scriptPrefix, outputs }: JobDraft,
  fields: { readonly channelId: number; readonly requestId: number; readonly token: Uint8Array },
): SetCustomMiningJob {
  return {
    type: 'SetCustomMiningJob',
    channelId: fields.channelId,
    requestId: fields.requestId,
    miningJobToken: fields.token,
    version: template.version,
    prevHash: tip.prevHash,
    minNtime: tip.minNtime,
    nbits: tip.nbits,
    coinbaseTxVersion: template.coinbaseTxVersion,
    coinbasePrefix: scriptPrefix,
    coinbaseTxInputNSequence: template.coinbaseTxInputSequence,
    coinbaseTxOutputs: outputs,
    coinbaseTxLocktime: template.coinbaseTxLocktime,
    merklePath: template.merklePath,
  };
}

/** A block on the draft (§6.4.9). @param solution `extranonce` is the full one; `ntime` in unix seconds */
export function pushMessage(
  { tip }: JobDraft,
  solution: {
    readonly extranonce: Uint8Array;
    readonly nonce: number;
    readonly ntime: number;
    readonly version: number;
  },
): PushSolution {
  const { extranonce, nonce, ntime, version } = solution;
  return { type: 'PushSolution', extranonce, prevHash: tip.prevHash, nonce, ntime, nbits: tip.nbits, version };
}
