import type { ServerResponse } from 'node:http';
import type { MONITOR_LIMITS } from '../limits.ts';
import type { ConnectionReader } from '../connections.ts';
import type { WireMessageView } from '../schemas/connections.ts';

/** One who watches a connection: what it gets in a second, and what waits for it, is bounded; it hears what it missed. */
export class WireWatcher implements ConnectionReader {
  readonly #response: ServerResponse;
  readonly #limits: typeof MONITOR_LIMITS;
  /** Still to be had in this second. */
  #allowance: number;
  #missed = 0;
  #stalledSinceMs: number | undefined;

  constructor(response: ServerResponse, limits: typeof MONITOR_LIMITS) {
    this.#response = response;
    this.#limits = limits;
    this.#allowance = limits.wireMessagesPerSecond;
  }

  get #isFull(): boolean {
    return this.#response.writableLength > this.#limits.wireBacklogBytes;
  }

  admits(): boolean {
    if (this.#allowance > 0 && !this.#isFull) return true;
    this.#missed += 1;
    return false;
  }

  onMessage(message: WireMessageView): void {
    this.#allowance -= 1;
    this.#tellMissed();
    this.#write('message', message);
  }

  onEnded(reason: string | undefined): void {
    this.#tellMissed();
    this.#write('ended', { reason });
    this.#response.end();
  }

  /** A second has gone by. */
  tick(): void {
    this.#allowance = this.#limits.wireMessagesPerSecond;
    if (!this.#isFull) this.#tellMissed();
  }

  /** Says that we are still there; drops who has taken nothing for long. */
  beat(nowMs: number): void {
    if (this.#response.writableLength === 0) this.#stalledSinceMs = undefined;
    else this.#stalledSinceMs ??= nowMs;
    const stalledMs = nowMs - (this.#stalledSinceMs ?? nowMs);
    if (stalledMs >= this.#limits.eventStallMs) this.#response.destroy();
    else if (!this.#response.writableEnded) this.#response.write(':\n\n');
  }

  #tellMissed(): void {
    if (this.#missed === 0) return;
    this.#write('missed', { missed: this.#missed });
    this.#missed = 0;
  }

  #write(event: 'message' | 'missed' | 'ended', data: object): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
