import type { Capability, Method } from '@sv2kit/capnp';
import { checkSolvedCoinbase, type CoinbaseTx } from './coinbase-tx.ts';
import { IpcError, isIpcError } from './ipc-error.ts';
import type { Lane } from './lane.ts';
import { IPC_LIMITS } from './limits.ts';
import type { IpcLink, LinkCallOptions } from './link.ts';
import type { TemplateMethods } from './template-methods.ts';
import type { SolutionVerdict, TemplateSolution, WaitOptions } from './types.ts';

/** What all templates of a connection share. */
export interface TemplateContext {
  readonly link: IpcLink;
  readonly methods: TemplateMethods;
  /** Which way of handing in solutions the node takes, as far as it is known. */
  readonly submission: { index: number };
  /** Templates that are waited on: nodes of version 30 end when a connection breaks meanwhile. */
  readonly waitedOn: Set<TemplateHandle>;
}

/**
 * A template that the node keeps until it is released. It is never destroyed: a call that reaches a destroyed template
 * ends a node, while a released one is kept for as long as calls use it.
 *
 * Every method rejects with {@link IpcError}; `released` for calls after the release.
 */
export class TemplateHandle {
  readonly #context: TemplateContext;
  readonly #template: Capability;
  #waits = 0;
  #released = false;

  constructor(context: TemplateContext, template: Capability) {
    this.#context = context;
    this.#template = template;
  }

  /** 80 bytes; its merkle root is that of the node's own coinbase, and means nothing. */
  header(lane: Lane): Promise<Uint8Array> {
    return this.#call(lane, this.#methods.getBlockHeader(lane.thread));
  }

  coinbaseTx(lane: Lane): Promise<CoinbaseTx> {
    return this.#call(lane, this.#methods.getCoinbaseTx(lane.thread));
  }

  /** From the coinbase up; each 32 bytes. */
  merklePath(lane: Lane): Promise<readonly Uint8Array[]> {
    return this.#call(lane, this.#methods.getCoinbaseMerklePath(lane.thread));
  }

  /** In satoshis, one for each transaction but the coinbase. */
  fees(lane: Lane): Promise<bigint[]> {
    return this.#call(lane, this.#methods.getTxFees(lane.thread));
  }

  /** Sigop cost, one for each transaction but the coinbase. */
  sigops(lane: Lane): Promise<bigint[]> {
    return this.#call(lane, this.#methods.getTxSigops(lane.thread));
  }

  /** The whole block, up to 4 MB, with a coinbase that stands for the real one. */
  block(lane: Lane): Promise<Uint8Array> {
    return this.#call(lane, this.#methods.getBlock(lane.thread));
  }

  /**
   * Hands a solution in, at once. On nodes before version 32 the verdict is not `exact`: `ok` means that the block was
   * processed, be it valid, invalid or known. A refused solution changes the node's copy of the block: read it before.
   *
   * Rejects with `bad-coinbase` before anything is sent; with `too-new` when the node takes solutions in none of the
   * ways known.
   */
  async submitSolution(lane: Lane, solution: TemplateSolution): Promise<SolutionVerdict> {
    checkSolvedCoinbase(solution.coinbase);
    const { submission } = this.#context;
    const options = { urgent: true, timeoutMs: IPC_LIMITS.submitTimeoutMs };
    const ways = this.#methods.submissions;
    for (let index = submission.index; ; index += 1) {
      const way = ways[index];
      if (way === undefined) throw this.#noWay();
      try {
        const verdict = await this.#call(lane, this.#methods.submitSolution(lane.thread, way, solution), options);
        submission.index = index;
        return verdict;
      } catch (error) {
        if (!isIpcError(error, 'unimplemented', 'too-new')) throw error;
      }
    }
  }

  /**
   * The next template: on a new tip at once, on the same one when fees rose by the threshold, which the node looks at
   * once a second. Undefined after `timeoutMs`, after an interrupt, and when the node stops. Occupies the lane.
   */
  async waitNext(lane: Lane, wait: WaitOptions): Promise<TemplateHandle | undefined> {
    this.#waits += 1;
    this.#context.waitedOn.add(this);
    try {
      const options = { timeoutMs: IPC_LIMITS.callTimeoutMs + wait.timeoutMs };
      const next = await this.#call(lane, this.#methods.waitNext(lane.thread, wait), options);
      return next === undefined ? undefined : new TemplateHandle(this.#context, next);
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) this.#context.waitedOn.delete(this);
    }
  }

  /**
   * Ends the wait that is on; does nothing when none is. When it crosses the wait's own answer, the next wait on this
   * template ends at once: wait again then.
   */
  async interruptWait(): Promise<void> {
    if (this.#waits === 0 || this.#released) return;
    await this.#context.link.call(this.#template, this.#methods.interruptWait());
  }

  /** Gives the template back, and ends waits on it. A second time does nothing. */
  release(): void {
    if (this.#released) return;
    // One interrupt ends one wait.
    for (let wait = 0; wait < this.#waits; wait += 1) {
      this.#context.link.call(this.#template, this.#methods.interruptWait()).catch(() => {});
    }
    this.#released = true;
    this.#template.release();
  }

  get #methods(): TemplateMethods {
    return this.#context.methods;
  }

  #call<T>(lane: Lane, method: Method<T>, options?: LinkCallOptions): Promise<T> {
    return lane.run(async () => {
      if (this.#released)
        throw new IpcError('released', `${method.name}: the template was released`, { method: method.name });
      return await this.#context.link.call(this.#template, method, options);
    });
  }

  #noWay(): IpcError {
    const method = 'BlockTemplate.submitSolution';
    const { path } = this.#context.link;
    const text = `${method}: the node at ${path} takes solutions in none of the ways known here: update sv2kit`;
    return new IpcError('too-new', text, { method, path });
  }
}
