import { BitcoinError } from '@sv2kit/bitcoin';

/** The halves of a job's coinbase around its extranonce. */
export interface CoinbaseSides {
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseSuffix: Uint8Array;
}

const VERSION_SIZE = 4;
const LOCKTIME_SIZE = 4;
/** One item of 32 bytes is all that a coinbase may have as witness (BIP141). */
const WITNESS_HEAD = [1, 32];
const WITNESS_SIZE = 34;

/**
 * The halves without BIP141's marker, flag and witness, as §5.3.16 wants them. Upstreams of before that rule send them in
 * full; a V1 miner would hash the witness too, and no share of it would be one upstream.
 *
 * @throws BitcoinError `bad-coinbase` when there is a marker and no such witness
 */
export function strippedSides(sides: CoinbaseSides): CoinbaseSides {
  const { coinbasePrefix, coinbaseSuffix } = sides;
  // A transaction without a marker has the count of its inputs here.
  if (coinbasePrefix[VERSION_SIZE] !== 0) return sides;
  const flag = coinbasePrefix[VERSION_SIZE + 1];
  const witness = coinbaseSuffix.length - LOCKTIME_SIZE - WITNESS_SIZE;
  if (flag !== 1 || witness < 0 || WITNESS_HEAD.some((byte, at) => coinbaseSuffix[witness + at] !== byte)) {
    throw new BitcoinError(
      'bad-coinbase',
      'a coinbase has one witness item of 32 bytes behind marker and flag, or none',
    );
  }
  return {
    coinbasePrefix: without(coinbasePrefix, VERSION_SIZE, 2),
    coinbaseSuffix: without(coinbaseSuffix, witness, WITNESS_SIZE),
  };
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - count);
  rest.set(bytes.subarray(0, at));
  rest.set(bytes.subarray(at + count), at);
  return rest;
}
