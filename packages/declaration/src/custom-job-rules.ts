import {
  BitcoinError,
  countSigops,
  decodeCountedOutputs,
  endsInOpenPush,
  heightOf,
  heightPush,
  MAX_MONEY,
  MAX_SCRIPT_SIG,
  outputSigops,
  type TxOut,
} from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import type { KnownTip } from './known-tips.ts';

/** What a custom job itself breaks: codes of `SetCustomMiningJob.Error` (§5.3.20). */
export type CustomJobFault =
  | 'invalid-version'
  | 'invalid-nbits'
  | 'invalid-min-ntime'
  | 'invalid-coinbase-prefix'
  | 'invalid-coinbase-tx-locktime'
  | 'invalid-merkle-path'
  | 'invalid-coinbase-tx';

/** Seconds by which a block's time may be ahead of the clock, less a minute for clocks that differ: shares have the same bound. */
const MAX_FUTURE_SECONDS = 7200 - 60;
/** Since BIP65 the network takes no block version below. */
const LEAST_VERSION = 4;
/** A block's sigops, with BIP141's factor. */
const MAX_SIGOPS = 80_000;
/** No block holds more than 2^16 transactions. */
const MAX_PATH_LENGTH = 16;
/** Below, a lock time is a height. */
const LOCKTIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffffffff;

/** The outputs that a custom job's coinbase has (§5.3.18); undefined when they cannot be read. */
export function outputsOf(message: SetCustomMiningJob): readonly TxOut[] | undefined {
  try {
    return decodeCountedOutputs(message.coinbaseTxOutputs);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

/** The height that a custom job says it is for (BIP34); undefined when it says none. */
export function statedHeight(coinbasePrefix: Uint8Array): number | undefined {
  try {
    return heightOf(coinbasePrefix);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

/** Whether a scriptSig, up to its extranonce, opens with this height and ends in the extranonce's push opcode. */
export function opensWithHeight(scriptSig: Uint8Array, height: number, extranonceSize: number): boolean {
  const push = heightPush(height);
  return push.every((byte, at) => scriptSig[at] === byte) && endsInOpenPush(scriptSig, extranonceSize);
}

/**
 * The first rule of the network that a job on this tip breaks, as far as its coinbase and header show (§5.3.18).
 *
 * @param now unix seconds
 */
export function faultOf(
  message: SetCustomMiningJob,
  outputs: readonly TxOut[],
  tip: KnownTip,
  extranonceSize: number,
  now: number,
): CustomJobFault | undefined {
  const { coinbasePrefix, minNtime } = message;
  if ((message.version | 0) < LEAST_VERSION) return 'invalid-version';
  if (message.nbits !== tip.nbits) return 'invalid-nbits';
  if (minNtime < (tip.minNtime ?? 0) || minNtime > now + MAX_FUTURE_SECONDS) return 'invalid-min-ntime';
  if (!opensWithHeight(coinbasePrefix, tip.height, extranonceSize)) return 'invalid-coinbase-prefix';
  if (coinbasePrefix.length + extranonceSize > MAX_SCRIPT_SIG) return 'invalid-coinbase-tx';
  if (!isFinal(message, tip)) return 'invalid-coinbase-tx-locktime';
  if (message.merklePath.length > MAX_PATH_LENGTH) return 'invalid-merkle-path';
  return breaksLimits(coinbasePrefix, outputs) ? 'invalid-coinbase-tx' : undefined;
}

/** A transaction that is not final makes its block invalid (BIP113: times are compared with the median time past). */
function isFinal({ coinbaseTxLocktime, coinbaseTxInputNSequence }: SetCustomMiningJob, tip: KnownTip): boolean {
  if (coinbaseTxLocktime === 0 || coinbaseTxInputNSequence === FINAL_SEQUENCE) return true;
  if (coinbaseTxLocktime < LOCKTIME_THRESHOLD) return coinbaseTxLocktime < tip.height;
  return tip.minNtime === undefined || coinbaseTxLocktime < tip.minNtime - 1;
}

function breaksLimits(scriptSig: Uint8Array, outputs: readonly TxOut[]): boolean {
  if (outputSigops(outputs) + 4 * countSigops(scriptSig) > MAX_SIGOPS) return true;
  let total = 0n;
  for (const { value } of outputs) total += value;
  return total > MAX_MONEY;
}
