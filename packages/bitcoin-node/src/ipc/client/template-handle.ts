import type { Capability, Method } from '@sv2kit/capnp';
import { checkSolvedCoinbase, type CoinbaseTx } from './coinbase-tx.ts';
import { IpcError, isIpcError } from './ipc-error.ts';
import type { Lane } from './lane.ts';
import { IPC_LIMITS } from './limits.ts';
import type { IpcLink, LinkCallOptions } from './link.ts';
import { NodeWaits, type Waits } from './node-waits.ts';
import type { TemplateMethods } from './template-methods.ts';
import { type Renewal, TipWaits } from './tip-waits.ts';
import type { SolutionVerdict, TemplateSolution, WaitOptions } from './types.ts';

/** What all templates of a connection share. */
export interface TemplateContext {
  readonly link: IpcLink;
  readonly methods: TemplateMethods;
  /** Which way of handing in solutions the node takes, as far as it is known. */
  readonly submission: { index: number | undefined };
  /** Templates that are waited on: their waits end before the connection does. */
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
  readonly #waits: Waits<TemplateHandle>;
  #released = false;
  #solutions = 0;

  /** @param renewal where the node's own waits are not to be used */
  constructor(context: TemplateContext, template: Capability, renewal?: Renewal<TemplateHandle>) {
    this.#context = context;
    this.#template = template;
    this.#waits = renewal === undefined ? this.#nodeWaits() : new TipWaits(this, renewal);
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
   * A release that follows does not take it back.
   *
   * Rejects with `bad-coinbase` before anything is sent; with `too-new` when the node takes solutions in none of the
   * ways known.
   */
  async submitSolution(lane: Lane, solution: TemplateSolution): Promise<SolutionVerdict> {
    checkSolvedCoinbase(solution.coinbase);
    if (this.#released) throw released('BlockTemplate.submitSolution');
    this.#solutions += 1;
    try {
      return await this.#submit(lane, solution);
    } finally {
      this.#solutions -= 1;
      this.#giveBack();
    }
  }

  /**
   * The next template: on a new tip at once, on the same one when fees rose by the threshold, which is looked at once a
   * second (every five of version 30). Undefined after `timeoutMs`, after an interrupt, and when the node stops. Occupies
   * the lane.
   */
  async waitNext(lane: Lane, wait: WaitOptions): Promise<TemplateHandle | undefined> {
    if (this.#released) throw released('BlockTemplate.waitNext');
    this.#context.waitedOn.add(this);
    try {
      return await this.#waits.next(lane, wait);
    } catch (error) {
      if (isIpcError(error, 'released')) return undefined;
      throw error;
    }
  }

  /**
   * Ends the wait that is on; does nothing when none is. When it crosses the wait's own answer, the next wait on this
   * template ends at once: wait again then.
   */
  async interruptWait(): Promise<void> {
    if (!this.#released) await this.#waits.interrupt();
  }

  /** Gives the template back, and ends waits on it. A second time does nothing. */
  release(): void {
    if (this.#released) return;
    this.#waits.end();
    this.#released = true;
    this.#context.waitedOn.delete(this);
    this.#giveBack();
  }

  /** Solutions that are on their way are not taken back by a release. */
  #giveBack(): void {
    if (this.#released && this.#solutions === 0) this.#template.release();
  }

  /** In every way at once until one is known to work: a block must not wait for an answer, nor be lost with it. */
  async #submit(lane: Lane, solution: TemplateSolution): Promise<SolutionVerdict> {
    const { submission, link } = this.#context;
    const options = { urgent: true, timeoutMs: IPC_LIMITS.verdictTimeoutMs };
    const ways = this.#methods.submissions.filter(
      (_, index) => submission.index === undefined || index === submission.index,
    );
    const answers = ways.map((way) => {
      const method = this.#methods.submitSolution(lane.thread, way, solution);
      return { way, verdict: lane.run(() => link.call(this.#template, method, options)) };
    });
    for (const { verdict } of answers) verdict.catch(() => {});
    for (const { way, verdict } of answers) {
      try {
        const said = await verdict;
        submission.index = this.#methods.submissions.indexOf(way);
        return said;
      } catch (error) {
        if (!isIpcError(error, 'unimplemented', 'too-new')) throw error;
      }
    }
    throw this.#noWay();
  }

  get #methods(): TemplateMethods {
    return this.#context.methods;
  }

  #call<T>(lane: Lane, method: Method<T>, options?: LinkCallOptions): Promise<T> {
    return lane.run(async () => {
      if (this.#released) throw released(method.name);
      return await this.#context.link.call(this.#template, method, options);
    });
  }

  #nodeWaits(): Waits<TemplateHandle> {
    const { link, methods } = this.#context;
    const waits = new NodeWaits(link, methods, this.#template);
    return {
      next: async (lane, wait) => {
        const next = await waits.next(lane, wait);
        return next === undefined ? undefined : new TemplateHandle(this.#context, next);
      },
      interrupt: () => waits.interrupt(),
      end: () => waits.end(),
    };
  }

  #noWay(): IpcError {
    const method = 'BlockTemplate.submitSolution';
    const { path } = this.#context.link;
    const text = `${method}: the node at ${path} takes solutions in none of the ways known here: update sv2kit`;
    return new IpcError('too-new', text, { method, path });
  }
}

function released(method: string): IpcError {
  return new IpcError('released', `${method}: the template was released before: keep it for as long as it is used`, {
    method,
  });
}
