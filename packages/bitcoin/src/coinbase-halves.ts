import { ByteReader, concatBytes } from './bytes.ts';
import { type CoinbaseParts, MAX_EXTRANONCE, MAX_SCRIPT_SIG } from './coinbase.ts';
import { BitcoinError } from './error.ts';
import { readOutput, type TxOut } from './outputs.ts';

/** What a declared coinbase can be wrong with, in `details.part` of a `bad-coinbase`. */
export type CoinbasePart = 'transaction' | 'input' | 'script';

/** A coinbase read from its two halves around the extranonce; nothing of it is a view. */
export interface CoinbaseHalves {
  readonly parts: CoinbaseParts;
  readonly segwit: boolean;
  readonly txVersion: number;
  /** The scriptSig up to the extranonce, which ends it. */
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  readonly outputs: readonly TxOut[];
  /** The outputs serialized behind their count, as they stand in the transaction. */
  readonly countedOutputs: Uint8Array;
  readonly locktime: number;
}

/** Index of the outpoint that spends nothing. */
const NULL_INDEX = 0xffffffff;
const VERSION_SIZE = 4;
const LOCKTIME_SIZE = 4;

/**
 * Reads the halves of a coinbase as DeclareMiningJob carries them, BIP141 fields included (§3.7.2, §6.4.4). The scriptSig
 * ends with the extranonce, so that its length tells how long that is.
 *
 * @throws {@link BitcoinError} `bad-coinbase`; `details.part` is a {@link CoinbasePart}
 */
export function readCoinbaseHalves(prefix: Uint8Array, suffix: Uint8Array): CoinbaseHalves {
  const head = inPart('transaction', () => readHead(prefix));
  const tail = inPart('transaction', () => readTail(suffix, head.segwit));
  const body = head.segwit ? concatBytes(prefix.subarray(0, 4), prefix.subarray(6)) : prefix.slice();
  const stripped = head.segwit
    ? concatBytes(suffix.subarray(0, tail.bodyEnd), suffix.subarray(suffix.length - LOCKTIME_SIZE))
    : suffix.slice();
  return {
    parts: {
      prefix: body,
      suffix: stripped,
      segwitPrefix: prefix.slice(),
      segwitSuffix: suffix.slice(),
      extranonceSize: head.extranonceSize,
    },
    segwit: head.segwit,
    txVersion: head.version,
    scriptSig: head.scriptSig.slice(),
    sequence: tail.sequence,
    outputs: tail.outputs,
    countedOutputs: suffix.slice(4, tail.bodyEnd),
    locktime: tail.locktime,
  };
}

interface Head {
  readonly version: number;
  readonly segwit: boolean;
  readonly scriptSig: Uint8Array;
  readonly extranonceSize: number;
}

function readHead(prefix: Uint8Array): Head {
  const reader = new ByteReader(prefix, 'bad-coinbase');
  const version = reader.uint32('the version');
  const segwit = prefix[VERSION_SIZE] === 0;
  if (segwit) {
    reader.skip(1, 'the marker');
    const flag = reader.uint8('the flag');
    if (flag !== 1) fail('input', `the coinbase has no inputs, or witness flag ${flag} where only 1 is known`);
  }
  const inputs = reader.compactSize('input count');
  if (inputs !== 1) fail('input', `a coinbase has one input, not ${inputs}`);
  const outpoint = reader.take(32, 'the outpoint');
  const index = reader.uint32('the outpoint');
  if (index !== NULL_INDEX || outpoint.some((byte) => byte !== 0)) {
    fail('input', 'the input of a coinbase spends nothing: 32 zero bytes and index 0xffffffff');
  }
  const length = reader.compactSize('script length');
  if (length > MAX_SCRIPT_SIG) {
    fail('transaction', `the scriptSig has ${length} bytes; ${MAX_SCRIPT_SIG} are allowed`);
  }
  const scriptSig = reader.take(reader.remaining, 'the scriptSig');
  const extranonceSize = length - scriptSig.length;
  if (extranonceSize < 1 || extranonceSize > MAX_EXTRANONCE) {
    fail('script', `the scriptSig leaves ${extranonceSize} bytes for the extranonce; 1 to ${MAX_EXTRANONCE} are right`);
  }
  return { version, segwit, scriptSig, extranonceSize };
}

interface Tail {
  readonly sequence: number;
  readonly outputs: readonly TxOut[];
  /** Where the outputs end in the suffix. */
  readonly bodyEnd: number;
  readonly locktime: number;
}

function readTail(suffix: Uint8Array, segwit: boolean): Tail {
  const reader = new ByteReader(suffix, 'bad-coinbase');
  const sequence = reader.uint32('the sequence');
  const count = reader.compactSize('output count');
  const outputs: TxOut[] = [];
  for (let i = 0; i < count; i += 1) {
    const { value, script } = readOutput(reader);
    outputs.push({ value, script: script.slice() });
  }
  const bodyEnd = reader.offset;
  if (segwit) readWitness(reader);
  const locktime = reader.uint32('the lock time');
  if (reader.remaining > 0) reader.fail('goes on after the lock time');
  return { sequence, outputs, bodyEnd, locktime };
}

function readWitness(reader: ByteReader): void {
  const items = reader.compactSize('witness count');
  if (items === 0) reader.fail('is marked as having a witness and has none');
  for (let i = 0; i < items; i += 1) reader.skip(reader.compactSize('witness length'), 'a witness item');
}

function fail(part: CoinbasePart, message: string): never {
  throw new BitcoinError('bad-coinbase', message, { part });
}

/** Names the part in errors that name none. */
function inPart<T>(part: CoinbasePart, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BitcoinError) || 'part' in error.details) throw error;
    throw new BitcoinError(error.code, error.message, { ...error.details, part }, { cause: error });
  }
}
