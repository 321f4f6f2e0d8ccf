import { ByteReader, compactSize, concatBytes, uint32Bytes } from './bytes.ts';
import { BitcoinError } from './error.ts';
import { encodeOutputs, type TxOut } from './outputs.ts';

/** Consensus limit of a coinbase's scriptSig in bytes. */
export const MAX_SCRIPT_SIG = 100;
/** Longest full extranonce (B0_32). */
export const MAX_EXTRANONCE = 32;

/** What {@link buildCoinbase} makes a coinbase from. */
export interface CoinbaseRecipe {
  readonly txVersion: number;
  /** What the template demands at the start of the scriptSig: the BIP34 height (§7.2 `coinbase_prefix`). */
  readonly scriptSigPrefix: Uint8Array;
  /** The pool's mark, under a push opcode of its own between height and extranonce. */
  readonly tag?: Uint8Array;
  /** Full extranonce in bytes, 0 to 32. */
  readonly extranonceSize: number;
  readonly sequence: number;
  /** The pool's outputs; they come first. */
  readonly outputs: readonly TxOut[];
  /** The template's outputs, serialized without a count (§7.2 `coinbase_tx_outputs`). */
  readonly templateOutputs?: { readonly count: number; readonly bytes: Uint8Array };
  readonly locktime: number;
  /** Whether the full coinbase carries a witness: so when the template commits to one. */
  readonly segwit: boolean;
}

/** A coinbase around its extranonce. */
export interface CoinbaseParts {
  /** BIP141-stripped halves, for NewExtendedMiningJob (§3.7.1). */
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
  /** Halves with marker, flag and witness, for DeclareMiningJob and SubmitSolution (§3.7.2); the stripped ones when the coinbase has no witness. */
  readonly segwitPrefix: Uint8Array;
  readonly segwitSuffix: Uint8Array;
  readonly extranonceSize: number;
}

/** Version 1 or 2 as u32 LE, then one input that spends nothing. */
const NULL_OUTPOINT = concatBytes(new Uint8Array(32), Uint8Array.of(0xff, 0xff, 0xff, 0xff));
const MARKER_AND_FLAG = Uint8Array.of(0x00, 0x01);
/** One witness item of 32 zero bytes: the witness reserved value (§3.7.4). */
const WITNESS = concatBytes(Uint8Array.of(0x01, 0x20), new Uint8Array(32));

/**
 * Splits a coinbase around its extranonce, which sits alone under its own push opcode.
 *
 * @throws {@link BitcoinError} `script-sig-too-long` with the excess in bytes
 */
export function buildCoinbase(recipe: CoinbaseRecipe): CoinbaseParts {
  const { extranonceSize, segwit } = recipe;
  if (!Number.isInteger(extranonceSize) || extranonceSize < 0 || extranonceSize > MAX_EXTRANONCE) {
    throw new RangeError(`an extranonce is 0 to ${MAX_EXTRANONCE} bytes, not ${extranonceSize}`);
  }
  const tag = recipe.tag === undefined || recipe.tag.length === 0 ? new Uint8Array(0) : pushData(recipe.tag);
  const script = concatBytes(recipe.scriptSigPrefix, tag, Uint8Array.of(extranonceSize));
  const scriptLength = script.length + extranonceSize;
  if (scriptLength > MAX_SCRIPT_SIG) throw tooLong(recipe, scriptLength);

  const version = uint32Bytes(recipe.txVersion);
  const input = concatBytes(Uint8Array.of(1), NULL_OUTPOINT, Uint8Array.of(scriptLength), script);
  const template = recipe.templateOutputs;
  const count = compactSize(recipe.outputs.length + (template?.count ?? 0));
  const outputs = concatBytes(count, encodeOutputs(recipe.outputs), template?.bytes ?? new Uint8Array(0));
  const rest = concatBytes(uint32Bytes(recipe.sequence), outputs);
  const locktime = uint32Bytes(recipe.locktime);
  const prefix = concatBytes(version, input);
  const suffix = concatBytes(rest, locktime);
  return {
    prefix,
    suffix,
    segwitPrefix: segwit ? concatBytes(version, MARKER_AND_FLAG, input) : prefix,
    segwitSuffix: segwit ? concatBytes(rest, WITNESS, locktime) : suffix,
    extranonceSize,
  };
}

/**
 * The serialized coinbase for one extranonce.
 *
 * @param extranonce the full one, channel prefix included, exactly `parts.extranonceSize` bytes
 */
export function joinCoinbase(
  parts: CoinbaseParts,
  extranonce: Uint8Array,
  { segwit }: { readonly segwit: boolean },
): Uint8Array {
  if (extranonce.length !== parts.extranonceSize) {
    throw new RangeError(`the extranonce has ${extranonce.length} bytes, the coinbase takes ${parts.extranonceSize}`);
  }
  return segwit
    ? concatBytes(parts.segwitPrefix, extranonce, parts.segwitSuffix)
    : concatBytes(parts.prefix, extranonce, parts.suffix);
}

/**
 * The coinbase with its witness from one without (§3.7.1: a server must be able to put back what it stripped).
 *
 * @throws {@link BitcoinError} `bad-coinbase`
 */
export function addCoinbaseWitness(stripped: Uint8Array): Uint8Array {
  if (stripped.length < 60 || stripped[4] !== 1) {
    throw new BitcoinError('bad-coinbase', 'a stripped coinbase has exactly one input and no witness marker');
  }
  const end = stripped.length - 4;
  const version = stripped.subarray(0, 4);
  return concatBytes(version, MARKER_AND_FLAG, stripped.subarray(4, end), WITNESS, stripped.subarray(end));
}

/** What the scriptSig of every block since BIP34 starts with: its height as the shortest script number. */
export function heightPush(height: number): Uint8Array {
  if (!Number.isInteger(height) || height < 0 || height > 0x7fffffff) {
    throw new RangeError(`a block height is a whole number from 0 to 2147483647, not ${height}`);
  }
  if (height === 0) return Uint8Array.of(0x00);
  if (height <= 16) return Uint8Array.of(0x50 + height);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest >>>= 8) bytes.push(rest & 0xff);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return Uint8Array.of(bytes.length, ...bytes);
}

/**
 * The height that a coinbase's scriptSig starts with (BIP34).
 *
 * @throws {@link BitcoinError} `bad-coinbase`
 */
export function heightOf(scriptSig: Uint8Array): number {
  const reader = new ByteReader(scriptSig, 'bad-coinbase');
  const opcode = reader.uint8('the height');
  if (opcode === 0) return 0;
  if (opcode > 0x50 && opcode <= 0x60) return opcode - 0x50;
  if (opcode > 5) reader.fail('does not start with a height');
  return reader.take(opcode, 'the height').reduceRight((height, byte) => height * 256 + byte, 0);
}

function pushData(data: Uint8Array): Uint8Array {
  const opcode = data.length <= 75 ? Uint8Array.of(data.length) : Uint8Array.of(0x4c, data.length);
  return concatBytes(opcode, data);
}

function tooLong(recipe: CoinbaseRecipe, length: number): BitcoinError {
  const excess = length - MAX_SCRIPT_SIG;
  const message =
    `the coinbase's scriptSig would have ${length} bytes, ${excess} more than the ${MAX_SCRIPT_SIG} allowed: ` +
    `shorten the tag (${recipe.tag?.length ?? 0} bytes) or the extranonce (${recipe.extranonceSize} bytes)`;
  return new BitcoinError('script-sig-too-long', message, { length, excess });
}
