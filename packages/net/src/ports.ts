// What this package needs from its surroundings, as structural types: any logger, clock or metrics of this shape will do.

/** Time as the host counts it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  every(ms: number, run: () => void): Disposable;
  after(ms: number, run: () => void): Disposable;
}

type Fields = Readonly<Record<string, unknown>>;
/** Constant sentences and fields. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  child(fields: Fields): Logger;
}

export interface Counter {
  inc(labels?: Readonly<Record<string, string>>, n?: number): void;
}
export interface Gauge {
  set(value: number): void;
}

/** What this package counts. */
export interface NetMetrics {
  /** Connections accepted. */
  readonly accepted: Counter;
  /** Connections turned away before a byte was read, by `limit`. */
  readonly refused: Counter;
  /** Connections that ended, by `reason`: a code of docs/ERRORS.md or one of the application's. */
  readonly closed: Counter;
  /** Mistakes of ours that ended a connection. */
  readonly bugs: Counter;
  /** Connections open now. */
  readonly connections: Gauge;
}

/** Real time; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, run) {
    const timer = setInterval(run, ms).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const nothing = (): void => {};
/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};

/** Hears what goes over a connection: a whole V2 frame, unsealed, which is its own for the call only, or a V1 line. */
export type ConnectionTap = (direction: 'received' | 'sent', what: Uint8Array | string) => void;

/** A connection that can be watched. */
export interface WatchableConnection {
  readonly protocol: 'mining' | 'job-declaration' | 'template-distribution' | 'v1';
  /** Who opened it: the peer, or we. */
  readonly direction: 'in' | 'out';
  /** Unix milliseconds. */
  readonly sinceMs: number;
  describe(): { peer: number; remote: string; device?: string; extensions?: number[] };
  /** Tells the listener of all messages from now on; nobody any more when there is none. */
  tap(listener: ConnectionTap | undefined): void;
}

/** Where connections are announced once they are ready; `Connections` of @sv2kit/monitor is one. */
export interface ConnectionBook {
  add(connection: WatchableConnection): { end(reason: string): void };
}

const counter: Counter = { inc: nothing };
/** Metrics that count nothing. */
export const noMetrics: NetMetrics = {
  accepted: counter,
  refused: counter,
  closed: counter,
  bugs: counter,
  connections: { set: nothing },
};
