import { encodeCountedOutputs, parseTransaction, type TxOut } from '@sv2kit/bitcoin';

/** An output that anybody may spend. */
export interface Coin {
  /** Internal byte order. */
  readonly txid: Uint8Array;
  /** Satoshis. */
  readonly value: bigint;
}

const OP_TRUE = Uint8Array.of(0x51);
/** Pays to a witness script that anybody may fulfil: the SHA-256 of OP_TRUE. */
export const ANYBODY: Uint8Array = Uint8Array.from(
  Buffer.from('00204ae81572f06e1b88fd5ced7a1a000945432e83e1551e6f721ee9c00b8cc33260', 'hex'),
);

/** The first output of a transaction. */
export function coinOf(transaction: Uint8Array): Coin {
  const { txid, outputs } = parseTransaction(transaction);
  return { txid, value: outputs[0]?.value ?? 0n };
}

/** A transaction with a witness that spends the coin to anybody, less a fee. */
export function spend(coin: Coin, fee: bigint): Uint8Array {
  return spendTo(coin, [{ value: coin.value - fee, script: ANYBODY }]);
}

/** A transaction with a witness that spends the coin to those outputs. */
export function spendTo({ txid }: Coin, outputs: readonly TxOut[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(2, 0, 0, 0, 0, 1, 1),
    txid,
    Uint8Array.of(0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    encodeCountedOutputs(outputs),
    Uint8Array.of(1, OP_TRUE.length),
    OP_TRUE,
    new Uint8Array(4),
  ]);
}
