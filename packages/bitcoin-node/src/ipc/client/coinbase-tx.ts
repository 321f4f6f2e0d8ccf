import {
  BitcoinError,
  encodeOutputs,
  heightOf,
  isWitnessCommitment,
  MAX_SCRIPT_SIG,
  parseTransaction,
  type ParsedTransaction,
} from '@sv2kit/bitcoin';
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

/** Shortest scriptSig of a coinbase that consensus allows. */
const MIN_SCRIPT_SIG = 2;
const NO_OUTPUT = 0xffffffff;
/** Marker and flag, the count of items, the item's length, the reserved value. */
const WITNESS_BYTES = 2 + 1 + 1 + 32;

/**
 * What nodes of version 30 leave to be read from the coinbase they put into the template, and later ones say.
 *
 * @param raw the template's own coinbase, with its witness
 * @throws {@link IpcError} `malformed`
 */
export function coinbaseFromRaw(raw: Uint8Array): CoinbaseTx {
  const method = 'BlockTemplate.getCoinbaseTx';
  try {
    const coinbase = parseTransaction(raw);
    const [input] = coinbase.inputs;
    if (input === undefined) throw new IpcError('malformed', `${method}: a coinbase without an input`, { method });
    const commitment = coinbase.outputs.findLast(isWitnessCommitment);
    return {
      version: coinbase.version,
      sequence: input.sequence,
      // Behind the height there is filling, which keeps the script at two bytes where the height takes one.
      scriptSigPrefix: input.scriptSig.slice(0, heightLength(input.scriptSig)),
      witness: witnessOf(raw, coinbase),
      blockRewardRemaining: coinbase.outputs.reduce((sum, { value }) => sum + value, 0n),
      requiredOutputs: commitment === undefined ? [] : [encodeOutputs([commitment])],
      lockTime: coinbase.locktime,
    };
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    throw new IpcError(
      'malformed',
      `${method}: the node's coinbase does not parse: ${cause.message}`,
      { method },
      { cause },
    );
  }
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

function heightLength(scriptSig: Uint8Array): number {
  heightOf(scriptSig);
  const opcode = scriptSig[0] ?? 0;
  return opcode <= 5 ? 1 + opcode : 1;
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
