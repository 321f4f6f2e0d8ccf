import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReport } from '@sv2kit/daemon';
import type { Ask, Memory, Usage } from './inside.ts';

const START_TRIES = 300;
const START_POLL_MS = 100;

export interface MeasuredOptions {
  /** The program; it calls `answerTheBench`. */
  readonly main: URL;
  readonly args: readonly string[];
  /** Where it says how it is: `host:port`. */
  readonly monitoring: string;
  /** Beside this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A service as operators run it, in a process of its own, that says how it feels from inside. */
export class MeasuredProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** `host:port` */
  readonly monitoring: string;

  constructor({ main, args, env, monitoring, profile }: MeasuredOptions) {
    if (profile !== undefined) mkdirSync(profile, { recursive: true });
    const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    this.monitoring = monitoring;
    this.#child = fork(main, args, {
      execArgv: ['--expose-gc', ...profiling],
      // What it has to complain about belongs beside the tables, not in them.
      stdio: ['ignore', 2, 2, 'ipc'],
      env: { ...process.env, ...env },
    });
  }

  /** Latencies and usage count from now on. */
  async begin(): Promise<void> {
    await this.#ask('begin');
  }

  /** The event-loop delay counts from now on, and nothing else. */
  async beginLoopDelay(): Promise<void> {
    await this.#ask('begin-loop-delay');
  }

  /** Holds it still while something is done, as if it were not there. */
  async without<T>(act: () => Promise<T>): Promise<T> {
    this.#child.kill('SIGSTOP');
    try {
      return await act();
    } finally {
      this.#child.kill('SIGCONT');
    }
  }

  async usage(): Promise<Usage> {
    return (await this.#ask('usage')) as Usage;
  }

  async memory(): Promise<Memory> {
    return (await this.#ask('memory')) as Memory;
  }

  async status(): Promise<StatusReport> {
    const response = await fetch(`http://${this.monitoring}/status`);
    return (await response.json()) as StatusReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    this.#child.kill('SIGTERM');
    await exited;
  }

  /** Until nothing is wrong with it any more. */
  async started(): Promise<void> {
    for (let tries = 0; tries < START_TRIES; tries += 1) {
      if (this.#child.exitCode !== null) throw new Error(`the service ended with ${this.#child.exitCode}`);
      const status = await this.status().catch(() => undefined);
      if (status?.state === 'ok') return;
      await sleep(START_POLL_MS);
    }
    throw new Error('the service does not start');
  }

  async #ask(question: Ask): Promise<unknown> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, 'message')) as [unknown];
    return answer;
  }
}
