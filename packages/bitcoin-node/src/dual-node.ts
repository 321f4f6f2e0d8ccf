import { BestBlock } from './best-block.ts';
import { Checkers } from './checkers.ts';
import type { GuardableNode } from './guard/guarded-node.ts';
import type { RpcCaller } from './rpc/rpc-client.ts';
import { DecoderThread } from './decoding/decoder-thread.ts';
import { FallBack } from './fall-back.ts';
import type { Clock, Logger } from './host.ts';
import { IpcNode, type IpcNodeOptions } from './ipc/ipc-node.ts';
import type { JobChecker, JobCheckerOptions } from './job-check/job-checker.ts';
import type { CoinbaseReserve, Confirmation, NodeHealth, NodeTemplate, NodeTip, SubmitResult } from './node.ts';
import { raceSubmissions } from './race-submissions.ts';
import { RpcNode, type RpcNodeOptions } from './rpc/rpc-node.ts';
import { tipsOf } from './tips.ts';
import { sameBytes } from '@sv2kit/bitcoin';

/**
 * One node over both its IPC socket and its RPC. IPC gives templates and tips; the RPC stands in while IPC is away, has
 * the last word on where a block stands, and takes blocks beside IPC.
 */
export class DualNode implements GuardableNode {
  readonly name: string;
  readonly #ipc: IpcNode;
  readonly #rpc: RpcNode;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #fallBack: FallBack;
  readonly #checkers: Checkers;
  readonly #closing = new AbortController();

  constructor(options: IpcNodeOptions & RpcNodeOptions) {
    const { clock } = options;
    this.#clock = clock;
    const decoder = new DecoderThread();
    this.#rpc = new RpcNode(
      { ...options, log: options.log.child({ via: 'rpc' }) },
      {
        decoder,
        isStandby: () => this.#fallBack.isIpcThere && !this.#fallBack.isIpcOnTrial,
      },
    );
    this.name = options.name ?? this.#rpc.name;
    this.#log = options.log.child({ node: this.name });
    this.#ipc = new IpcNode(
      { ...options, name: this.name, log: options.log.child({ via: 'ipc' }) },
      { decoder, rpc: this.#rpc.caller },
    );
    this.#fallBack = new FallBack(this.#ipc.status, clock);
    this.#checkers = new Checkers({
      options: { ...options, log: this.#log },
      submitBlock: (block) => this.submitBlock(block),
      onTip: (listener) => this.onTip(listener),
    });
  }

  /** By IPC, or by an RPC that has answered; a password that is wrong is found out before a block is. */
  get takesBlocks(): boolean {
    return this.#ipc.takesBlocks || this.#rpc.health().chain !== undefined;
  }

  async *templates(
    signal: AbortSignal,
    reserve?: CoinbaseReserve,
    best = new BestBlock(),
  ): AsyncGenerator<NodeTemplate, void, void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    yield* this.#fallBack.merge(
      {
        ipc: (until) => this.#ipc.templates(until, reserve, best),
        rpc: (until) => this.#rpc.templates(until, reserve, best),
      },
      stop,
    );
  }

  tips(signal: AbortSignal): AsyncGenerator<NodeTip, void, void> {
    return tipsOf((listener) => this.onTip(listener), [signal, this.#closing.signal]);
  }

  /** Over both ways at once; what one of them says against it counts when the other has no better answer. */
  async submitBlock(block: Uint8Array, signal?: AbortSignal): Promise<SubmitResult> {
    return await raceSubmissions(
      [(stop) => this.#rpc.submitBlock(block, stop), (stop) => this.#ipc.submitBlock(block, stop)],
      { clock: this.#clock, signal },
    );
  }

  async confirm(hash: Uint8Array): Promise<Confirmation> {
    try {
      return await this.#rpc.confirm(hash);
    } catch (error) {
      this.#log.debug('a block cannot be confirmed by RPC', { error });
      return await this.#ipc.confirm(hash);
    }
  }

  jobChecker(options: JobCheckerOptions = {}): JobChecker {
    return this.#checkers.start(options);
  }

  get caller(): RpcCaller | undefined {
    return this.#ipc.caller ?? this.#rpc.caller;
  }

  onHealth(listener: () => void): Disposable {
    const ways = [this.#ipc.onHealth(listener), this.#rpc.onHealth(listener)];
    return {
      [Symbol.dispose]: () => {
        for (const way of ways) way[Symbol.dispose]();
      },
    };
  }

  /** IPC's while it is there, the RPC's while it is not; `reason` says what the other lacks. */
  health(): NodeHealth {
    const ipc = this.#ipc.health();
    const rpc = this.#rpc.health();
    const { isIpcThere, isIpcOnTrial } = this.#fallBack;
    if (isIpcOnTrial)
      return { ...ipc, reason: 'templates come by RPC until IPC has stayed for a while: it came and went' };
    if (isIpcThere && rpc.state !== 'away') return ipc;
    if (isIpcThere)
      return { ...ipc, reason: ipc.reason ?? `all goes by IPC, RPC is away: ${rpc.reason ?? 'no answer'}` };
    const trouble = `IPC is away: ${ipc.reason ?? 'no answer yet'}`;
    if (rpc.state === 'ok') return { ...rpc, reason: `templates come by RPC, ${trouble}` };
    return { ...rpc, reason: `${trouble}; RPC: ${rpc.reason ?? 'no answer yet'}` };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#fallBack.close();
    await Promise.all([this.#ipc.close(), this.#rpc.close(), this.#checkers[Symbol.asyncDispose]()]);
  }

  /** Each of them once, from the way that says so: the RPC is asked too seldom to matter while IPC is there. */
  onTip(listener: (tip: NodeTip) => void): Disposable {
    let last: Uint8Array | undefined;
    const tell = (tip: NodeTip): void => {
      if (last !== undefined && sameBytes(last, tip.hash)) return;
      last = tip.hash;
      listener(tip);
    };
    const ipc = this.#ipc.onTip(tell);
    const rpc = this.#rpc.onTip((tip) => {
      if (!this.#fallBack.isIpcThere) tell(tip);
    });
    return {
      [Symbol.dispose]: () => {
        ipc[Symbol.dispose]();
        rpc[Symbol.dispose]();
      },
    };
  }
}
