import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type GuardedProcess, type ProcessEnd, spawnGuarded } from '@sv2kit/bitcoind';
import { within } from './deadline.ts';
import { Log } from './log-line.ts';

const APPS = fileURLToPath(new URL('../../../apps/', import.meta.url));
let started = 0;
const STOP_MS = 15_000;
const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** A role as a process of its own, as an operator starts it. */
export class RoleProcess implements AsyncDisposable {
  readonly log = new Log();
  readonly ended: Promise<ProcessEnd>;
  readonly #process: GuardedProcess;
  #stderr = '';

  /** @param app - a folder of apps/ @param through - a command that runs another, and its arguments */
  static start(app: string, toml: string, folder: string, through: readonly string[] = []): RoleProcess {
    const file = join(folder, `${app}-${++started}.toml`);
    writeFileSync(file, `${toml}\n[log]\nformat = "json"\n`);
    return new RoleProcess(join(APPS, app, 'src/main.ts'), ['--config', file], folder, process.env, through);
  }

  /** Any program of the repository. @param env - instead of this process's environment */
  constructor(
    main: string,
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv = process.env,
    through: readonly string[] = [],
  ) {
    const [command = process.execPath, ...rest] = [...through, process.execPath, main, ...args];
    this.#process = spawnGuarded(command, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { child } = this.#process;
    const output = child.stdout && createInterface({ input: child.stdout });
    output?.on('line', (line) => this.#onLine(line));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => void (this.#stderr += text));
    const said = Promise.all(
      [child.stdout, child.stderr].map((stream) => new Promise((resolve) => void stream?.once('close', resolve))),
    );
    this.ended = this.#process.ended.then(async (end) => {
      await said;
      this.log.close(`the process ended (${JSON.stringify(end)}) ${this.#stderr}`);
      return end;
    });
  }

  get pid(): number {
    return this.#process.child.pid ?? 0;
  }

  /** Everything on standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The port of its line "listening". */
  async port(): Promise<number> {
    return Number((await this.log.line('listening')).fields['port']);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.child.kill(name);
  }

  /** SIGKILL: no last words. */
  kill(): Promise<ProcessEnd> {
    return this.#process.kill();
  }

  /** SIGTERM. */
  stop(): Promise<ProcessEnd> {
    return this.#process.stop(STOP_MS);
  }

  /** How it ends by itself. @throws DeadlineError */
  end(ms?: number): Promise<ProcessEnd> {
    return within('the end of the process', this.ended, ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #onLine(line: string): void {
    try {
      const { level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
      this.log.put({ level: LEVELS[Number(level)] ?? '', message: String(msg), fields });
    } catch {
      this.log.put({ level: '', message: line, fields: {} });
    }
  }
}
