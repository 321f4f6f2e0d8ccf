import { isatty } from 'node:tty';

/** The process around a service, as `runService` sees it: a seam for tests. */
export interface Host {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  /** How the program is called, for usage lines. */
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
  /**
   * What keys of the configuration are called on the program's own command line, e.g. `{ 'coinbase.address': '--address' }`,
   * where it has one beside `--config`: what is wrong is then told in its words.
   */
  readonly options?: Readonly<Record<string, string>> | undefined;
  out(text: string): void;
  error(text: string): void;
  /** Whether somebody sits before it, so that SIGHUP means that they have gone. */
  readonly atTerminal?: boolean;
  /** Calls `listener` for every signal that asks the process to stop or to reload, until disposed. */
  onSignal(listener: (signal: string) => void): Disposable;
  /** Calls `listener` for every exception and rejection that nobody caught, until disposed. */
  onUncaught(listener: (error: unknown, kind: 'exception' | 'rejection') => void): Disposable;
  /** Ends the process at once. */
  exit(code: number): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real process. */
export function processHost(program: string, argv: readonly string[] = process.argv.slice(2)): Host {
  // Who reads no further, as `--help | head -1` does, is no reason to complain.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    argv,
    program,
    environment: process.env,
    workingFolder: process.cwd(),
    atTerminal: isatty(0) || isatty(1),
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    onSignal(listener) {
      for (const signal of SIGNALS) process.on(signal, listener);
      return {
        [Symbol.dispose]() {
          for (const signal of SIGNALS) process.off(signal, listener);
        },
      };
    },
    onUncaught(listener) {
      const onException = (error: unknown): void => listener(error, 'exception');
      const onRejection = (error: unknown): void => listener(error, 'rejection');
      process.on('uncaughtException', onException).on('unhandledRejection', onRejection);
      return {
        [Symbol.dispose]() {
          process.off('uncaughtException', onException).off('unhandledRejection', onRejection);
        },
      };
    },
    exit: (code) => process.exit(code),
  };
}
