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

/** A logger and the way to have its lines written before the process ends. */
export interface OpenLogger {
  readonly log: Logger;
  /** Resolves when everything logged so far is written; nothing may be logged afterwards. */
  close(): Promise<void>;
  /** Writes what can be written at once, for a process that ends in this very moment. */
  flushNow(): void;
}

/** Opens the process's logger on pino. */
export function openLogger(options: LoggerOptions): OpenLogger {
  const { name, level, destination } = options;
  const terminal = destination === undefined && process.stdout.isTTY === true;
  const readable = options.format === 'pretty' || (options.format === 'auto' && terminal);
  const output = destination === undefined ? openStandardOutput() : { stream: destination, ...nothingToClose };
  const stream = readable
    ? readableLines(output.stream, terminal && process.env['NO_COLOR'] === undefined)
    : output.stream;
  const logger = pino({ name, level }, stream);
  return { log: wrap(logger, options.addresses ?? 'short'), close: output.close, flushNow: output.flushNow };
}

const nothingToClose = { close: () => Promise.resolve(), flushNow() {} };

/** Standard output, written off the event loop: a slow reader must not hold up the service. */
function openStandardOutput(): { stream: DestinationStream } & Omit<OpenLogger, 'log'> {
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
function wrap(logger: PinoLogger, rule: AddressRule): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: LogFields): void => {
    if (!logger.isLevelEnabled(level)) return;
    if (fields === undefined) logger[level](loggableText(message, rule));
    else logger[level](loggable(fields, rule), loggableText(message, rule));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => wrap(logger.child(loggable(fields, rule)), rule),
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
