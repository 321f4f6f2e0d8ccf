import type { Terminal } from '../terminal.ts';

const QUIET_MS = 1000;
const EVERY_MS = 2000;

/** Says how far something long has come: nothing in its first second, then a line each two seconds. */
export class Progress {
  readonly #terminal: Pick<Terminal, 'error' | 'now'>;
  readonly #what: string;
  #nextMs: number;

  /** @param what e.g. `copied` */
  constructor(terminal: Pick<Terminal, 'error' | 'now'>, what: string) {
    this.#terminal = terminal;
    this.#what = what;
    this.#nextMs = terminal.now() + QUIET_MS;
  }

  /** @param text how far, made only when it is said */
  say(text: () => string): void {
    const nowMs = this.#terminal.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    this.#terminal.error(`${this.#what} ${text()}\n`);
  }
}

/** `12.3 MB`. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
