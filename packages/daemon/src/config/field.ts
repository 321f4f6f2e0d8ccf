/** Where a raw value came from, which decides how it is read. */
export interface Origin {
  /** Environment variables are text whatever the type; TOML values carry their type. */
  readonly form: 'toml' | 'text';
  /** Absolute folder that relative paths start from: the config file's, or the working folder. */
  readonly folder: string;
}

/** Thrown by a value's `read`; the message ends the sentence `<raw value> …`. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
  /** Whether the message is a whole sentence that does not want the raw value in front (secrets). */
  readonly whole: boolean;

  constructor(message: string, whole = false) {
    super(message);
    this.whole = whole;
  }
}

/** Whether a key may be left out, and what it is then. */
export type Presence = 'default' | 'required' | 'optional';

/** One key: how it is read, what it is when absent, how it is shown. */
export interface Value<T> {
  readonly kind: 'value';
  /** For people: `number`, `host:port`, `true or false`. */
  readonly type: string;
  readonly help: string;
  readonly presence: Presence;
  /** The default (presence `default`) or an example (otherwise), as TOML would yield it. */
  readonly sample: unknown;
  /** Never echo the raw value in a message. */
  readonly confidential: boolean;
  /** Whether a running service takes another value up at SIGHUP. */
  readonly reloadable?: boolean;
  read(raw: unknown, origin: Origin): T;
}

/** A table of keys: `[log]`. */
export interface Section<F extends Fields> {
  readonly kind: 'section';
  readonly help: string;
  readonly fields: F;
  /** The same for every key in it. */
  readonly reloadable?: boolean;
}

/** An array of tables: `[[template_providers]]`. */
export interface Sections<F extends Fields> {
  readonly kind: 'sections';
  readonly help: string;
  readonly fields: F;
  /** The fewest that are accepted. */
  readonly atLeast: number;
  /** The same for the list as a whole. */
  readonly reloadable?: boolean;
}

export type Field = Value<unknown> | Section<Fields> | Sections<Fields>;
/** Keys in camelCase; in TOML they are snake_case. */
export interface Fields {
  readonly [key: string]: Field;
}

/** The type that a declaration of fields reads into. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };
type ValueOf<F> =
  F extends Value<infer T>
    ? T
    : F extends Section<infer S>
      ? ValuesOf<S>
      : F extends Sections<infer S>
        ? readonly ValuesOf<S>[]
        : never;
