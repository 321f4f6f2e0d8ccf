import { HEADER_LENGTH, identifyTransaction, sameBytes } from '@sv2kit/bitcoin';
import { TransactionCursor } from '../../decoding/transaction-cursor.ts';
import type { Clock, Logger } from '../../host.ts';
import { isIpcError } from '../../ipc/client/ipc-error.ts';
import type { Lane } from '../../ipc/client/lane.ts';
import type { MiningClient } from '../../ipc/client/mining-client.ts';
import type { TemplateHandle } from '../../ipc/client/template-handle.ts';
import { LIMITS } from '../../limits.ts';
import { hashKey, shownHash } from '../checked-transaction.ts';
import type { KnownTransactions } from '../known-transactions.ts';
import type { RecentTransactions } from '../recent-transactions.ts';
import { RESERVE } from './reserve.ts';

export interface OwnTemplatesParts {
  readonly client: MiningClient;
  /** For nothing else. */
  readonly lane: Lane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly known: KnownTransactions;
  /** What is known with its fee need not be kept in here. */
  readonly fetched: RecentTransactions;
  readonly intervalMs: number;
  /** Whether what they do not hold is to be forgotten: nobody else tells what the mempool holds. */
  readonly isAlone: boolean;
}

/**
 * Learns transactions and their fees from templates of the node's own: one for each tip, and one now and then between.
 * The mining interface tells of fees nowhere else.
 */
export class OwnTemplates {
  readonly #parts: OwnTemplatesParts;
  #path: readonly Uint8Array[] | undefined;
  #timer: Disposable | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #startedAtMs = 0;
  #tookMs = 0;
  #isClosed = false;

  constructor(parts: OwnTemplatesParts) {
    this.#parts = parts;
  }

  /** The tip is another. */
  look(): void {
    if (this.#looking === undefined) void this.#look();
    else this.#lookAgain = true;
  }

  /** Somebody misses transactions: resolves when a template was looked at, unless that was a moment ago. */
  async refresh(): Promise<void> {
    const restMs = Math.max(LIMITS.mempoolMinIntervalMs, this.#tookMs / LIMITS.missingDuty);
    const isFresh = this.#parts.clock.now() - this.#startedAtMs < restMs;
    if (this.#looking === undefined && isFresh) return;
    await this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
      if (this.#isClosed) return;
      if (this.#lookAgain) return this.look();
      const { clock, intervalMs } = this.#parts;
      const restMs = Math.min(this.#tookMs / LIMITS.mempoolDuty, LIMITS.mempoolMaxIntervalMs);
      this.#timer = clock.after(Math.max(intervalMs, restMs), () => this.look());
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const { client, lane, clock, log } = this.#parts;
    this.#timer?.[Symbol.dispose]();
    this.#lookAgain = false;
    this.#startedAtMs = clock.now();
    try {
      const template = await client.createNewBlock(lane, RESERVE, { cooldown: false });
      if (template === undefined) return;
      try {
        await this.#read(template);
      } finally {
        template.release();
      }
    } catch (error) {
      if (this.#isClosed) return;
      // Nothing is lost but time; when the connection has ended, whoever follows the tips knows as well.
      if (isIpcError(error)) log.debug('a template of the node was not read', { reason: error.message });
      else log.error('a template of the node was not read', { error });
    } finally {
      this.#tookMs = clock.now() - this.#startedAtMs;
    }
  }

  async #read(template: TemplateHandle): Promise<void> {
    const { lane, known, fetched, clock, isAlone } = this.#parts;
    const path = await template.merklePath(lane);
    if (this.#path !== undefined && isSame(path, this.#path)) return;
    const fees = await template.fees(lane);
    const block = await template.block(lane);
    this.#path = path;
    const listed = new Set<string>();
    for (const [index, data] of Array.from(transactionsOf(block)).entries()) {
      const fee = fees[index];
      const { txid, wtxid } = identifyTransaction(data);
      if (fee !== undefined) {
        known.learn(hashKey(wtxid), data, Number(fee));
        fetched.forget(hashKey(wtxid));
      }
      listed.add(shownHash(hashKey(txid)));
    }
    if (isAlone) known.reconcile(listed, clock.now());
  }
}

/** Without the coinbase. */
function* transactionsOf(block: Uint8Array): Generator<Uint8Array> {
  const cursor = new TransactionCursor(block, HEADER_LENGTH);
  const count = cursor.count();
  for (let index = 0; index < count; index += 1) {
    const transaction = cursor.transaction();
    if (index > 0) yield transaction;
  }
}

function isSame(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((hash, index) => sameBytes(hash, other[index] ?? new Uint8Array(0)));
}
