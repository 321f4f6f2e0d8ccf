import type { Clock, Logger } from '../host.ts';
import { LIMITS } from '../limits.ts';
import { subscribe, type ZmqSubscription } from '../rpc/zmq-subscription.ts';
import type { MempoolNews } from './messages.ts';

const HASH_BYTES = 32;

export interface MempoolFeedParts {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onNews: (news: MempoolNews) => void;
  /** A block was connected or disconnected. */
  readonly onBlock: () => void;
}

/**
 * What the node publishes of its mempool (`-zmqpubsequence`), some of it at a time. Runs on the main thread: a thread
 * that ends with a ZMQ socket open takes the whole process with it.
 */
export class MempoolFeed implements Disposable {
  readonly #parts: MempoolFeedParts;
  #added = new Set<string>();
  #removed = new Set<string>();
  #isComplete = true;
  #timer: Disposable | undefined;
  #subscription: ZmqSubscription | undefined;
  #isClosed = false;

  constructor(parts: MempoolFeedParts) {
    this.#parts = parts;
    const { endpoint, log } = parts;
    const topic = { endpoint, topic: 'sequence', log };
    const onGap = (): void => this.#lose();
    subscribe({ ...topic, onGap, onBody: (body) => this.#onBody(body) }).then(
      (subscription) => {
        if (this.#isClosed) subscription.close();
        else this.#subscription = subscription;
      },
      (error: unknown) => log.error('ZMQ is not usable; polling instead', { endpoint, error }),
    );
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#subscription?.close();
  }

  #onBody(body: Uint8Array): void {
    // Published in the order in which hashes are shown.
    const hash = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, HASH_BYTES)).toString('hex');
    switch (String.fromCharCode(body[HASH_BYTES] ?? 0)) {
      case 'A':
        this.#removed.delete(hash);
        this.#added.add(hash);
        if (this.#added.size > LIMITS.maxAnnouncedTransactions) this.#lose();
        return this.#soon();
      case 'R':
        this.#added.delete(hash);
        this.#removed.add(hash);
        return this.#soon();
      case 'C':
      case 'D':
        return this.#parts.onBlock();
      default:
        return this.#parts.log.warn('unexpected ZMQ message ignored', { bodyBytes: body.length });
    }
  }

  /** Not all is known: the whole list has to be asked for. */
  #lose(): void {
    this.#isComplete = false;
    this.#added.clear();
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= this.#parts.clock.after(LIMITS.announcementDelayMs, () => {
      this.#timer = undefined;
      const news = { added: [...this.#added], removed: [...this.#removed], isComplete: this.#isComplete };
      this.#added = new Set();
      this.#removed = new Set();
      this.#isComplete = true;
      this.#parts.onNews(news);
    });
  }
}
