import { ByteReader, compactSize, concatBytes } from './bytes.ts';
import { merklePathOf, merkleRoot, sha256d } from './hash.ts';
import { countSigops } from './sigops.ts';

/** One transaction output; `value` in satoshis. */
export interface TxOut {
  readonly value: bigint;
  readonly script: Uint8Array;
}

/** Serializes outputs one after another, without a count. */
export function encodeOutputs(outputs: readonly TxOut[]): Uint8Array {
  return concatBytes(
    ...outputs.flatMap(({ value, script }) => [valueBytes(value), compactSize(script.length), script]),
  );
}

/** Serializes outputs behind their CompactSize count, as a transaction and `coinbase_tx_outputs` of §6.4 hold them. */
export function encodeCountedOutputs(outputs: readonly TxOut[]): Uint8Array {
  return concatBytes(compactSize(outputs.length), encodeOutputs(outputs));
}

/**
 * Reads exactly `count` outputs that fill `bytes`, as `coinbase_tx_outputs` of §7.2 holds them.
 *
 * @throws {@link BitcoinError} `bad-outputs`
 */
export function decodeOutputs(bytes: Uint8Array, count: number): TxOut[] {
  return readAll(new ByteReader(bytes, 'bad-outputs'), count);
}

/**
 * Reads the outputs behind a CompactSize count that fill `bytes`.
 *
 * @throws {@link BitcoinError} `bad-outputs`
 */
export function decodeCountedOutputs(bytes: Uint8Array): TxOut[] {
  const reader = new ByteReader(bytes, 'bad-outputs');
  return readAll(reader, reader.compactSize('output count'));
}

/** Sigops that outputs cost a block: Core's legacy count times the witness scale factor 4. */
export function outputSigops(outputs: readonly TxOut[]): number {
  return outputs.reduce((sum, { script }) => sum + countSigops(script) * 4, 0);
}

/** First bytes of a witness commitment's script: OP_RETURN, push of 36 bytes, BIP141's tag. */
const WITNESS_COMMITMENT_HEADER = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);

/**
 * The output that commits a coinbase to its block's witnesses (BIP141), for a witness reserved value of 32 zero bytes.
 *
 * @param wtxids of the block's transactions in order, without the coinbase, internal byte order
 */
export function witnessCommitmentOutput(wtxids: readonly Uint8Array[]): TxOut {
  const preimage = new Uint8Array(64);
  preimage.set(merkleRoot(new Uint8Array(32), merklePathOf(wtxids)));
  return { value: 0n, script: concatBytes(WITNESS_COMMITMENT_HEADER, sha256d(preimage)) };
}

/** Whether an output carries a witness commitment (BIP141). */
export function isWitnessCommitment({ script }: TxOut): boolean {
  return script.length >= 38 && WITNESS_COMMITMENT_HEADER.every((byte, i) => script[i] === byte);
}

/** Reads one output; its script is a view. */
export function readOutput(reader: ByteReader): TxOut {
  const value = reader.uint64('an output value');
  return { value, script: reader.take(reader.compactSize('script length'), 'an output script') };
}

function readAll(reader: ByteReader, count: number): TxOut[] {
  const outputs: TxOut[] = [];
  for (let i = 0; i < count; i++) {
    const { value, script } = readOutput(reader);
    outputs.push({ value, script: script.slice() });
  }
  if (reader.remaining > 0) reader.fail(`goes on after ${count} outputs`);
  return outputs;
}

function valueBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
