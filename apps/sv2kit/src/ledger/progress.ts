import type { Terminal } from '../terminal.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/** Says how far something long has come: after a second, then after twice as long each time, up to a minute. */
export class Progress {
  readonly #terminal: Pick<Terminal, 'error' | 'now'>;
  readonly #what: string;
  #waitMs = FIRST_MS;
  #nextMs: number;

  /** @param what e.g. `copied` */
  constructor(terminal: Pick<Terminal, 'error' | 'now'>, what: string) {
    this.#terminal = terminal;
    this.#what = what;
    this.#nextMs = terminal.now() + FIRST_MS;
  }

  /** @param text how far, made only when it is said */
  say(text: () => string): void {
    const nowMs = this.#terminal.now();
    if (nowMs < this.#nextMs) return;
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_MS);
    this.#nextMs = nowMs + this.#waitMs;
    this.#terminal.error(`${this.#what} ${text()}\n`);
  }
}

/** `12.3 MB`. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
