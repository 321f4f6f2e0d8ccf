import type { Id } from './envelope.ts';
import { Outbox } from './outbox.ts';
import { type WritableMinerRequest, writeMinerRequest } from './write-miner-requests.ts';

/** Requests to a pool whose answers matter. */
export type Asked =
  | { readonly kind: 'configure' }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'authorise' }
  /** Of a further user name. */
  | { readonly kind: 'worker'; readonly username: string };

/** What an answer is to. */
type Answered = Asked | { readonly kind: 'share'; readonly ticket: number };

/** Our requests to one pool: their ids, and which of them wait for answers. */
export class PoolRequests {
  readonly #mostShares: number;
  readonly #mostAsked: number;
  readonly #outbox = new Outbox();
  readonly #asked = new Map<number, Asked>();
  /** Tickets of shares without an answer, oldest first. */
  readonly #shares = new Set<number>();
  #lastId = 0;

  /** @param mostShares that wait for an answer, and `mostAsked` of the others; the oldest is forgotten */
  constructor(mostShares: number, mostAsked: number) {
    this.#mostShares = mostShares;
    this.#mostAsked = mostAsked;
  }

  get unansweredShares(): number {
    return this.#shares.size;
  }

  /** An answer to the pool's own request. */
  answer(line: string): void {
    this.#outbox.add(line);
  }

  /** A request whose answer does not matter. @returns its id */
  tell(request: (id: Id) => WritableMinerRequest): number {
    this.#lastId += 1;
    this.#outbox.add(writeMinerRequest(request(String(this.#lastId))));
    return this.#lastId;
  }

  ask(asked: Asked, request: (id: Id) => WritableMinerRequest): void {
    this.#asked.set(this.tell(request), asked);
    if (this.#asked.size > this.#mostAsked) forgetOldest(this.#asked);
  }

  /** @returns the ticket that tells which share an answer is to */
  share(request: (id: Id) => WritableMinerRequest): number {
    const ticket = this.tell(request);
    this.#shares.add(ticket);
    if (this.#shares.size > this.#mostShares) forgetOldest(this.#shares);
    return ticket;
  }

  /** An answer has come: it is to this request, and to none any more. Undefined for what nobody asked. */
  answered(id: Id): Answered | undefined {
    const number = numberOf(id);
    if (this.#shares.delete(number)) return { kind: 'share', ticket: number };
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    return asked;
  }

  /** What has to be written, in one piece. */
  drain(): Uint8Array | undefined {
    return this.#outbox.drain();
  }
}

function forgetOldest(waiting: Map<number, unknown> | Set<number>): void {
  for (const oldest of waiting.keys()) {
    waiting.delete(oldest);
    return;
  }
}

/** Our own ids are numbers; some pools give them back as strings. */
function numberOf(id: Id): number {
  return Number(id.replace(/^"(\d{1,15})"$/, '$1'));
}
