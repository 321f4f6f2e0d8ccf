import { sameBytes } from '@sv2kit/bitcoin';
import { BestBlock } from '../best-block.ts';
import type { CheckingNode } from '../create-node.ts';
import type { Clock, Logger } from '../host.ts';
import type { JobChecker, JobCheckerOptions } from '../job-check/job-checker.ts';
import type { CoinbaseReserve, Confirmation, NodeHealth, NodeTemplate, NodeTip, SubmitResult } from '../node.ts';
import { letGo } from '../pull.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import { tipsOf } from '../tips.ts';
import { ChainGuard, type ChainGuardOptions, DEFAULT_MOST_CLOCK_SKEW } from './chain-guard.ts';
import { ClockWatch } from './clock-watch.ts';

/** A node as its guard needs it. */
export interface GuardableNode extends CheckingNode {
  templates(signal: AbortSignal, reserve?: CoinbaseReserve, best?: BestBlock): AsyncIterable<NodeTemplate>;
  /** Its JSON-RPC, by whichever way there is now. */
  readonly caller: RpcCaller | undefined;
  /** Calls `listener` for each best block that follows the one known now. */
  onTip(listener: (tip: NodeTip) => void): Disposable;
  /** Calls `listener` when its health has changed. */
  onHealth(listener: () => void): Disposable;
}

export interface GuardedNodeParts {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A node that gives templates and tips only while it is on the chain that is meant, and up with it; and whose clock is
 * looked at. Blocks go to it whatever is thought of it.
 */
export class GuardedNode implements CheckingNode {
  readonly #node: GuardableNode;
  readonly #guard: ChainGuard;
  readonly #clockWatch: ClockWatch;
  readonly #closing = new AbortController();
  readonly #listeners: readonly Disposable[];
  #best: { readonly height: number; readonly hash: Uint8Array } | undefined;

  constructor(node: GuardableNode, options: ChainGuardOptions, { clock, log }: GuardedNodeParts) {
    this.#node = node;
    this.#clockWatch = new ClockWatch(options.mostClockSkew ?? DEFAULT_MOST_CLOCK_SKEW);
    this.#guard = new ChainGuard({
      options,
      caller: () => node.caller,
      clock,
      log: log.child({ node: node.name }),
      onView: (view) => this.#clockWatch.sawChain(view, clock.now()),
    });
    this.#listeners = [node.onTip((tip) => this.#onTip(tip)), node.onHealth(() => this.#lookSoon())];
    this.#look();
  }

  get name(): string {
    return this.#node.name;
  }

  get takesBlocks(): boolean {
    return this.#node.takesBlocks;
  }

  /** Those of the node, from the beginning each time that it is mined on again. */
  async *templates(signal: AbortSignal, reserve?: CoinbaseReserve): AsyncGenerator<NodeTemplate, void, void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const best = new BestBlock();
    while (!stop.aborted) {
      const run = new AbortController();
      using _guard = this.#guard.onChange(() => {
        if (this.#guard.refusal !== undefined) run.abort();
      });
      for await (const template of this.#node.templates(AbortSignal.any([stop, run.signal]), reserve, best)) {
        this.#clockWatch.sawTemplate(template);
        this.#isOn(template.height - 1, template.prevHash);
        await this.#guard.passes(AbortSignal.any([stop, run.signal]));
        if (stop.aborted || run.signal.aborted) {
          letGo(template);
          break;
        }
        yield template;
      }
      await this.#guard.passes(stop);
    }
  }

  tips(signal: AbortSignal): AsyncGenerator<NodeTip, void, void> {
    const onTip = (listener: (tip: NodeTip) => void) =>
      this.#node.onTip((tip) => {
        if (this.#guard.refusal === undefined) listener(tip);
      });
    return tipsOf(onTip, [signal, this.#closing.signal]);
  }

  submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult> {
    return this.#node.submitBlock(block, signal);
  }

  confirm(hash: Uint8Array): Promise<Confirmation> {
    return this.#node.confirm(hash);
  }

  jobChecker(options?: JobCheckerOptions): JobChecker {
    return this.#node.jobChecker(options);
  }

  health(): NodeHealth {
    const own = this.#node.health();
    const clock = this.#clockWatch.trouble();
    const health = clock === undefined ? own : { ...own, clock };
    const { refusal, unchecked } = this.#guard;
    if (refusal !== undefined && own.state !== 'away') return { ...health, state: refusal.as, reason: refusal.reason };
    if (unchecked === undefined || own.reason !== undefined) return health;
    return { ...health, reason: unchecked };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    await Promise.all([this.#guard.close(), this.#node.close()]);
  }

  #onTip({ height, hash }: NodeTip): void {
    if (!this.#isOn(height, hash)) this.#guard.look();
  }

  /** @returns whether its chain was taken back for this, which nobody trusts unasked: a new block costs no question. */
  #isOn(height: number, hash: Uint8Array): boolean {
    const before = this.#best;
    if (before !== undefined && sameBytes(before.hash, hash)) return false;
    this.#best = { height, hash };
    this.#guard.saw(height, hash);
    const isBack = before !== undefined && height <= before.height;
    if (isBack) this.#guard.doubt();
    return isBack;
  }

  /** A connection that is up is not yet the one that questions go over. */
  #lookSoon(): void {
    queueMicrotask(() => this.#look());
  }

  #look(): void {
    const { state } = this.#node.health();
    if (state === 'ok' || state === 'ibd') this.#guard.here();
    else this.#guard.gone();
  }
}
