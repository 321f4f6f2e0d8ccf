import {
  BIP320_MASK,
  BIP323_MASK,
  BitcoinError,
  heightOf,
  targetFromDifficulty,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import { MAX_FULL_EXTRANONCE_SIZE, MAX_FUTURE_BLOCK_TIME, type Tip, type UpstreamJob } from '@sv2kit/mining';
import type { PoolJob } from '@sv2kit/sv1';

/** Why a V1 pool's job cannot be mined by V2 devices. */
export const UNUSABLE_POOL_JOB_REASONS = {
  'bad-coinbase': 'The first half of its coinbase is not the beginning of one, or of one with a witness.',
  'coinbase-too-long': 'A half of its coinbase is longer than the 65,535 bytes of V2.',
  'no-height': 'No block height begins the script of its coinbase (BIP34).',
  'bad-nbits': 'Its nbits stand for no target, or for one that no hash meets.',
  'bad-ntime': 'Its ntime is so close to what 32 bits hold that it cannot be rolled.',
  'extranonce-too-long': 'Its two extranonces are longer than the 32 bytes of V2.',
} as const;
export type UnusablePoolJob = keyof typeof UNUSABLE_POOL_JOB_REASONS;

/** A V1 pool's job as V2 devices are given it. */
export interface PoolWork {
  readonly kind: 'work';
  readonly poolJob: PoolJob;
  readonly job: UpstreamJob;
  /** The tip that it builds on; min_ntime is the notify's ntime. */
  readonly tip: Tip;
  /** What the pool takes shares of: 32 bytes, little-endian. Pinned, like all of {@link PoolWork.poolJob}. */
  readonly shareTarget: Uint8Array;
}
export type PoolWorkReading = PoolWork | { readonly kind: 'unusable'; readonly reason: UnusablePoolJob };

/** Of B0_64K (§5.3.16). */
const MOST_HALF = 0xffff;
/** 32 zero bytes and the index 0xffffffff: what the one input of a coinbase spends. */
const OUTPOINT_AT = 5;
const SCRIPT_LENGTH_AT = OUTPOINT_AT + 36;
const SCRIPT_AT = SCRIPT_LENGTH_AT + 1;
/** From which a job's time can still be moved on, as far as ever happens. */
const LATEST_NTIME = 0xffff_ffff - MAX_FUTURE_BLOCK_TIME;

/**
 * The version bits that V2 devices may roll, when a pool allows `mask`. §5.3.16 can say no more than yes or no; yes takes
 * BIP320's bits, which is what devices roll. Whoever rolls more of BIP323's than the pool allows is refused here.
 *
 * @returns 0 when devices must not roll
 */
export function deviceMask(mask: number): number {
  return (mask & BIP320_MASK) >>> 0 === BIP320_MASK ? (mask & BIP323_MASK) >>> 0 : 0;
}

/**
 * mining.notify as work for a V2 mining server: its extranonce1 begins every prefix of the server's, extranonce2 is the
 * rest of them and what channels roll (§5.1.2.1).
 */
export function poolWork(poolJob: PoolJob): PoolWorkReading {
  const { notify, extranonce1, extranonce2Size, difficulty, versionMask } = poolJob;
  const extranonceSize = extranonce1.length + extranonce2Size;
  if (extranonceSize > MAX_FULL_EXTRANONCE_SIZE) return { kind: 'unusable', reason: 'extranonce-too-long' };
  if (!beginsCoinbase(notify.coinb1)) return { kind: 'unusable', reason: 'bad-coinbase' };
  if (Math.max(notify.coinb1.length, notify.coinb2.length) > MOST_HALF) {
    return { kind: 'unusable', reason: 'coinbase-too-long' };
  }
  const height = orUndefined(() => heightOf(notify.coinb1.subarray(SCRIPT_AT)));
  if (height === undefined) return { kind: 'unusable', reason: 'no-height' };
  const target = orUndefined(() => targetFromNbits(notify.nbits));
  if (target === undefined || target.every((byte) => byte === 0)) return { kind: 'unusable', reason: 'bad-nbits' };
  if (notify.ntime > LATEST_NTIME) return { kind: 'unusable', reason: 'bad-ntime' };
  return {
    kind: 'work',
    poolJob,
    job: {
      coinbasePrefix: notify.coinb1,
      coinbaseSuffix: notify.coinb2,
      extranonceSize,
      version: notify.version,
      versionMask: deviceMask(versionMask),
      merklePath: notify.merkleBranches,
      height,
      minNtime: notify.ntime,
    },
    tip: { prevHash: notify.prevHash, nbits: notify.nbits, minNtime: notify.ntime, target },
    shareTarget: targetFromDifficulty(difficulty),
  };
}

/** Without a witness, of which neither merkle roots nor V1 know. */
function beginsCoinbase(coinb1: Uint8Array): boolean {
  if (coinb1.length <= SCRIPT_AT || coinb1[4] !== 1) return false;
  const outpoint = coinb1.subarray(OUTPOINT_AT, SCRIPT_LENGTH_AT);
  return outpoint.every((byte, at) => byte === (at < 32 ? 0x00 : 0xff));
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}
