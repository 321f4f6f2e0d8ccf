import type { TxOut } from '@sv2kit/bitcoin';

/** Satoshis per byte that nodes measure dust with (Bitcoin Core's dust relay fee of 3,000 per kvB). */
const DUST_RATE = 3;
/** Bytes of the input that spends an output with a witness, its witness discounted. */
const WITNESS_SPEND = 32 + 4 + 1 + Math.floor(107 / 4) + 4;
/** Bytes of the input that spends any other. */
const SPEND = 32 + 4 + 1 + 107 + 4;
const OP_RETURN = 0x6a;
const VALUE_SIZE = 8;

/**
 * The least that an output must hold to be worth spending, as nodes reckon by their defaults: 546 for P2PKH, 540 for
 * P2SH, 294 for P2WPKH, 330 for P2WSH and P2TR. A coinbase with less is valid, but nodes relay no such transaction, and
 * its receiver could hardly spend it.
 */
export function dustLimit(script: Uint8Array): bigint {
  if (script[0] === OP_RETURN) return 0n;
  return BigInt((outputSize(script) + (isWitness(script) ? WITNESS_SPEND : SPEND)) * DUST_RATE);
}

/** Bytes of an output in a transaction. */
export function outputSize({ length }: TxOut['script']): number {
  return VALUE_SIZE + (length < 0xfd ? 1 : length <= 0xffff ? 3 : 5) + length;
}

function isWitness(script: Uint8Array): boolean {
  const [opcode = 0, length = 0] = script;
  const version = opcode === 0 || (opcode >= 0x51 && opcode <= 0x60);
  return version && length >= 2 && length <= 40 && script.length === length + 2;
}
