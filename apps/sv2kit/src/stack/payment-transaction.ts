import { encodeCountedOutputs, fromDisplayHash, parseTransaction, type TxOut } from '@sv2kit/bitcoin';

/** Whose blocks a script is paid by. */
export type Side = 'pool' | 'miner';

/** An output that anybody may spend, without a signature. */
export interface Coin {
  /** As explorers show it. */
  readonly txid: string;
  readonly index: number;
  /** Satoshis. */
  readonly value: bigint;
  readonly side: Side;
}

/** What fulfils the script of each side: one that pushes 1, and one that pushes 2. */
const WITNESS_SCRIPTS: Readonly<Record<Side, Uint8Array>> = { pool: Uint8Array.of(0x51), miner: Uint8Array.of(0x52) };

/** Nobody's money, since anybody may spend it; each has an address on every chain: the SHA-256 of its witness script. */
export const ANYBODYS: Readonly<Record<Side, Uint8Array>> = {
  pool: bytes('00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260'),
  miner: bytes('00208c2574892063f995fdf756bce07f46c1a5193e54cd52837ed91e32008ccf41ac'),
};

/** A transaction that a node can be given. */
export interface Built {
  readonly bytes: Uint8Array;
  /** Internal byte order. */
  readonly txid: Uint8Array;
  /** Bytes that a fee is paid for. */
  readonly virtualSize: number;
}

/** A transaction that spends those coins to those outputs. Other values of as many outputs make none of another size. */
export function build(coins: readonly Coin[], outputs: readonly TxOut[]): Built {
  const built = concat([
    Uint8Array.of(2, 0, 0, 0, 0, 1, coins.length),
    ...coins.flatMap(({ txid, index }) => [
      fromDisplayHash(txid),
      Uint8Array.of(index, 0, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff),
    ]),
    encodeCountedOutputs(outputs),
    ...coins.map(({ side }) => Uint8Array.of(1, 1, ...WITNESS_SCRIPTS[side])),
    new Uint8Array(4),
  ]);
  const { txid, weight } = parseTransaction(built);
  return { bytes: built, txid, virtualSize: Math.ceil(weight / 4) };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
