import { spawn } from 'node:child_process';
import type { Logger } from './logger.ts';

/** The service manager that started this process, as far as it wants to hear of it. */
export interface ServiceManager {
  /** It serves. */
  ready(): void;
  /** It takes up its configuration; `ready` follows. */
  reloading(): void;
  /** It stops, which may take so long; milliseconds. */
  stopping(limitMs: number): void;
  /** Resolves when everything that was said has arrived. */
  close(): Promise<void>;
}

/** Beyond what a stop may take, for the manager's patience; milliseconds. */
const MARGIN_MS = 5_000;
/** Longest wait for what is still to be told; milliseconds. */
const CLOSE_MS = 2_000;

const NOBODY: ServiceManager = { ready() {}, reloading() {}, stopping() {}, close: () => Promise.resolve() };

/** Sends one message of the protocol of `sd_notify`; resolves to what went wrong, if anything did. */
export type Tell = (variables: readonly string[]) => Promise<string | undefined>;

/**
 * Talks to systemd where it asks for it by NOTIFY_SOCKET: Type=notify, NotifyAccess=all.
 *
 * @param tell by `systemd-notify` when left out: Node has no datagrams of the local kind
 */
export function serviceManager(
  environment: NodeJS.ProcessEnv,
  log: Logger,
  tell: Tell = bySystemdNotify(environment),
): ServiceManager {
  if (environment['NOTIFY_SOCKET'] === undefined) return NOBODY;
  let last = Promise.resolve();
  let isTold = false;
  // One after the other: READY must not overtake RELOADING.
  const say = (...variables: readonly string[]): void => {
    last = last.then(async () => {
      const trouble = await tell(variables);
      if (trouble === undefined || isTold) return;
      isTold = true;
      log.warn('the service manager cannot be told how this service is', { reason: trouble });
    });
  };
  return {
    ready: () => say('READY=1', 'STATUS=running'),
    reloading: () => say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, 'STATUS=reloading'),
    stopping: (limitMs) => say('STOPPING=1', `EXTEND_TIMEOUT_USEC=${(limitMs + MARGIN_MS) * 1000}`, 'STATUS=draining'),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      await Promise.race([last, promise]);
      clearTimeout(timer);
    },
  };
}

/** The program waits until its message was read, so that the manager still knows whose it is. */
function bySystemdNotify(environment: NodeJS.ProcessEnv): Tell {
  return (variables) =>
    new Promise((resolve) => {
      const child = spawn('systemd-notify', [...variables], { env: environment, stdio: 'ignore' });
      child.once('error', ({ message }) => resolve(message));
      child.once('exit', (code) => resolve(code === 0 ? undefined : `systemd-notify ended with ${code}`));
    });
}
