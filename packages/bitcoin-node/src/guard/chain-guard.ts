import { displayHash } from '@sv2kit/bitcoin';
import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import type { KnownBlock } from '../rpc/chain-check.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import { type ChainView, readChain } from './chain-view.ts';
import { judgeChain, judgeSight, type Refusal } from './judge.ts';

/** What is asked of a node beside that it answers. */
export interface ChainGuardOptions {
  /** Blocks that its chain must hold once it is that high: they tell apart the sides of a chain split. */
  readonly blocks?: readonly KnownBlock[] | undefined;
  /** Blocks that it may be behind its headers, its peers, or a branch that it calls invalid; 6 when absent. */
  readonly mostBlocksBehind?: number | undefined;
  /** Seconds by which this machine's clock, the node's and its peers' may differ; 30 when absent. */
  readonly mostClockSkew?: number | undefined;
}

/** Blocks that a node may be behind where nobody says another number. */
export const DEFAULT_MOST_BLOCKS_BEHIND = 6;
/** Seconds that clocks may differ where nobody says another number. */
export const DEFAULT_MOST_CLOCK_SKEW = 30;

export interface ChainGuardParts {
  readonly options: ChainGuardOptions;
  /** The node's JSON-RPC, by whichever way there is now. */
  readonly caller: () => RpcCaller | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onView: (view: ChainView) => void;
}

type State =
  /** The node was not asked since it is there. */
  | { readonly kind: 'unasked' }
  /** It is mined on. `unchecked`: what could not be asked. */
  | { readonly kind: 'passed'; readonly unchecked: string | undefined }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Judges one node: when it comes, at each new tip, and every few seconds. */
export class ChainGuard {
  readonly #parts: ChainGuardParts;
  readonly #blocks: readonly KnownBlock[];
  readonly #mostBlocksBehind: number;
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #timers: readonly Disposable[];
  #grace: Disposable | undefined;
  #state: State = { kind: 'unasked' };
  #looking: Promise<void> | undefined;
  #isAskedAgain = false;
  #isThere = false;
  #rounds = 0;

  constructor(parts: ChainGuardParts) {
    this.#parts = parts;
    const { blocks = [], mostBlocksBehind = DEFAULT_MOST_BLOCKS_BEHIND } = parts.options;
    this.#blocks = blocks;
    this.#mostBlocksBehind = mostBlocksBehind;
    this.#timers = [
      parts.clock.every(LIMITS.guardIntervalMs, () => {
        this.#rounds += 1;
        if (this.#isThere) this.look({ withBranches: this.#rounds % LIMITS.guardBranchesEvery === 0 });
      }),
    ];
  }

  /** Why the node is not mined on. */
  get refusal(): Refusal | undefined {
    return this.#state.kind === 'refused' ? this.#state.refusal : undefined;
  }

  /** What was to be checked and cannot be. */
  get unchecked(): string | undefined {
    return this.#state.kind === 'passed' ? this.#state.unchecked : undefined;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'passed';
  }

  /** Calls `listener` when the node was refused, or is mined on from now on. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Resolves when the node may be mined on, or the signal aborts. */
  passes(signal: AbortSignal): Promise<void> {
    if (this.isOpen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        if (!this.isOpen && !signal.aborted) return;
        listener[Symbol.dispose]();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const listener = this.onChange(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** The node is away: it may be another one when it comes back. What was refused stays so until it has been asked. */
  gone(): void {
    this.#isThere = false;
    this.#grace?.[Symbol.dispose]();
    this.#grace = undefined;
    if (this.#state.kind !== 'passed') return;
    this.#change({ kind: 'unasked' });
  }

  /** Its chain was taken back: nothing is mined on it before it has been asked again. */
  doubt(): void {
    if (this.#state.kind === 'passed') this.#change({ kind: 'unasked' });
    this.look();
  }

  /** A block was the node's best one: what there is to know where it answers no questions. @param hash internal byte order */
  saw(height: number, hash: Uint8Array): void {
    const known = this.#blocks.find((block) => block.height === height);
    if (known === undefined || this.#parts.caller() !== undefined) return;
    const refusal = judgeSight(height, displayHash(hash), displayHash(known.hash));
    if (refusal !== undefined) this.#change({ kind: 'refused', refusal });
    else if (this.#state.kind === 'refused') this.#change({ kind: 'passed', unchecked: undefined });
  }

  /** The node is there. */
  here(): void {
    if (this.#isThere) return;
    this.#isThere = true;
    this.look();
  }

  /** It has another tip, say. Calls while it is being asked are one more question when that is over. */
  look({ withBranches = true }: { readonly withBranches?: boolean } = {}): void {
    if (this.#closing.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#isAskedAgain ||= withBranches;
      return;
    }
    this.#looking = this.#ask(withBranches || this.#state.kind !== 'passed').finally(() => {
      this.#looking = undefined;
      if (!this.#isAskedAgain) return;
      this.#isAskedAgain = false;
      this.look();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#grace?.[Symbol.dispose]();
    await this.#looking;
  }

  async #ask(withBranches: boolean): Promise<void> {
    const { caller, clock, log, onView } = this.#parts;
    const { signal } = this.#closing;
    const rpc = caller();
    if (rpc === undefined) return this.#unable('it has no RPC, nor one over its IPC', { soon: true });
    try {
      const view = await readChain(rpc, { blocks: this.#blocks, withBranches, signal });
      if (signal.aborted) return;
      onView(view);
      const rules = { mostBlocksBehind: this.#mostBlocksBehind };
      const refusal = judgeChain(view, rules, Math.floor(clock.now() / 1000));
      this.#change(refusal === undefined ? { kind: 'passed', unchecked: undefined } : { kind: 'refused', refusal });
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      log.debug('the node could not be asked about its chain', { reason });
      this.#unable(reason, { soon: isAnswer(error) });
    }
  }

  /** Nobody answers: who has given templates goes on, who was refused stays so. `soon`: waiting changes nothing. */
  #unable(reason: string, { soon }: { readonly soon: boolean }): void {
    if (this.#state.kind !== 'unasked') return;
    const pass = (): void => this.#change({ kind: 'passed', unchecked: this.#uncheckedFor(reason) });
    if (soon) return pass();
    // Where no block is named, a node that answers over IPC alone is not waited for.
    if (this.#blocks.length === 0) pass();
    this.#grace ??= this.#parts.clock.after(LIMITS.ipcGraceMs, () => {
      this.#grace = undefined;
      if (this.#state.kind === 'unasked') pass();
      this.look();
    });
  }

  /** Only of what somebody has asked for: an IPC of before Bitcoin Core 32 alone is a usual thing to have. */
  #uncheckedFor(reason: string): string | undefined {
    if (this.#blocks.length === 0) return undefined;
    return `the blocks of chain_guard are not checked (${reason}): give the url of its RPC`;
  }

  #change(next: State): void {
    const before = this.#state;
    this.#state = next;
    const { log } = this.#parts;
    const was = before.kind === 'refused' ? before.refusal : undefined;
    const is = next.kind === 'refused' ? next.refusal : undefined;
    if (is !== undefined && is.as !== was?.as) log.error('the node is not mined on', { ...is });
    else if (is === undefined && was !== undefined) log.info('the node is mined on again', { was: was.as });
    if (next.kind === 'passed' && next.unchecked !== undefined && before.kind === 'unasked') {
      log.warn('the node cannot be held against the known blocks', { reason: next.unchecked });
    }
    if (before.kind === next.kind) return;
    for (const listener of this.#listeners) listener();
  }
}

/** Whether it was the node that said no. */
function isAnswer(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'rpc' || code === 'forbidden' || code === 'malformed' || code === 'unauthorized';
}
