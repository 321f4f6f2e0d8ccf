import { addressFromScript, type Network } from '@sv2kit/bitcoin';
import { fromUtf8, utf8 } from '@sv2kit/codec';
import type { OutputLimits } from './outputs.ts';
import type { Weight } from './types.ts';
import { scriptOfAccount } from './user.ts';

/** How a split was made: enough to make its outputs again for any value, on the terms that hold. */
export interface RecordedSplit {
  readonly limits: OutputLimits;
  /** That the window was measured with; 0 where there was none. */
  readonly networkDifficulty: number;
  /** In any unit that they share: see {@link scaleWeights}. */
  readonly weights: readonly Weight[];
}

/** Thrown for a recorded split that cannot be read: damaged, or of a newer program. */
export class SplitError extends Error {
  override readonly name = 'SplitError';
}

const VERSION = 1;
/** version u8, least output u64, most outputs u16, most bytes u32, most sigops u32, difficulty f64, weights u32. */
const HEAD_SIZE = 1 + 8 + 2 + 4 + 4 + 8 + 4;
/** donation u8, kind u8, length of the account u16. */
const WEIGHT_HEAD = 4;
const AS_TEXT = 0;
const AS_SCRIPT = 1;
const WEIGHT_BITS = 63;

/**
 * The same weights in a coarser unit, so that each fits 8 bytes whatever the window: those that matter least may come to
 * nothing and are left out. A split is made of these, so that the record says exactly what the coinbase is made by.
 */
export function scaleWeights(weights: readonly Weight[]): Weight[] {
  const sum = weights.reduce((total, { work }) => total + work, 0n);
  const shift = BigInt(Math.max(0, sum.toString(2).length - WEIGHT_BITS));
  return weights.map((weight) => ({ ...weight, work: weight.work >> shift })).filter(({ work }) => work > 0n);
}

/**
 * For the journal: little-endian; each weight is donation u8, kind u8, length u16, then the account as its script (kind 1) or as
 * UTF-8 (kind 0), then the work as u64.
 *
 * @throws RangeError when a weight has not been scaled, or an account is longer than 65,535 bytes
 */
export function encodeSplit({ limits, networkDifficulty, weights }: RecordedSplit, chain: Network): Uint8Array {
  const accounts = weights.map(({ account }) => accountBytes(account, chain));
  const size = accounts.reduce((sum, { bytes }) => sum + WEIGHT_HEAD + bytes.length + 8, HEAD_SIZE);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint8(0, VERSION);
  view.setBigUint64(1, limits.leastOutput, true);
  view.setUint16(9, limits.mostOutputs, true);
  view.setUint32(11, limits.mostBytes, true);
  view.setUint32(15, limits.mostSigops, true);
  view.setFloat64(19, networkDifficulty, true);
  view.setUint32(27, weights.length, true);
  let at = HEAD_SIZE;
  for (const [i, { donation, work }] of weights.entries()) {
    const { kind, bytes } = accounts[i] as AccountBytes;
    if (bytes.length > 0xffff) throw new RangeError(`an account of ${bytes.length} bytes`);
    if (work >> 64n !== 0n) throw new RangeError(`a weight of ${work} is not scaled`);
    out.set([donation, kind], at);
    view.setUint16(at + 2, bytes.length, true);
    out.set(bytes, at + WEIGHT_HEAD);
    at += WEIGHT_HEAD + bytes.length;
    view.setBigUint64(at, work, true);
    at += 8;
  }
  return out;
}

/** @throws SplitError */
export function decodeSplit(bytes: Uint8Array, chain: Network): RecordedSplit {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD_SIZE) throw new SplitError(`a split of ${bytes.length} bytes`);
  if (view.getUint8(0) !== VERSION) throw new SplitError(`a split of version ${view.getUint8(0)}`);
  const limits: OutputLimits = {
    leastOutput: view.getBigUint64(1, true),
    mostOutputs: view.getUint16(9, true),
    mostBytes: view.getUint32(11, true),
    mostSigops: view.getUint32(15, true),
  };
  const weights: Weight[] = [];
  let at = HEAD_SIZE;
  for (let left = view.getUint32(27, true); left > 0; left--) {
    if (at + WEIGHT_HEAD > bytes.length) throw new SplitError('a split ends early');
    const end = at + WEIGHT_HEAD + view.getUint16(at + 2, true);
    if (end + 8 > bytes.length) throw new SplitError('a split ends early');
    const account = accountFrom(bytes[at + 1] ?? 0, bytes.slice(at + WEIGHT_HEAD, end), chain);
    const donation = bytes[at] ?? 0;
    if (donation > 100) throw new SplitError(`a split with ${donation} % donated`);
    weights.push({ account, donation, work: view.getBigUint64(end, true) });
    at = end + 8;
  }
  if (at !== bytes.length) throw new SplitError(`a split has ${bytes.length - at} bytes too many`);
  return { limits, networkDifficulty: view.getFloat64(19, true), weights };
}

interface AccountBytes {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Half the size for addresses. */
function accountBytes(account: string, chain: Network): AccountBytes {
  const script = scriptOfAccount(account, chain);
  if (script !== undefined && addressFromScript(script, chain) === account) return { kind: AS_SCRIPT, bytes: script };
  return { kind: AS_TEXT, bytes: utf8(account) };
}

function accountFrom(kind: number, bytes: Uint8Array, chain: Network): string {
  if (kind === AS_TEXT) return fromUtf8(bytes);
  const address = kind === AS_SCRIPT ? addressFromScript(bytes, chain) : undefined;
  if (address === undefined) throw new SplitError('a split names an account that cannot be read');
  return address;
}
