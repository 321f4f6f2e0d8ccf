import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { AddressRule } from './redaction/addresses.ts';
import { loggable, loggableText } from './redaction/fields.ts';

/** Structured facts beside a constant sentence. Secrets are taken out by rule; peers' bytes only at debug. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What every part of sv2kit logs through. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `auto` is readable lines at a terminal and JSON otherwise. */
export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
  readonly name: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** How much of peers' and payout addresses is written; `short` when left out. */
  readonly addresses?: AddressRule;
  /** Where lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/** What of a logger may change while it is in use. */
export interface LogRules {
  readonly level: LogLevel;
  readonly addresses: AddressRule;
}

/** A logger and the way to have its lines written before the process ends. */
export interface OpenLogger {
  readonly log: Logger;
  /** From now on, for every logger that came of this one. */
  set(rules: LogRules): void;
  /** Resolves when everything logged so far is written; nothing may be logged afterwards. */
  close(): Promise<void>;
  /** Writes what can be written at once, for a process that ends in this very moment. */
  flushNow(): void;
}

/** Opens the process's logger on pino. */
export function openLogger(options: LoggerOptions): OpenLogger {
  const { name, destination } = options;
  const terminal = destination === undefined && process.stdout.isTTY === true;
  const readable = options.format === 'pretty' || (options.format === 'auto' && terminal);
  const output = destination === undefined ? openStandardOutput() : { stream: destination, ...nothingToClose };
  const stream = readable
    ? readableLines(output.stream, terminal && process.env['NO_COLOR'] === undefined)
    : output.stream;
  // Children of pino keep the level that they began with: what is written is decided here.
  const logger = pino({ name, level: 'debug' }, stream);
  const valve = new Valve({ level: options.level, addresses: options.addresses ?? 'short' });
  return {
    log: wrap(logger, valve),
    set: (rules) => valve.set(rules),
    close: output.close,
    flushNow: output.flushNow,
  };
}

/** What is let through now, and how. */
class Valve {
  addresses: AddressRule = 'short';
  #least = 0;

  constructor(rules: LogRules) {
    this.set(rules);
  }

  set({ level, addresses }: LogRules): void {
    this.#least = LOG_LEVELS.indexOf(level);
    this.addresses = addresses;
  }

  isOpen(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#least;
  }
}

const nothingToClose = { close: () => Promise.resolve(), flushNow() {} };

/** Standard output, written off the event loop: a slow reader must not hold up the service. */
function openStandardOutput(): { stream: DestinationStream } & Pick<OpenLogger, 'close' | 'flushNow'> {
  const stream = pino.destination({ fd: 1, sync: false });
  // A reader of our output that went away (EPIPE) must not end a mining service; the stream then never closes.
  let gone = false;
  stream.on('error', () => {
    gone = true;
  });
  let open = true;
  return {
    stream: { write: (line) => void (open && stream.write(line)) },
    close: () =>
      new Promise((resolve) => {
        open = false;
        if (gone) return resolve();
        stream.once('close', resolve).once('error', () => resolve());
        stream.end();
      }),
    flushNow() {
      try {
        stream.flushSync();
      } catch {
        // The reader is gone: there is nobody left to tell.
      }
    },
  };
}

function readableLines(sink: DestinationStream, colorize: boolean): DestinationStream {
  const format = prettyFactory({
    colorize,
    ignore: 'pid,hostname,name',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => void sink.write(format(withoutControls(line))) };
}

// In a line of JSON: an escaped backslash, which is left alone; an escaped C0 character; DEL and C1, which JSON leaves as
// they are. Line breaks and tabs have escapes of their own and stay.
// oxlint-disable-next-line no-control-regex
const CONTROL = /\\\\|\\u00[01][0-9a-f]|\\[bfr]|[\u007f-\u009f]/g;

/** What a terminal would take for commands, in text that may come from a peer, becomes `?`. */
function withoutControls(line: string): string {
  return line.replace(CONTROL, (found) => (found === '\\\\' ? found : '?'));
}

/** What is written is redacted here, once, whatever becomes of it: pino does nothing of the kind. */
function wrap(logger: PinoLogger, valve: Valve): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: LogFields): void => {
    if (!valve.isOpen(level)) return;
    if (fields === undefined) logger[level](loggableText(message, valve.addresses));
    else logger[level](loggable(fields, valve.addresses), loggableText(message, valve.addresses));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => wrap(logger.child(loggable(fields, valve.addresses)), valve),
  };
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
