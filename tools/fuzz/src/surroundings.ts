// What a real service needs around it while it is under strangers.
import { connect, type Socket } from 'node:net';
import {
  createMetrics,
  Health,
  Latencies,
  type LogFields,
  type Logger,
  silentLogger,
  systemClock,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';

/** How long anything here may take; more is a finding. */
const PATIENCE_MS = 10_000;

/** Mistakes of ours, which a service logs with where they happened: whatever strangers do, there are none. */
export class Mistakes {
  readonly #errors: unknown[] = [];
  readonly log: Logger = {
    ...silentLogger,
    error: (message, fields) => this.#note(message, fields),
    child: () => this.log,
  };

  expectNone(): void {
    const [first] = this.#errors;
    if (first !== undefined) throw first;
  }

  #note(message: string, { stack, error }: LogFields = {}): void {
    if (stack === undefined && !(error instanceof Error)) return;
    this.#errors.push(new Error(`${message}: ${String(stack ?? error)}`, { cause: error }));
  }
}

/** The dependencies of a service that runs here. */
export function serviceDeps({ log }: Mistakes) {
  const fail = (error: Error): never => {
    throw error;
  };
  const health = new Health(systemClock);
  const [latencies, events] = [new Latencies(), new Events()];
  return { clock: systemClock, health, latencies, events, log, metrics: createMetrics(), fail };
}

/** Waits, and not for ever. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} takes too long`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A connection that says what it is told to, and keeps what it hears. */
export class RawPeer {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #heard = '';
  #wanted: { readonly what: RegExp; resolve(found: RegExpExecArray | undefined): void } | undefined;
  #over = false;

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#hear(chunk.toString('latin1')));
    // However it ends.
    this.#socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#over = true;
        this.#wanted?.resolve(undefined);
        resolve();
      });
    });
  }

  say(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** What is heard and matches; undefined when the connection ends without. */
  async hears(what: RegExp): Promise<RegExpExecArray | undefined> {
    const heard = what.exec(this.#heard);
    if (heard !== null) return heard;
    if (this.#over) return undefined;
    return await within(`a line like ${what}`, new Promise((resolve) => (this.#wanted = { what, resolve })));
  }

  /** Says its last word; resolves when the other side has closed. */
  async end(): Promise<void> {
    this.#socket.end();
    await within('the end of a connection', this.closed);
  }

  #hear(text: string): void {
    this.#heard += text;
    const found = this.#wanted?.what.exec(this.#heard);
    if (found !== null && found !== undefined) this.#wanted?.resolve(found);
  }
}
