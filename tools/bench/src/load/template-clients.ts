import { templateDistribution, type TemplatesFromClient, type TemplatesFromServer } from '@sv2kit/codec';
import { type CloseReason, type Connection, type ConnectionHandler, connect } from '@sv2kit/net';

export interface TemplateClientsOptions {
  readonly port: number;
  readonly authority: Uint8Array;
  readonly clients: number;
  /** Bytes that each client adds to the coinbase; of one client after the other, from the front again when there are more. */
  readonly coinbaseSizes?: readonly number[];
}

/** When the first and the last client had something; `performance.now()`. */
export interface Arrivals {
  readonly first: number;
  readonly last: number;
}

/** A new tip at all clients. */
export interface TipArrivals {
  /** SetNewPrevHash, with whatever template it names. */
  readonly tip: Arrivals;
  /** The first template on it that has transactions. */
  readonly full: Arrivals;
}

const CONNECTS_AT_ONCE = 64;
const PATIENCE_MS = 60_000;
const SIGOPS = 400;

/** Resolves when it was counted so often, with the first and the last time. */
class Countdown {
  readonly #done = Promise.withResolvers<Arrivals>();
  #left: number;
  #first: number | undefined;

  constructor(count: number) {
    this.#left = count;
  }

  get arrivals(): Promise<Arrivals> {
    return this.#done.promise;
  }

  count(): void {
    const now = performance.now();
    this.#first ??= now;
    this.#left -= 1;
    if (this.#left === 0) this.#done.resolve({ first: this.#first, last: now });
  }
}

/** One client: notes what came, and nothing of what was in it. */
class TemplateListener implements ConnectionHandler<TemplatesFromServer> {
  readonly #all: TemplateClients;
  readonly #connection: Connection<TemplatesFromClient>;
  /** By template id: whether it has transactions. */
  readonly #futures = new Map<bigint, boolean>();
  /** Whether the template of the tip at hand has transactions. */
  full = false;
  current: bigint | undefined;

  constructor(all: TemplateClients, connection: Connection<TemplatesFromClient>) {
    this.#all = all;
    this.#connection = connection;
  }

  send(message: TemplatesFromClient): void {
    this.#connection.send(message);
  }

  end(): void {
    this.#connection.end('bench over');
  }

  onMessage(message: TemplatesFromServer): void {
    switch (message.type) {
      case 'NewTemplate': {
        const full = message.merklePath.length > 0;
        if (message.futureTemplate) this.#futures.set(message.templateId, full);
        else this.#onWork(message.templateId, full);
        return;
      }
      case 'SetNewPrevHash': {
        const full = this.#futures.get(message.templateId) ?? false;
        this.#futures.clear();
        this.full = false;
        this.#all.onTip();
        return this.#onWork(message.templateId, full);
      }
      case 'RequestTransactionDataSuccess':
        return this.#all.onData();
      case 'RequestTransactionDataError':
        throw new Error(`transactions were refused: ${message.errorCode}`);
      default:
        return;
    }
  }

  onClose(reason: CloseReason): void {
    this.#all.onClose(reason);
  }

  #onWork(templateId: bigint, full: boolean): void {
    this.current = templateId;
    const better = this.full;
    this.full ||= full;
    if (full) this.#all.onFull(better);
  }
}

/** Pools and job declarator clients on one template provider, each with a connection of its own. */
export class TemplateClients {
  readonly #listeners: TemplateListener[] = [];
  #tip: Countdown | undefined;
  #full: Countdown | undefined;
  #better: Countdown | undefined;
  #data: Countdown | undefined;
  #over = false;

  /** Resolves when each of them has work with transactions, where the node has any. @param full - whether it has */
  static async open(options: TemplateClientsOptions): Promise<TemplateClients> {
    const all = new TemplateClients();
    const ready = new Countdown(options.clients);
    all.#full = ready;
    let next = 0;
    const connectSome = async (): Promise<void> => {
      while (next < options.clients) {
        next += 1;
        await all.#connect(options, next - 1);
      }
    };
    await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, connectSome));
    await ready.arrivals;
    all.#full = undefined;
    return all;
  }

  /** When the next tip is with all of them; call before it is made. */
  async nextTip(): Promise<TipArrivals> {
    const [tip, full] = [new Countdown(this.#listeners.length), new Countdown(this.#listeners.length)];
    [this.#tip, this.#full] = [tip, full];
    return { tip: await tip.arrivals, full: await full.arrivals };
  }

  /** When the next template of the same tip is with all of them; call before it is made. */
  async nextUpdate(): Promise<Arrivals> {
    this.#better = new Countdown(this.#listeners.length);
    return await this.#better.arrivals;
  }

  /** All ask for the transactions of what they have now. */
  async transactionData(): Promise<Arrivals> {
    this.#data = new Countdown(this.#listeners.length);
    for (const listener of this.#listeners) {
      if (listener.current === undefined) throw new Error('a client has no template');
      listener.send({ type: 'RequestTransactionData', templateId: listener.current });
    }
    return await this.#data.arrivals;
  }

  close(): void {
    this.#over = true;
    for (const listener of this.#listeners) listener.end();
  }

  onTip(): void {
    this.#tip?.count();
  }

  /** @param better - whether there was one with transactions on that tip already */
  onFull(better: boolean): void {
    if (better) this.#better?.count();
    else this.#full?.count();
  }

  onData(): void {
    this.#data?.count();
  }

  onClose({ code }: CloseReason): void {
    if (!this.#over) throw new Error(`the template provider ended a connection: ${code}`);
  }

  async #connect({ port, authority, coinbaseSizes = [100] }: TemplateClientsOptions, index: number): Promise<void> {
    let listener: TemplateListener | undefined;
    await connect({
      host: '127.0.0.1',
      port,
      authority,
      protocol: templateDistribution,
      connectMs: PATIENCE_MS,
      limits: { handshakeMs: PATIENCE_MS, setupMs: PATIENCE_MS },
      setup: { vendor: 'bench' },
      handler: (connection) => (listener = new TemplateListener(this, connection)),
    });
    if (listener === undefined) throw new Error('connected without a handler');
    this.#listeners.push(listener);
    listener.send({
      type: 'CoinbaseOutputConstraints',
      coinbaseOutputMaxAdditionalSize: coinbaseSizes[index % coinbaseSizes.length] ?? 0,
      coinbaseOutputMaxAdditionalSigops: SIGOPS,
    });
  }
}
