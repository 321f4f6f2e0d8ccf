import {
  BitcoinError,
  decodeOutputs,
  encodeOutputs,
  heightOf,
  heightPush,
  isWitnessCommitment,
  MAX_MONEY,
  MAX_SCRIPT_SIG,
  parseTransaction,
  type ParsedTransaction,
} from '@sv2kit/bitcoin';
import { BadAnswerError } from './failures.ts';
import { IpcError } from './ipc-error.ts';

/** What the node demands of a template's coinbase. */
export interface CoinbaseTx {
  readonly version: number;
  readonly sequence: number;
  /** What the scriptSig must start with: the height (BIP34). */
  readonly scriptSigPrefix: Uint8Array;
  /** The witness reserved value, 32 bytes; absent where the block commits to no witness. */
  readonly witness: Uint8Array | undefined;
  /** Subsidy and fees that the outputs below leave, in satoshis. */
  readonly blockRewardRemaining: bigint;
  /** Each a serialized output that must be there: the witness commitment among them. */
  readonly requiredOutputs: readonly Uint8Array[];
  readonly lockTime: number;
}

/** Of NewTemplate.coinbase_prefix, and of NewTemplate.coinbase_tx_outputs (§7.2). */
const MAX_PREFIX = 8;
const MAX_OUTPUTS = 65_535;
const MAX_HEIGHT = 0x7fff_ffff;
/** Shortest scriptSig of a coinbase that consensus allows. */
const MIN_SCRIPT_SIG = 2;
const NO_OUTPUT = 0xffffffff;
/** Marker and flag, the count of items, the item's length, the reserved value. */
const WITNESS_BYTES = 2 + 1 + 1 + 32;

/**
 * Refuses what no template can demand, and what a NewTemplate has no room for (§7.2).
 *
 * @throws {@link BadAnswerError}
 */
export function checkedCoinbase(coinbase: CoinbaseTx): CoinbaseTx {
  checkHeight(coinbase.scriptSigPrefix);
  const bytes = coinbase.requiredOutputs.reduce((sum, output) => sum + output.length, 0);
  if (bytes > MAX_OUTPUTS) throw new BadAnswerError(`${bytes} bytes of outputs, not ${MAX_OUTPUTS} at the most`);
  const spent = coinbase.requiredOutputs.reduce((sum, output) => sum + valueOf(output), 0n);
  const total = coinbase.blockRewardRemaining + spent;
  if (coinbase.blockRewardRemaining < 0n || total > MAX_MONEY) {
    throw new BadAnswerError(`a coinbase of ${total} satoshis, not 0 to ${MAX_MONEY}`);
  }
  if (coinbase.witness?.some((byte) => byte !== 0) === true) {
    throw new BadAnswerError('a witness of the coinbase that is not all zeros, which Stratum V2 cannot tell');
  }
  return coinbase;
}

/**
 * What nodes of version 30 leave to be read from the coinbase they put into the template, and later ones say.
 *
 * @param raw the template's own coinbase, with its witness
 * @throws {@link BadAnswerError}
 */
export function coinbaseFromRaw(raw: Uint8Array): CoinbaseTx {
  const coinbase = understood(() => parseTransaction(raw), "the node's coinbase does not parse");
  const [input] = coinbase.inputs;
  if (input === undefined) throw new BadAnswerError('a coinbase without an input');
  const commitment = coinbase.outputs.findLast(isWitnessCommitment);
  return checkedCoinbase({
    version: coinbase.version,
    sequence: input.sequence,
    // Behind the height there is filling, which keeps the script at two bytes where the height takes one.
    scriptSigPrefix: input.scriptSig.slice(0, heightLength(input.scriptSig)),
    witness: witnessOf(raw, coinbase),
    blockRewardRemaining: coinbase.outputs.reduce((sum, { value }) => sum + value, 0n),
    requiredOutputs: commitment === undefined ? [] : [encodeOutputs([commitment])],
    lockTime: coinbase.locktime,
  });
}

/**
 * Refuses a coinbase that is none: nodes of version 30 end themselves over one that does not parse.
 *
 * @throws {@link IpcError} `bad-coinbase`
 */
export function checkSolvedCoinbase(bytes: Uint8Array): void {
  const coinbase = parsed(bytes);
  const [input] = coinbase.inputs;
  if (input === undefined || coinbase.inputs.length !== 1) throw bad(`has ${coinbase.inputs.length} inputs, not one`);
  if (input.prevIndex !== NO_OUTPUT || input.prevTxid.some((byte) => byte !== 0)) throw bad('spends an output');
  const { length } = input.scriptSig;
  if (length < MIN_SCRIPT_SIG || length > MAX_SCRIPT_SIG) {
    throw bad(`has a scriptSig of ${length} bytes, not ${MIN_SCRIPT_SIG} to ${MAX_SCRIPT_SIG}`);
  }
  if (coinbase.outputs.length === 0) throw bad('has no outputs');
  if (witnessOf(bytes, coinbase) === undefined) throw bad('lacks its witness, one item of 32 bytes');
}

function parsed(bytes: Uint8Array): ParsedTransaction {
  try {
    return parseTransaction(bytes);
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw bad(`does not parse (${cause.message})`, cause);
  }
}

/** The only item of the only witness, when it has the size of a reserved value. */
function witnessOf(bytes: Uint8Array, { segwit, weight }: ParsedTransaction): Uint8Array | undefined {
  const stripped = (weight - bytes.length) / 3;
  if (!segwit || bytes.length - stripped !== WITNESS_BYTES) return undefined;
  const end = bytes.length - 4;
  return bytes[end - 34] === 1 && bytes[end - 33] === 32 ? bytes.slice(end - 32, end) : undefined;
}

/** It begins with the height as BIP34 writes it. */
function checkHeight(prefix: Uint8Array): void {
  if (prefix.length > MAX_PREFIX) {
    throw new BadAnswerError(`a scriptSig that begins with ${prefix.length} bytes, not ${MAX_PREFIX} at the most`);
  }
  const height = understood(() => heightOf(prefix), 'the scriptSig begins with no height');
  const isOne = height <= MAX_HEIGHT && heightPush(height).every((byte, index) => prefix[index] === byte);
  if (!isOne) throw new BadAnswerError('the scriptSig does not begin with a height as BIP34 writes it');
}

function heightLength(scriptSig: Uint8Array): number {
  const opcode = scriptSig[0] ?? 0;
  return opcode <= 5 ? 1 + opcode : 1;
}

function valueOf(output: Uint8Array): bigint {
  const [it] = understood(() => decodeOutputs(output, 1), 'an output that the coinbase must have does not parse');
  return it?.value ?? 0n;
}

function understood<T>(read: () => T, otherwise: string): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw new BadAnswerError(`${otherwise}: ${cause.message}`, { cause });
  }
}

function bad(problem: string, cause?: unknown): IpcError {
  const method = 'BlockTemplate.submitSolution';
  return new IpcError(
    'bad-coinbase',
    `the solved coinbase ${problem}: it was not sent to the node`,
    { method },
    { cause },
  );
}
