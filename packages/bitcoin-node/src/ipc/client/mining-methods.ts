import type { Capability, Method, StructBuilder, StructReader } from '@sv2kit/capnp';
import { BadAnswerError } from './failures.ts';
import { context, nothing, takeFirst, type Write } from './method.ts';
import { DEFAULTS, type Generation, INTERFACE, MINING } from './ordinals.ts';
import type { BlockVerdict, NewBlockOptions, TipRef } from './types.ts';

const HASH_LENGTH = 32;
/** Longest remark on a block that is kept, in characters. */
const MAX_WORDS = 1_000;
const CONTROLS = /\p{Cc}+/gu;

type Size = readonly [dataWords: number, pointers: number];

/** The methods of `Mining`. Those with a `thread` run on it; generation 30 has two that run on the node's event loop. */
export class MiningMethods {
  readonly #generation: Generation;

  constructor(generation: Generation) {
    this.#generation = generation;
  }

  isTestChain(thread: Capability): Method<boolean> {
    return method('isTestChain', [0, 1], inContext(thread), (results) => results.bool(0));
  }

  isInitialBlockDownload(thread: Capability): Method<boolean> {
    return method('isInitialBlockDownload', [0, 1], inContext(thread), (results) => results.bool(0));
  }

  getTip(thread: Capability): Method<TipRef | undefined> {
    return method('getTip', [0, 1], inContext(thread), (results) => (results.bool(0) ? tipOf(results) : undefined));
  }

  waitTipChanged(thread: Capability, current: Uint8Array, timeoutMs: number): Method<TipRef | undefined> {
    const write: Write = (params) => {
      context(params, thread);
      params.data(1, current);
      params.f64(0, timeoutMs, this.#defaults.timeoutMs);
    };
    return method('waitTipChanged', [1, 2], write, tipOf);
  }

  createNewBlock(thread: Capability, options: NewBlockOptions, cooldown: boolean): Method<Capability | undefined> {
    if (this.#generation === 30) {
      return method('createNewBlock', [0, 1], (params) => this.#newBlock(params.struct(0, 3, 0), options), takeFirst);
    }
    const write: Write = (params) => {
      context(params, thread);
      this.#newBlock(params.struct(1, 3, 0), options);
      params.bool(0, cooldown, true);
    };
    return method('createNewBlock', [1, 2], write, takeFirst);
  }

  checkBlock(
    thread: Capability,
    block: Uint8Array,
    { checkMerkleRoot, checkPow }: { readonly checkMerkleRoot: boolean; readonly checkPow: boolean },
  ): Method<BlockVerdict> {
    const inThread = this.#generation !== 30;
    const first = inThread ? 1 : 0;
    const write: Write = (params) => {
      if (inThread) context(params, thread);
      params.data(first, block);
      const options = params.struct(first + 1, 1, 0);
      options.bool(0, checkMerkleRoot, this.#defaults.checkMerkleRoot);
      options.bool(1, checkPow, this.#defaults.checkPow);
    };
    return method('checkBlock', [0, first + 2], write, verdictOf);
  }

  /** Wakes waitTipChanged and a createNewBlock that waits. Runs on the node's event loop; not in generation 30. */
  interrupt(): Method<void> {
    return method('interrupt', [0, 0], nothing, () => {});
  }

  submitBlock(thread: Capability | undefined, block: Uint8Array): Method<BlockVerdict> {
    const write: Write = (params) => {
      if (thread !== undefined) context(params, thread);
      params.data(1, block);
    };
    return method('submitBlock', [0, 2], write, verdictOf);
  }

  /** In the order asked; empty where the node has no such transaction. */
  getTransactionsByWitnessID(thread: Capability, wtxids: readonly Uint8Array[]): Method<readonly Uint8Array[]> {
    const write: Write = (params) => {
      context(params, thread);
      params.dataList(1, wtxids);
    };
    return method('getTransactionsByWitnessID', [0, 2], write, (results) => results.dataList(0));
  }

  get #defaults() {
    return DEFAULTS[this.#generation];
  }

  #newBlock(params: StructBuilder, { useMempool, reservedWeight, sigops }: NewBlockOptions): void {
    const defaults = this.#defaults;
    params.bool(0, useMempool ?? true, defaults.useMempool);
    params.u64(8, BigInt(reservedWeight), defaults.blockReservedWeight);
    params.u64(16, BigInt(sigops), defaults.coinbaseOutputMaxAdditionalSigops);
  }
}

function method<T>(
  name: keyof typeof MINING,
  [dataWords, pointers]: Size,
  write: Write,
  results: Method<T>['results'],
): Method<T> {
  return {
    name: `Mining.${name}`,
    interfaceId: INTERFACE.mining,
    id: MINING[name],
    dataWords,
    pointers,
    params: write,
    results,
  };
}

function inContext(thread: Capability): Write {
  return (params) => context(params, thread);
}

/** Undefined for the empty hash of a wait that was interrupted. */
function tipOf(results: StructReader): TipRef | undefined {
  const tip = results.struct(0);
  const hash = tip.data(0).slice();
  const height = tip.i32(0);
  if (hash.length === 0) return undefined;
  if (hash.length === HASH_LENGTH && height >= 0) return { hash, height };
  throw new BadAnswerError(`a block at height ${height} with a hash of ${hash.length} bytes`);
}

/** The words of a node, as one line of a log. */
export function verdictOf(results: StructReader): BlockVerdict {
  return { ok: results.bool(0), reason: lineOf(results.text(0)), debug: lineOf(results.text(1)) };
}

function lineOf(words: string): string {
  return words.slice(0, MAX_WORDS).replace(CONTROLS, ' ').trim();
}
