import type { Capability, Method, StructReader } from '@sv2kit/capnp';
import { HEADER_LENGTH, MAX_MONEY } from '@sv2kit/bitcoin';
import { checkedCoinbase, type CoinbaseTx, coinbaseFromRaw } from './coinbase-tx.ts';
import { BadAnswerError } from './failures.ts';
import { context, nothing, takeFirst, type Write } from './method.ts';
import { verdictOf } from './mining-methods.ts';
import { BLOCK_TEMPLATE, DEFAULTS, type Generation, INTERFACE } from './ordinals.ts';
import type { SolutionVerdict, TemplateSolution, WaitOptions } from './types.ts';

const HASH_LENGTH = 32;
const MAX_BLOCK = 4_000_000;
/** Far more than the transactions of a block need. */
const MAX_PATH = 32;

/** The methods of `BlockTemplate`. What they bring is checked here, and is no view of the frame except a whole block. */
export class TemplateMethods {
  readonly #generation: Generation;

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  getBlockHeader(thread: Capability): Method<Uint8Array> {
    return this.#get(thread, 'getBlockHeader', (results) => exactly(results.data(0), HEADER_LENGTH, 'a header'));
  }

  /** Up to 4 MB, as a view of a frame that holds nothing else. */
  getBlock(thread: Capability): Method<Uint8Array> {
    return this.#get(thread, 'getBlock', (results) => blockOf(results.data(0)));
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
    return this.#get(thread, 'getCoinbaseMerklePath', (results) => pathOf(results.dataList(0)));
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
  return checkedCoinbase({
    version: coinbase.u32(0),
    sequence: coinbase.u32(4),
    lockTime: coinbase.u32(16),
    blockRewardRemaining: coinbase.i64(8),
    scriptSigPrefix: coinbase.data(0).slice(),
    witness: coinbase.has(1) ? exactly(coinbase.data(1), HASH_LENGTH, 'a witness') : undefined,
    requiredOutputs: coinbase.dataList(2).map((output) => output.slice()),
  });
}

function exactly(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length === length) return bytes.slice();
  throw new BadAnswerError(`${what} of ${bytes.length} bytes, not ${length}`);
}

function blockOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length > HEADER_LENGTH && bytes.length <= MAX_BLOCK) return bytes;
  throw new BadAnswerError(`a block of ${bytes.length} bytes`);
}

function pathOf(hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  if (hashes.length > MAX_PATH) throw new BadAnswerError(`a merkle path of ${hashes.length} hashes, not ${MAX_PATH}`);
  return hashes.map((hash) => exactly(hash, HASH_LENGTH, 'a hash of the merkle path'));
}
