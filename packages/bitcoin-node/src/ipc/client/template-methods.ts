import type { Capability, Method, StructReader } from '@sv2kit/capnp';
import { BitcoinError, decodeOutputs, HEADER_LENGTH, MAX_MONEY } from '@sv2kit/bitcoin';
import { type CoinbaseTx, coinbaseFromRaw } from './coinbase-tx.ts';
import { IpcError } from './ipc-error.ts';
import { context, nothing, takeFirst, type Write } from './method.ts';
import { verdictOf } from './mining-methods.ts';
import { BLOCK_TEMPLATE, DEFAULTS, type Generation, INTERFACE } from './ordinals.ts';
import type { SolutionVerdict, TemplateSolution, WaitOptions } from './types.ts';

const HASH_LENGTH = 32;

/** The methods of `BlockTemplate`. What they bring is checked here, and is no view of the frame except a whole block. */
export class TemplateMethods {
  readonly #generation: Generation;

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  getBlockHeader(thread: Capability): Method<Uint8Array> {
    return this.#get(thread, 'getBlockHeader', (results) => exactly(results.data(0), HEADER_LENGTH, 'getBlockHeader'));
  }

  /** Up to 4 MB, as a view of a frame that holds nothing else. */
  getBlock(thread: Capability): Method<Uint8Array> {
    return this.#get(thread, 'getBlock', (results) => results.data(0));
  }

  getTxFees(thread: Capability): Method<bigint[]> {
    return this.#get(thread, 'getTxFees', (results) => results.int64List(0));
  }

  getTxSigops(thread: Capability): Method<bigint[]> {
    return this.#get(thread, 'getTxSigops', (results) => results.int64List(0));
  }

  getCoinbaseTx(thread: Capability): Method<CoinbaseTx> {
    const raw = this.#generation === 30;
    return this.#get(thread, 'getCoinbaseTx', (results) =>
      raw ? coinbaseFromRaw(results.data(0)) : coinbaseOf(results.struct(0)),
    );
  }

  getCoinbaseMerklePath(thread: Capability): Method<readonly Uint8Array[]> {
    return this.#get(thread, 'getCoinbaseMerklePath', (results) =>
      results.dataList(0).map((hash) => exactly(hash, HASH_LENGTH, 'getCoinbaseMerklePath')),
    );
  }

  /** The ways of handing in a solution, the newest first. */
  get submissions() {
    return BLOCK_TEMPLATE[this.#generation].submitSolution;
  }

  submitSolution(
    thread: Capability,
    { id, exact }: { readonly id: number; readonly exact: boolean },
    { version, ntime, nonce, coinbase }: TemplateSolution,
  ): Method<SolutionVerdict> {
    const write: Write = (params) => {
      context(params, thread);
      params.u32(0, version);
      params.u32(4, ntime);
      params.u32(8, nonce);
      params.data(1, coinbase);
    };
    const results = (answer: StructReader): SolutionVerdict => {
      if (!exact) return { ok: answer.bool(0), reason: '', exact };
      const { ok, reason, debug } = verdictOf(answer);
      return { ok, reason: reason === '' ? debug : reason, exact };
    };
    return this.#method('submitSolution', id, [2, 2], write, results);
  }

  waitNext(thread: Capability, { timeoutMs, feeThreshold }: WaitOptions): Method<Capability | undefined> {
    const defaults = DEFAULTS[this.#generation];
    const write: Write = (params) => {
      context(params, thread);
      const options = params.struct(1, 2, 0);
      options.f64(0, timeoutMs, defaults.timeoutMs);
      options.i64(8, feeThreshold ?? MAX_MONEY, defaults.feeThreshold);
    };
    return this.#method('waitNext', BLOCK_TEMPLATE[this.#generation].waitNext, [0, 2], write, takeFirst);
  }

  /** Ends one wait, or the next one when none is on. Runs on the node's event loop. */
  interruptWait(): Method<void> {
    const { interruptWait } = BLOCK_TEMPLATE[this.#generation];
    return this.#method('interruptWait', interruptWait, [0, 0], nothing, () => {});
  }

  #get<T>(
    thread: Capability,
    name: Exclude<keyof (typeof BLOCK_TEMPLATE)[Generation], 'submitSolution'>,
    results: Method<T>['results'],
  ): Method<T> {
    const write: Write = (params) => context(params, thread);
    return this.#method(name, BLOCK_TEMPLATE[this.#generation][name], [0, 1], write, results);
  }

  #method<T>(
    name: string,
    id: number,
    [dataWords, pointers]: readonly [number, number],
    write: Write,
    results: Method<T>['results'],
  ): Method<T> {
    return {
      name: `BlockTemplate.${name}`,
      interfaceId: INTERFACE.blockTemplate,
      id,
      dataWords,
      pointers,
      params: write,
      results,
    };
  }
}

function coinbaseOf(coinbase: StructReader): CoinbaseTx {
  return {
    version: coinbase.u32(0),
    sequence: coinbase.u32(4),
    lockTime: coinbase.u32(16),
    blockRewardRemaining: coinbase.i64(8),
    scriptSigPrefix: coinbase.data(0).slice(),
    witness: coinbase.has(1) ? exactly(coinbase.data(1), HASH_LENGTH, 'getCoinbaseTx') : undefined,
    requiredOutputs: coinbase.dataList(2).map(outputOf),
  };
}

function outputOf(bytes: Uint8Array): Uint8Array {
  try {
    decodeOutputs(bytes, 1);
    return bytes.slice();
  } catch (cause) {
    if (!(cause instanceof BitcoinError)) throw cause;
    const method = 'BlockTemplate.getCoinbaseTx';
    const text = `${method}: an output that the coinbase must have does not parse: ${cause.message}`;
    throw new IpcError('malformed', text, { method }, { cause });
  }
}

function exactly(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length === length) return bytes.slice();
  const method = `BlockTemplate.${name}`;
  throw new IpcError('malformed', `${method}: ${bytes.length} bytes where ${length} belong`, { method });
}
