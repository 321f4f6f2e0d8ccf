import { ByteReader, compactSize, concatBytes } from './bytes.ts';
import { sha256d } from './hash.ts';
import { readOutput, type TxOut } from './outputs.ts';

/** One transaction input. */
export interface TxIn {
  /** Internal byte order. */
  readonly prevTxid: Uint8Array;
  readonly prevIndex: number;
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
}

/** What a block needs to know of a transaction. */
export interface TransactionIds {
  /** Internal byte order. */
  readonly txid: Uint8Array;
  /** Internal byte order; equals the txid without a witness. BIP141's witness tree takes 0 for a coinbase instead. */
  readonly wtxid: Uint8Array;
  /** BIP141 weight units. */
  readonly weight: number;
}

/** A transaction as read from its bytes; byte fields are views onto them. */
export interface ParsedTransaction extends TransactionIds {
  readonly segwit: boolean;
  readonly version: number;
  readonly inputs: readonly TxIn[];
  readonly outputs: readonly TxOut[];
  readonly locktime: number;
}

/**
 * Reads one consensus-serialized transaction, with or without witness, that fills `bytes`. Own code because a block's
 * thousands of transactions pass here: ids are hashed from the bytes at hand (bench/transaction.bench.ts).
 *
 * @throws {@link BitcoinError} `bad-transaction`
 */
export function parseTransaction(bytes: Uint8Array): ParsedTransaction {
  const reader = new ByteReader(bytes, 'bad-transaction');
  const version = reader.uint32('the version');
  const segwit = bytes[4] === 0;
  if (segwit) readMarkerAndFlag(reader);
  const bodyStart = reader.offset;
  const inputs = readInputs(reader);
  const outputs = readOutputs(reader);
  const bodyEnd = reader.offset;
  if (segwit) readWitnesses(reader, inputs.length);
  const locktime = reader.uint32('the lock time');
  return { ...ids(reader, segwit, bodyStart, bodyEnd), segwit, version, inputs, outputs, locktime };
}

/**
 * As {@link parseTransaction}, but keeps nothing of inputs and outputs: a hostile transaction of a block's size has
 * 440,000 of them, and then this costs a tenth (bench/transaction.bench.ts).
 *
 * @throws {@link BitcoinError} `bad-transaction`
 */
export function identifyTransaction(bytes: Uint8Array): TransactionIds {
  const reader = new ByteReader(bytes, 'bad-transaction');
  reader.skip(4, 'the version');
  const segwit = bytes[4] === 0;
  if (segwit) readMarkerAndFlag(reader);
  const bodyStart = reader.offset;
  const inputs = skipInputs(reader);
  skipOutputs(reader);
  const bodyEnd = reader.offset;
  if (segwit) readWitnesses(reader, inputs);
  reader.skip(4, 'the lock time');
  return ids(reader, segwit, bodyStart, bodyEnd);
}

/** @param reader at the end of the lock time */
function ids(reader: ByteReader, segwit: boolean, bodyStart: number, bodyEnd: number): TransactionIds {
  const { bytes } = reader;
  if (reader.remaining > 0) reader.fail('goes on after the lock time');
  const wtxid = sha256d(bytes);
  if (!segwit) return { txid: wtxid, wtxid, weight: bytes.length * 4 };
  const body = bytes.subarray(bodyStart, bodyEnd);
  const txid = sha256d(concatBytes(bytes.subarray(0, 4), body, bytes.subarray(bytes.length - 4)));
  return { txid, wtxid, weight: (body.length + 8) * 3 + bytes.length };
}

/**
 * Assembles a serialized block.
 *
 * @param header 80 bytes
 * @param coinbase with its witness where the block has a witness commitment
 * @param transactions the others in order, serialized
 */
export function encodeBlock(header: Uint8Array, coinbase: Uint8Array, transactions: readonly Uint8Array[]): Uint8Array {
  return concatBytes(header, compactSize(transactions.length + 1), coinbase, ...transactions);
}

function readMarkerAndFlag(reader: ByteReader): void {
  reader.skip(1, 'the marker');
  const flag = reader.uint8('the flag');
  if (flag !== 1) reader.fail(`has no inputs, or witness flag ${flag} where only 1 is known`);
}

function readInputs(reader: ByteReader): TxIn[] {
  const count = reader.compactSize('input count');
  if (count === 0) reader.fail('has no inputs');
  const inputs: TxIn[] = [];
  for (let i = 0; i < count; i++) {
    inputs.push({
      prevTxid: reader.take(32, 'an outpoint'),
      prevIndex: reader.uint32('an outpoint'),
      scriptSig: reader.take(reader.compactSize('script length'), 'a scriptSig'),
      sequence: reader.uint32('a sequence'),
    });
  }
  return inputs;
}

function skipInputs(reader: ByteReader): number {
  const count = reader.compactSize('input count');
  if (count === 0) reader.fail('has no inputs');
  for (let i = 0; i < count; i++) {
    reader.skip(36, 'an outpoint');
    reader.skip(reader.compactSize('script length'), 'a scriptSig');
    reader.skip(4, 'a sequence');
  }
  return count;
}

function skipOutputs(reader: ByteReader): void {
  const count = reader.compactSize('output count');
  for (let i = 0; i < count; i++) {
    reader.skip(8, 'an output value');
    reader.skip(reader.compactSize('script length'), 'an output script');
  }
}

function readOutputs(reader: ByteReader): TxOut[] {
  const count = reader.compactSize('output count');
  const outputs: TxOut[] = [];
  for (let i = 0; i < count; i++) outputs.push(readOutput(reader));
  return outputs;
}

function readWitnesses(reader: ByteReader, inputs: number): void {
  let items = 0;
  for (let i = 0; i < inputs; i++) {
    const count = reader.compactSize('witness count');
    items += count;
    for (let j = 0; j < count; j++) reader.skip(reader.compactSize('witness length'), 'a witness item');
  }
  if (items === 0) reader.fail('is marked as having a witness and has none');
}
