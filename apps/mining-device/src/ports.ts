// What this app needs from its surroundings, as structural types; @sv2kit/daemon provides them.

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
