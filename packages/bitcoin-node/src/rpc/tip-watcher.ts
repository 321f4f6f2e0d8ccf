import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { type CheckedChain, checkChain, type ExpectedChain, WrongChainError } from './chain-check.ts';
import { Fields } from './fields.ts';
import type { Clock, Logger } from '../host.ts';
import type { NodeTip } from '../node.ts';
import type { NodeStatus } from '../node-status.ts';
import type { RpcCaller } from './rpc-client.ts';
import { RpcError } from './rpc-error.ts';
import { subscribeToBlocks } from './zmq-blocks.ts';
import type { ZmqSubscription } from './zmq-subscription.ts';

/** With ZMQ, polling only finds out what was missed. */
const POLL_EVERY_WITH_ZMQ = 2;
/** Beside another way to the node, polling only tells whether this one would work. */
const POLL_EVERY_ON_STANDBY = 10;

export interface TipWatcherParts {
  readonly client: RpcCaller;
  readonly status: NodeStatus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly expected: ExpectedChain;
  readonly pollIntervalMs: number;
  readonly zmqHashBlock?: string | undefined;
  readonly isStandby?: (() => boolean) | undefined;
}

/**
 * Knows the node's best block: from ZMQ at once where the node publishes it, by polling a small call otherwise. The
 * same call is the heartbeat that tells whether the node is there and on the right chain.
 */
export class TipWatcher {
  readonly #parts: TipWatcherParts;
  readonly #listeners = new Set<(tip: NodeTip) => void>();
  readonly #abort = new AbortController();
  #announcements: ZmqSubscription | undefined;
  #announces = false;
  #timer: Disposable | undefined;
  #current: string | undefined;
  #next: string | undefined;
  #checked: Promise<CheckedChain> | undefined;
  #isPolling = false;
  #isReading = false;
  #polls = 0;

  constructor(parts: TipWatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, pollIntervalMs, zmqHashBlock, log } = this.#parts;
    this.#timer = clock.every(pollIntervalMs, () => this.#onTick());
    void this.#poll();
    if (zmqHashBlock === undefined) return;
    subscribeToBlocks(zmqHashBlock, (hash) => this.#onAnnounced(displayHash(hash)), log).then(
      (announcements) => {
        if (this.#abort.signal.aborted) announcements.close();
        else this.#announcements = announcements;
      },
      (error: unknown) => log.error('ZMQ is not usable; polling instead', { endpoint: zmqHashBlock, error }),
    );
  }

  close(): void {
    this.#abort.abort();
    this.#timer?.[Symbol.dispose]();
    this.#announcements?.close();
    this.#listeners.clear();
  }

  /**
   * Whether the last best block was announced by the node: then nothing else need wait for the next one. A long poll
   * would make the node build its template first, and answer for the header of the block only after that.
   */
  get announces(): boolean {
    return this.#announces;
  }

  /** Calls `listener` for each best block that follows the one known now. */
  onTip(listener: (tip: NodeTip) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Resolves once the node has been seen on the right chain since it was last away.
   *
   * @throws WrongChainError, RpcError
   */
  async ready(): Promise<void> {
    this.#checked ??= this.#check();
    try {
      const { isComplete } = await this.#checked;
      this.#parts.status.up();
      if (!isComplete) this.#checked = undefined;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** A call to the node failed: it may be another node when it comes back. */
  failed(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#checked = undefined;
    this.#parts.status.away(error instanceof Error ? error.message : String(error));
    if (!(error instanceof RpcError || error instanceof WrongChainError)) {
      this.#parts.log.error('asking the node failed in an unforeseen way', { error });
    }
  }

  async #check(): Promise<CheckedChain> {
    const { client, expected, status } = this.#parts;
    const info = await checkChain(client, expected, this.#abort.signal);
    status.isOn(info.chain);
    status.tipIs(info.blocks);
    return info;
  }

  #onTick(): void {
    this.#polls += 1;
    if (this.#polls % this.#pollEvery() === 0) void this.#poll();
  }

  #pollEvery(): number {
    if (this.#parts.isStandby?.() === true) return POLL_EVERY_ON_STANDBY;
    return this.#announcements === undefined || this.#parts.status.isAway ? 1 : POLL_EVERY_WITH_ZMQ;
  }

  #onAnnounced(hash: string): void {
    this.#announces = true;
    this.#note(hash);
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      await this.ready();
      const hash = await this.#parts.client.call('getbestblockhash', [], { signal: this.#abort.signal });
      if (typeof hash !== 'string') throw new RpcError('malformed', 'getbestblockhash: the result is not text');
      const isNews = this.#current !== undefined && hash !== this.#current && hash !== this.#next;
      this.#note(hash);
      if (this.#announcements !== undefined && isNews) {
        this.#announces = false;
        this.#parts.log.warn('the node announced no block over ZMQ that polling found', { hash });
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.#isPolling = false;
    }
  }

  /** `hash` is the best block, as the node shows it. Reads of its header follow each other; the newest wins. */
  #note(hash: string): void {
    if (hash === this.#current && this.#next === undefined) return;
    if (this.#current === undefined) {
      this.#current = hash;
      return;
    }
    this.#next = hash;
    if (!this.#isReading) void this.#readNext();
  }

  async #readNext(): Promise<void> {
    this.#isReading = true;
    try {
      for (let hash = this.#next; hash !== undefined; hash = this.#next) {
        const tip = hash === this.#current ? undefined : await this.#read(hash);
        if (this.#next === hash) this.#next = undefined;
        if (tip === undefined) continue;
        this.#current = hash;
        this.#parts.status.tipIs(tip.height);
        for (const listener of this.#listeners) listener(tip);
      }
    } catch (error) {
      // Polling finds it again.
      this.#next = undefined;
      this.failed(error);
    } finally {
      this.#isReading = false;
    }
  }

  #read(hash: string): Promise<NodeTip | undefined> {
    const { client, clock } = this.#parts;
    return readTip(client, hash, clock, this.#abort.signal);
  }
}

/**
 * What the header of a block says; undefined when it is not in the best chain.
 *
 * @param hash as the node shows it
 * @throws RpcError
 */
export async function readTip(
  caller: RpcCaller,
  hash: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<NodeTip | undefined> {
  const method = 'getblockheader';
  const fields = new Fields(method, await caller.call(method, [hash, true], { signal }));
  if (fields.integer('confirmations', -1) < 1) return undefined; // overtaken meanwhile
  return {
    hash: fromDisplayHash(hash),
    previousHash: fields.hash('previousblockhash'),
    height: fields.integer('height'),
    nbits: fields.nbits('bits'),
    medianTime: fields.integer('mediantime'),
    receivedAtMs: clock.now(),
  };
}
