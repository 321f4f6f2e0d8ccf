import type { HeldTemplate } from '@sv2kit/bitcoin-node';
import type { RequestTransactionDataError, TemplatesFromServer } from '@sv2kit/codec';
import type { Clock } from '@sv2kit/daemon';
import { addressGroup, type Connection, type NetCloseReason } from '@sv2kit/net';
import type { TemplatePublisher } from '@sv2kit/templates';
import { EncodedAnswers } from './encoded-answers.ts';
import type { HeldTemplates } from './held-templates.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import type { TemplateProviderMetrics } from './metrics.ts';

export interface TransactionAnswersDeps {
  readonly publisher: Pick<TemplatePublisher<HeldTemplate>, 'transactionData'>;
  readonly held: Pick<HeldTemplates, 'complete'>;
  readonly clock: Clock;
  readonly metrics: Pick<TemplateProviderMetrics, 'transactionData' | 'transactionDataBytes'>;
}

/** A client that has asked for something, or reads an answer. */
class Asker {
  readonly connection: Connection<TemplatesFromServer>;
  readonly address: string;
  /** Template ids, in the order of the requests. */
  readonly requests: bigint[] = [];
  /** Bytes of the answer that it has not read yet. */
  underWay = 0;
  /** Since when, unix ms. */
  underWaySinceMs = 0;
  /** Its first request waits for a node. */
  isWaiting = false;
  /** A request for which no node gave the transactions. */
  failed: bigint | undefined;

  constructor(connection: Connection<TemplatesFromServer>) {
    this.connection = connection;
    this.address = addressGroup(connection.remote.address);
  }

  get isReady(): boolean {
    return this.requests.length > 0 && this.underWay === 0 && !this.isWaiting && !this.connection.congested;
  }
}

/**
 * Answers RequestTransactionData (§7.4), each with up to a whole block. A client has one answer under way at a time, an
 * address and all together no more than a budget; the others wait their turn. Nothing of it keeps a tip waiting.
 */
export class TransactionAnswers {
  readonly #deps: TransactionAnswersDeps;
  readonly #encoded = new EncodedAnswers();
  readonly #askers = new Map<number, Asker>();
  /** Those with a request that may be answered now, in turn. */
  readonly #ready = new Set<Asker>();
  readonly #perAddress = new Map<string, number>();
  #bytes = 0;
  /** What this turn of the event loop has sealed. */
  #turnBytes = 0;

  constructor(deps: TransactionAnswersDeps) {
    this.#deps = deps;
  }

  /** Requests that wait for their answer. */
  get waiting(): number {
    let count = 0;
    for (const { requests } of this.#askers.values()) count += requests.length;
    return count;
  }

  /** Bytes of answers that clients have not read yet. */
  get bytesUnderWay(): number {
    return this.#bytes;
  }

  /** A client asks. */
  ask(connection: Connection<TemplatesFromServer>, templateId: bigint): void {
    const asker = this.#askers.get(connection.id) ?? new Asker(connection);
    this.#askers.set(connection.id, asker);
    asker.requests.push(templateId);
    this.#makeReady(asker);
    this.#serve();
  }

  /** The client has read everything. */
  drained(id: number): void {
    const asker = this.#askers.get(id);
    if (asker === undefined) return;
    this.#settle(asker);
    this.#makeReady(asker);
    this.#serve();
  }

  gone(id: number): void {
    const asker = this.#askers.get(id);
    if (asker === undefined) return;
    this.#askers.delete(id);
    this.#ready.delete(asker);
    asker.requests.length = 0;
    this.#settle(asker);
    this.#serve();
  }

  /** Ends connections whose answer takes too long to be read: it takes room from others. To be called now and then. */
  sweep(): void {
    const since = this.#deps.clock.now() - LIMITS.transactionDataReadMs;
    for (const { connection, underWay, underWaySinceMs } of this.#askers.values()) {
      if (underWay > 0 && underWaySinceMs <= since) connection.destroy('slow-reader' satisfies NetCloseReason);
    }
  }

  #makeReady(asker: Asker): void {
    if (asker.isReady) this.#ready.add(asker);
    else if (asker.requests.length === 0 && asker.underWay === 0) this.#askers.delete(asker.connection.id);
  }

  #settle(asker: Asker): void {
    this.#add(asker, -asker.underWay);
  }

  #add(asker: Asker, bytes: number): void {
    asker.underWay += bytes;
    this.#bytes += bytes;
    const ofAddress = (this.#perAddress.get(asker.address) ?? 0) + bytes;
    if (ofAddress > 0) this.#perAddress.set(asker.address, ofAddress);
    else this.#perAddress.delete(asker.address);
    this.#deps.metrics.transactionDataBytes.set(this.#bytes);
  }

  /** Answers whoever is ready, as far as the budget and this turn of the event loop allow. */
  #serve(): void {
    for (const asker of this.#ready) {
      if (this.#turnBytes >= LIMITS.transactionDataTurnBytes) return; // the next turn goes on
      if (this.#bytes >= LIMITS.transactionDataBytes) return; // somebody reads, or ends
      if ((this.#perAddress.get(asker.address) ?? 0) >= this.#share) continue;
      this.#ready.delete(asker);
      const bytes = this.#answer(asker);
      if (bytes > 0) this.#spend(bytes);
      this.#makeReady(asker);
    }
  }

  /** What one address may have under way: the less, the more the others have, so that none finds nothing left. */
  get #share(): number {
    return (LIMITS.transactionDataBytes - this.#bytes) / LIMITS.transactionDataShare;
  }

  #spend(bytes: number): void {
    if (this.#turnBytes === 0) setImmediate(() => this.#nextTurn());
    this.#turnBytes += bytes;
  }

  #nextTurn(): void {
    this.#turnBytes = 0;
    this.#serve();
  }

  /** Answers its first request, or waits for what that needs; returns the bytes that it took. */
  #answer(asker: Asker): number {
    const { publisher, clock, metrics } = this.#deps;
    const [templateId] = asker.requests;
    if (templateId === undefined || !asker.isReady) return 0;
    const answer = publisher.transactionData(templateId, clock.now());
    if ('kind' in answer) {
      if (asker.failed !== templateId) {
        this.#wait(asker, templateId, answer.origin);
        return 0;
      }
      return this.#refuse(asker, { type: 'RequestTransactionDataError', templateId, errorCode: 'stale-template-id' });
    }
    if (answer.type === 'RequestTransactionDataError') return this.#refuse(asker, answer);
    asker.requests.shift();
    metrics.transactionData.inc({ outcome: 'success' });
    const frame = this.#encoded.frameOf(answer);
    asker.connection.sendFrame(frame);
    asker.connection.flush();
    if (asker.connection.congested) {
      asker.underWaySinceMs = clock.now();
      this.#add(asker, frame.length);
    }
    return frame.length;
  }

  #refuse(asker: Asker, refusal: RequestTransactionDataError): number {
    asker.requests.shift();
    asker.failed = undefined;
    this.#deps.metrics.transactionData.inc({ outcome: refusal.errorCode });
    asker.connection.send(refusal);
    return 0;
  }

  /** The transactions are with the node: its answer is awaited, for a while. */
  #wait(asker: Asker, templateId: bigint, origin: HeldTemplate): void {
    asker.isWaiting = true;
    const late = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(LIMITS.transactionDataWaitMs, late.resolve);
    const here = this.#deps.held.complete(origin).catch(() => {}); // said in the log; what is there is asked again
    void Promise.race([here, late.promise]).then(() => {
      timer[Symbol.dispose]();
      asker.isWaiting = false;
      asker.failed = templateId;
      this.#makeReady(asker);
      this.#serve();
    });
  }
}
