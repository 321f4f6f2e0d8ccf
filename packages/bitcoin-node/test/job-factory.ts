import {
  buildCoinbase,
  encodeCountedOutputs,
  heightPush,
  joinCoinbase,
  parseTransaction,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type { JobToCheck } from '../src/index.ts';

export const OP_TRUE = Uint8Array.of(0x51);
const EXTRANONCE_BYTES = 8;

export interface Outpoint {
  readonly txid: Uint8Array;
  readonly index: number;
  readonly value: bigint;
}

/** A transaction that spends what anybody may. */
export function spending(coins: readonly Outpoint[], outputs: readonly TxOut[]): Uint8Array {
  const inputs = coins.flatMap(({ txid, index }) => [
    txid,
    Uint8Array.of(index, index >>> 8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
  ]);
  return Buffer.concat([
    Uint8Array.of(2, 0, 0, 0, coins.length),
    ...inputs,
    encodeCountedOutputs(outputs),
    new Uint8Array(4),
  ]);
}

/** The output of a transaction at `index`, to be spent. */
export function outpoint(transaction: Uint8Array, index = 0): Outpoint {
  const { txid, outputs } = parseTransaction(transaction);
  return { txid, index, value: outputs[index]?.value ?? 0n };
}

/** Spends one output to `outputs` equal ones that anybody may spend, less the fee. */
export function split(coin: Outpoint, fee: bigint, outputs = 1): Uint8Array {
  const value = (coin.value - fee) / BigInt(outputs);
  const rest = coin.value - fee - value * BigInt(outputs);
  const shares = Array.from({ length: outputs }, (_, index) => ({
    value: index === 0 ? value + rest : value,
    script: OP_TRUE,
  }));
  // Nodes refuse transactions below 65 bytes: an output to make up for that.
  return spending([coin], [...shares, { value: 0n, script: Uint8Array.of(0x6a, 4, 1, 2, 3, 4) }]);
}

export interface JobChanges {
  readonly height: number;
  readonly value: bigint;
  readonly transactions: readonly Uint8Array[];
  /** Positions of transactions to provide. */
  readonly provide?: readonly number[];
  readonly outputs?: readonly TxOut[];
  readonly commitment?: TxOut;
  readonly extranonce?: Uint8Array;
  readonly version?: number;
  readonly ntime?: number;
}

/** A job as a declarator would declare it: a coinbase that pays `value` and commits to the transactions. */
export function jobOf(changes: JobChanges): JobToCheck {
  const { transactions, extranonce = new Uint8Array(EXTRANONCE_BYTES) } = changes;
  const wtxids = transactions.map((transaction) => parseTransaction(transaction).wtxid);
  const parts = buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(changes.height),
    extranonceSize: extranonce.length,
    sequence: 0xffff_ffff,
    outputs: [
      { value: changes.value, script: OP_TRUE },
      ...(changes.outputs ?? []),
      changes.commitment ?? witnessCommitmentOutput(wtxids),
    ],
    locktime: 0,
    segwit: true,
  });
  return {
    version: changes.version ?? 0x2000_0000,
    ...(changes.ntime === undefined ? {} : { ntime: changes.ntime }),
    coinbase: joinCoinbase(parts, extranonce, { segwit: true }),
    wtxids: Buffer.concat(wtxids),
    provided: (changes.provide ?? []).map((position) => ({
      position,
      transaction: transactions[position] ?? new Uint8Array(0),
    })),
  };
}
