import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Clock } from '@sv2kit/daemon';
import { boundedBody } from './bounded-body.ts';
import { DASHBOARD_LIMITS } from './limits.ts';
import { RoleAway, type RoleClient } from './role-client.ts';

const { eventCharacters, headMs, silenceMs } = DASHBOARD_LIMITS;

/** As roles number events; anything else may be no header field. */
const ID = /^[0-9a-z]{1,20}-\d{1,20}$/;

/** What a role tells as it happens, from one connection to the next. */
export class EventSource {
  readonly #client: RoleClient;
  readonly #clock: Clock;
  /** Of the last event; from the first that is remembered on while there was none. */
  #lastId: string | undefined;

  constructor(client: RoleClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Hands on events until the stream ends.
   *
   * @throws RoleAway when the role does not answer with a stream, or goes silent; the signal's reason
   */
  async follow(signal: AbortSignal, onEvent: (event: EventSourceMessage) => void): Promise<void> {
    const ended = new AbortController();
    try {
      const path = this.#lastId === undefined ? 'api/v1/events?after=0' : 'api/v1/events';
      const { body, ok, status } = await this.#client.ask(path, {
        headMs,
        signal: AbortSignal.any([ended.signal, signal]),
        accept: 'text/event-stream',
        lastEventId: this.#lastId,
      });
      if (!ok || body === null) throw new RoleAway(`it tells no events (status ${status})`);
      const parser = createParser({
        maxBufferSize: eventCharacters,
        onEvent: (event) => {
          if (event.id !== undefined && ID.test(event.id)) this.#lastId = event.id;
          onEvent(event);
        },
      });
      const decoder = new TextDecoder();
      const limits = { clock: this.#clock, bytes: Number.POSITIVE_INFINITY, silenceMs };
      for await (const chunk of boundedBody(body, { ...limits, abort: (reason) => ended.abort(reason) })) {
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } finally {
      ended.abort();
    }
  }
}
