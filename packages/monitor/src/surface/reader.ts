import type { ServerResponse } from 'node:http';

/** One reader of a stream of events: what it does not take is bounded, and so is its patience with us. */
export class Reader {
  readonly #response: ServerResponse;
  readonly #backlogBytes: number;
  /** Whether it asked for events of a type. */
  readonly wants: (type: string) => boolean;
  /** Said in what it is told. */
  readonly role: string | undefined;
  #stalledSinceMs: number | undefined;

  constructor(response: ServerResponse, backlogBytes: number, wants: (type: string) => boolean, role?: string) {
    this.#response = response;
    this.#backlogBytes = backlogBytes;
    this.wants = wants;
    this.role = role;
  }

  /** An event's text, when it is one that the reader wants. */
  tell(type: string, text: string): void {
    if (this.wants(type)) this.write(text);
  }

  /** Drops the reader when it leaves too much unread. */
  write(text: string): void {
    if (text === '' || this.#response.destroyed) return;
    this.#response.write(text);
    if (this.#response.writableLength > this.#backlogBytes) this.drop();
  }

  /** Drops the reader when it has taken nothing for `stallMs`; sends a comment otherwise. */
  beat(nowMs: number, stallMs: number): void {
    if (this.#response.writableLength === 0) this.#stalledSinceMs = undefined;
    else this.#stalledSinceMs ??= nowMs;
    if (this.#stalledSinceMs !== undefined && nowMs - this.#stalledSinceMs >= stallMs) this.drop();
    else this.write(':\n\n');
  }

  drop(): void {
    this.#response.destroy();
  }
}
