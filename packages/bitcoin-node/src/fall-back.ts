import { sameBytes } from '@sv2kit/bitcoin';
import type { Clock } from './host.ts';
import { LIMITS } from './limits.ts';
import type { HeldTemplate, NodeTemplate, WholeTemplate } from './node.ts';
import type { NodeStatus } from './node-status.ts';
import { Inbox, letGo, Pull, type Source, templateOf } from './pull.ts';

export interface Sources {
  readonly ipc: Source<HeldTemplate>;
  readonly rpc: Source<WholeTemplate>;
}

/** Decides which of two ways to a node its templates come by. */
export class FallBack {
  readonly #ipc: NodeStatus;
  readonly #clock: Clock;
  readonly #listener: Disposable;
  readonly #waiting = new Set<() => void>();
  #grace: Disposable | undefined;
  /** Whether IPC has been without templates for so long that the RPC stands in. */
  #isAway = false;
  /** IPC did not last when it was back: next time it must, before its templates count. */
  #mustSettle = false;
  #settling: Disposable | undefined;
  #backSinceMs: number | undefined;

  constructor(ipc: NodeStatus, clock: Clock) {
    this.#ipc = ipc;
    this.#clock = clock;
    this.#listener = ipc.onChange(() => this.#look());
    this.#look();
  }

  /** Whether the node gives templates by IPC, or has none to give. */
  get isIpcThere(): boolean {
    const { state } = this.#ipc.health();
    return state === 'ok' || state === 'ibd';
  }

  /** Whether IPC is back, after it did not last, and the RPC gives templates until it has stayed. */
  get isIpcOnTrial(): boolean {
    return this.#mustSettle && this.isIpcThere;
  }

  /** Templates by IPC; by RPC from when IPC has been away for some time until IPC is back, with a template. */
  async *merge(sources: Sources, signal: AbortSignal): AsyncGenerator<NodeTemplate, void, void> {
    using inbox = new Inbox(signal, this.#waiting);
    const ipc = new Pull(sources.ipc, signal, inbox);
    let rpc: Pull | undefined;
    /** Of IPC, while it is to be seen whether that stays. */
    let parked: NodeTemplate | undefined;
    let prevHash: Uint8Array | undefined;
    try {
      while (!signal.aborted) {
        if (this.#isAway) rpc ??= new Pull(sources.rpc, signal, inbox);
        ipc.ask();
        rpc?.ask();
        if (parked !== undefined && !this.isIpcThere) parked = letGo(parked);
        // A new tip waits for nothing.
        if (parked !== undefined && (!this.#mustSettle || !isOn(prevHash, parked))) {
          rpc = this.#goBack(rpc);
          const template = parked;
          parked = undefined;
          prevHash = template.prevHash;
          yield template;
          continue;
        }
        const event = inbox.take();
        if (event === undefined) {
          await inbox.change();
          continue;
        }
        const template = templateOf(event);
        if (template === undefined) return;
        if (event.from === ipc && rpc !== undefined) {
          letGo(parked);
          parked = template;
        } else if (event.from === ipc || event.from === rpc) {
          prevHash = template.prevHash;
          yield template;
        }
      }
    } finally {
      letGo(parked);
      ipc.stop();
      rpc?.stop();
    }
  }

  close(): void {
    this.#listener[Symbol.dispose]();
    this.#grace?.[Symbol.dispose]();
    this.#settling?.[Symbol.dispose]();
  }

  /** The RPC has done its part. */
  #goBack(rpc: Pull | undefined): undefined {
    rpc?.stop();
    this.#isAway = false;
    this.#backSinceMs = this.#clock.now();
  }

  #look(): void {
    if (this.isIpcThere) {
      // Those who wait go back when they have a template.
      if (this.#waiting.size === 0) this.#isAway = false;
      this.#settle();
      return;
    }
    this.#settling?.[Symbol.dispose]();
    this.#settling = undefined;
    if (this.#grace === undefined) this.#watch();
  }

  #settle(): void {
    if (!this.#mustSettle) return;
    this.#settling ??= this.#clock.after(LIMITS.ipcSettledMs, () => {
      this.#mustSettle = false;
      this.#settling = undefined;
      this.#wakeAll();
    });
  }

  /** A connection that only comes and goes is no way to templates: what counts is that there is one in time. */
  #watch(): void {
    const sinceMs = this.#clock.now();
    this.#grace = this.#clock.after(LIMITS.ipcGraceMs, () => {
      this.#grace = undefined;
      if (this.#hasServedSince(sinceMs)) return this.#look();
      this.#isAway = true;
      this.#mustSettle ||= this.#backSinceMs !== undefined && sinceMs - this.#backSinceMs < LIMITS.ipcSettledMs;
      if (this.isIpcThere) this.#settle();
      this.#wakeAll();
    });
  }

  #hasServedSince(ms: number): boolean {
    const { state, lastTemplateAtMs = Number.NEGATIVE_INFINITY } = this.#ipc.health();
    return state === 'ibd' || lastTemplateAtMs >= ms || (state === 'ok' && this.#waiting.size === 0);
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }
}

function isOn(prevHash: Uint8Array | undefined, template: NodeTemplate): boolean {
  return prevHash !== undefined && sameBytes(prevHash, template.prevHash);
}
