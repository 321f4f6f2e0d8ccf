import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@sv2kit/daemon';
import { Reader, Unavailable } from '@sv2kit/monitor';
import type { EventSourceMessage } from 'eventsource-parser';
import { DASHBOARD_LIMITS } from './limits.ts';
import type { RoleEntry } from './role-states.ts';

const { eventBacklogBytes, eventHeartbeatMs, eventReaders, eventStallMs, eventsKept, eventsKeptCharacters } =
  DASHBOARD_LIMITS;
/** Milliseconds until a reader that lost us comes back. */
const RETRY_MS = 2000;
/** An id before all others. */
const FROM_THE_FIRST = '0';

/** What all roles tell, as one stream. */
export class EventHub implements Disposable {
  readonly #epoch: string;
  readonly #ring: string[] = [];
  /** The number of the last event that is forgotten. */
  #forgotten = 0;
  #characters = 0;
  readonly #readers = new Set<Reader>();
  readonly #beating: Disposable;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#epoch = clock.now().toString(36);
    this.#beating = clock.every(eventHeartbeatMs, () => {
      for (const reader of this.#readers) reader.beat(clock.now(), eventStallMs);
    });
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Passes on what a role has told. Returns false for what is none of an event. */
  tell(role: string, { event = 'message', data }: EventSourceMessage): boolean {
    const told = readFields(data);
    // How roles are is for the dashboard to say.
    if (told === undefined || event === 'role-state' || !/^[a-z-]{1,40}$/.test(event)) return false;
    const id = ++this.#lastId;
    const text = `id: ${this.#epoch}-${id}\nevent: ${event}\ndata: ${JSON.stringify({ ...told, role })}\n\n`;
    this.#remember(id, text);
    for (const reader of this.#readers) reader.write(text);
    return true;
  }

  #remember(id: number, text: string): void {
    this.#characters += text.length;
    while (id - 1 > this.#forgotten && (id - this.#forgotten > eventsKept || this.#characters > eventsKeptCharacters)) {
      const at = this.#forgotten % eventsKept;
      this.#characters -= this.#ring[at]?.length ?? 0;
      this.#ring[at] = '';
      this.#forgotten += 1;
    }
    this.#ring[(id - 1) % eventsKept] = text;
  }

  /** The state of a role has changed: who comes later is told the states at once. */
  tellState(entry: RoleEntry): void {
    const text = stateText(entry);
    for (const reader of this.#readers) reader.write(text);
  }

  /** @throws Unavailable when there are too many readers; nothing has been written then */
  admit(): void {
    if (this.#readers.size >= eventReaders) throw new Unavailable(`${eventReaders} readers of events are here already`);
  }

  /** Sends how the roles are and what the reader missed, then what happens until it goes. */
  serve(
    request: IncomingMessage,
    response: ServerResponse,
    lastId: string | undefined,
    roles: readonly RoleEntry[],
  ): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    const reader = new Reader(response, eventBacklogBytes, () => true);
    reader.write(`retry: ${RETRY_MS}\n\n${roles.map(stateText).join('')}`);
    if (lastId !== undefined) this.#catchUp(reader, lastId);
    this.#readers.add(reader);
    const leave = (): void => void this.#readers.delete(reader);
    request.once('close', leave);
    response.once('close', leave);
  }

  #catchUp(reader: Reader, lastId: string): void {
    const known = lastId === FROM_THE_FIRST ? 0 : this.#known(lastId);
    const from = known ?? 0;
    const first = Math.max(from, this.#forgotten);
    // An id of another start says nothing of how many came between.
    const missed = known === undefined ? null : first - from;
    if (missed !== 0) reader.write(`event: missed\ndata: ${JSON.stringify({ missed })}\n\n`);
    const texts = Array.from({ length: this.#lastId - first }, (_, index) => this.#ring[(first + index) % eventsKept]);
    reader.write(texts.join(''));
  }

  #known(lastId: string): number | undefined {
    const [epoch, number] = lastId.split('-');
    const known = Number(number);
    return epoch === this.#epoch && Number.isSafeInteger(known) && known >= 0 && known <= this.#lastId
      ? known
      : undefined;
  }

  [Symbol.dispose](): void {
    this.#beating[Symbol.dispose]();
    for (const reader of this.#readers) reader.drop();
    this.#readers.clear();
  }
}

function stateText(entry: RoleEntry): string {
  return `event: role-state\ndata: ${JSON.stringify(entry)}\n\n`;
}

function readFields(data: string): object | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
