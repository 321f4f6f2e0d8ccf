import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** Given the child's process id, waits until its standard input closes; then ends the child, gently first. */
const GUARD = `
read -r _
kill -TERM "$1" 2>/dev/null || exit 0
i=0
while [ $i -lt "$2" ]; do kill -0 "$1" 2>/dev/null || exit 0; sleep 1; i=$((i + 1)); done
kill -KILL "$1" 2>/dev/null
`;

/** How a process ended: a status or a signal, or never started. */
export type ProcessEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'unstartable'; readonly reason: string };

/** A child process that does not outlive this one, however this one ends. */
export interface GuardedProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessEnd>;
  /** Asks with SIGTERM, waits `graceMs`, then ends it with SIGKILL. */
  stop(graceMs: number): Promise<ProcessEnd>;
  /** Ends it at once with SIGKILL. */
  kill(): Promise<ProcessEnd>;
}

/**
 * Starts a process in a session of its own, so that a terminal's Ctrl-C reaches only this process, which then stops
 * its children in order. A guard that holds nothing but the reading end of a pipe ends the child when this process
 * disappears without a word (SIGKILL, power of the debugger).
 */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly graceSeconds?: number } = {},
): GuardedProcess {
  const { graceSeconds = 10, ...spawnOptions } = options;
  const child = spawn(command, [...args], { ...spawnOptions, detached: true });
  const guard = child.pid === undefined ? undefined : startGuard(child.pid, graceSeconds);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ kind: 'unstartable', reason: error.message });
    });
    child.once('exit', (code, signal) => {
      // Before the process id can be given to somebody else.
      guard?.kill('SIGKILL');
      resolve(signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal });
    });
  });
  const kill = (): Promise<ProcessEnd> => {
    child.kill('SIGKILL');
    return ended;
  };
  return {
    child,
    ended,
    kill,
    stop: async (graceMs) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function startGuard(pid: number, graceSeconds: number): ChildProcess {
  const guard = spawn('sh', ['-c', GUARD, 'guard', String(pid), String(graceSeconds)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell the child is left to the exit handlers of its owner.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  if (guard.stdin && 'unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return guard;
}
