import { parentPort, workerData } from 'node:worker_threads';
import type { Clock, Logger } from '../host.ts';
import { CheckerThread } from './checker-thread.ts';
import type { CheckerSettings, FromChecker, ToChecker } from './messages.ts';

/** A thread has no other's clock. */
const clock: Clock = {
  now: () => Date.now(),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const post = (message: FromChecker, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer]);

const log = logger({});

function logger(bound: Readonly<Record<string, unknown>>): Logger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Record<string, unknown> = {}) =>
      post({ kind: 'log', level, message, fields: { ...bound, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => logger({ ...bound, ...fields }),
  };
}

const thread = new CheckerThread(workerData as CheckerSettings, clock, log, post);
parentPort?.on('message', (message: ToChecker) => thread.on(message));
