import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MonitorClock } from '../clock.ts';
import { Unavailable } from '../errors.ts';
import type { Events } from '../events.ts';
import type { MONITOR_LIMITS } from '../limits.ts';
import type { EventType } from '../event-types.ts';
import { EVENT_SCHEMAS, type EventRecord } from '../schemas/events.ts';
import { declared } from './declared.ts';
import { Reader } from './reader.ts';

/** Milliseconds until a reader that lost us comes back. */
const RETRY_MS = 2000;
/** An id before all others. */
const FROM_THE_FIRST = '0';

interface EventStreamOptions {
  readonly events: Events;
  readonly clock: MonitorClock;
  readonly limits: typeof MONITOR_LIMITS;
}

/** What a reader asks for. */
export interface EventQuestion {
  /** The id of the last event that it knows. */
  readonly lastId?: string | undefined;
  /** Only these; all when left out. */
  readonly types?: readonly EventType[] | undefined;
  /** Said in each event, for who reads those of several roles. */
  readonly role?: string | undefined;
}

/** Server-sent events: each is put into words once for all who read alike, and never when nobody does. */
export class EventStream implements Disposable {
  readonly #options: EventStreamOptions;
  readonly #readers = new Set<Reader>();
  #open: Disposable | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** @throws Unavailable when there are too many readers; nothing has been written then */
  admit(): void {
    const most = this.#options.limits.eventReaders;
    if (this.#readers.size >= most) throw new Unavailable(`${most} readers of events are here already`);
  }

  /** Sends what the reader missed, then what happens until it goes. */
  serve(request: IncomingMessage, response: ServerResponse, { lastId, types, role }: EventQuestion): void {
    const { events, limits } = this.#options;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    const wants = (type: string): boolean => types?.includes(type as EventType) ?? true;
    const reader = new Reader(response, limits.eventBacklogBytes, wants, role);
    reader.write(`retry: ${RETRY_MS}\n\n`);
    if (lastId !== undefined) this.#catchUp(reader, lastId);
    this.#readers.add(reader);
    this.#open ??= this.#start(events);
    request.once('close', () => this.#leave(reader));
    response.once('close', () => this.#leave(reader));
  }

  #start(events: Events): Disposable {
    const { clock, limits } = this.#options;
    const listening = events.on((event) => {
      const words = new Map<string | undefined, string>();
      for (const reader of this.#readers) {
        let text = words.get(reader.role);
        if (text === undefined) words.set(reader.role, (text = this.#inWords(event, reader.role)));
        reader.tell(event.type, text);
      }
    });
    const beating = clock.every(limits.eventHeartbeatMs, () => {
      for (const reader of this.#readers) reader.beat(clock.now(), limits.eventStallMs);
    });
    return {
      [Symbol.dispose]() {
        listening[Symbol.dispose]();
        beating[Symbol.dispose]();
      },
    };
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }

  /** All that is remembered where the id says nothing: how many came between is not known then. */
  #catchUp(reader: Reader, lastId: string): void {
    const known = lastId === FROM_THE_FIRST ? 0 : this.#known(lastId);
    const from = known ?? 0;
    const missed = this.#options.events.since(from);
    const { told, leftOut } = this.#newest(missed, reader);
    const lost = known === undefined ? null : (missed[0]?.id ?? from + 1) - from - 1 + leftOut;
    if (lost !== 0) reader.write(`event: missed\ndata: ${JSON.stringify({ missed: lost, role: reader.role })}\n\n`);
    reader.write(told);
  }

  /** As many as a reader may leave unread at once, for it has read none of them yet; miners choose how long they are. */
  #newest(events: readonly EventRecord[], reader: Reader): { readonly told: string; readonly leftOut: number } {
    const texts: string[] = [];
    const wanted = events.filter(({ type }) => reader.wants(type));
    let bytes = this.#options.limits.eventBacklogBytes / 2;
    for (const event of wanted.toReversed()) {
      const text = this.#inWords(event, reader.role);
      bytes -= Buffer.byteLength(text);
      if (bytes < 0) break;
      texts.push(text);
    }
    return { told: texts.reverse().join(''), leftOut: wanted.length - texts.length };
  }

  /** Numbers of another start of the process say nothing. */
  #known(lastId: string): number | undefined {
    const { epoch, lastId: newest } = this.#options.events;
    const [start, number] = lastId.split('-');
    const known = Number(number);
    return start === epoch && Number.isSafeInteger(known) && known >= 0 && known <= newest ? known : undefined;
  }

  #inWords(event: EventRecord, role: string | undefined): string {
    const { id, atMs, part } = event;
    const told = declared(EVENT_SCHEMAS[event.type], event);
    const data = JSON.stringify({ id, atMs, role, ...(part === undefined ? {} : { part }), ...told });
    return `id: ${this.#options.events.epoch}-${id}\nevent: ${event.type}\ndata: ${data}\n\n`;
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers) reader.drop();
    this.#readers.clear();
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}
