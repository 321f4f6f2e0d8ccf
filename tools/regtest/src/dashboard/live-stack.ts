import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../deadline.ts';
import type { LogLine } from '../log-line.ts';
import { RoleProcess } from '../role-process.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Of a stack on a machine that does other things as well. Milliseconds. */
const START_MS = 180_000;

/** Builds the page as it is in the sources; at once when nothing has changed. */
export async function buildPage(): Promise<void> {
  const turbo = join(ROOT, 'node_modules/.bin/turbo');
  const env = { ...process.env, DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1' };
  await promisify(execFile)(turbo, ['run', 'page', '--filter=@sv2kit/dashboard'], { cwd: ROOT, env });
}

/** The first event of a kind that the stack tells, or its end. */
async function said(run: RoleProcess, event: string): Promise<Readonly<Record<string, unknown>>> {
  const isMeant = ({ fields }: LogLine): boolean => fields['event'] === event || fields['event'] === 'end';
  return (await run.log.first(`the stack's first ${event}`, isMeant, { ms: START_MS })).fields;
}

/** `sv2kit stack`, with a dashboard that one can look at. */
export class LiveStack implements AsyncDisposable {
  /** Of the dashboard's page. */
  readonly url: string;
  readonly folder: string;
  readonly #process: RoleProcess;
  readonly #chain: string;

  /** @param options more of the command's */
  static async start(chain: 'regtest' | 'signet', ...options: string[]): Promise<LiveStack> {
    const folder = mkdtempSync(join(tmpdir(), 'sv2kit-live-'));
    const cache = join(ROOT, '.cache');
    mkdirSync(cache, { recursive: true });
    symlinkSync(cache, join(folder, 'cache'));
    const argv = ['stack', '--json', '--data', folder, ...(chain === 'regtest' ? ['--regtest'] : []), ...options];
    const run = new RoleProcess(join(ROOT, 'apps/sv2kit/src/main.ts'), argv, folder);
    try {
      const [mined] = await Promise.all([said(run, 'block'), said(run, 'dashboard')]);
      if (mined['event'] === 'end') throw new Error(`the stack has ended: ${mined['text']}`);
      const { url } = await said(run, 'dashboard');
      const stack = new LiveStack(run, folder, chain, String(url));
      await eventually('every role of the stack on its dashboard', async () => (await stack.#isWhole()) || undefined);
      return stack;
    } catch (error) {
      await run.kill();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(run: RoleProcess, folder: string, chain: string, url: string) {
    this.#process = run;
    this.folder = folder;
    this.#chain = chain;
    this.url = url;
  }

  /** The configuration that a role of it runs with, as TOML. */
  config(role: string): string {
    return readFileSync(join(this.folder, this.#chain, 'configs', `${role}.toml`), 'utf8');
  }

  /** Where a role of it is monitored. */
  monitoring(role: string): string {
    const [, address] = /^monitoring = "(.+)"$/m.exec(this.config(role)) ?? [];
    if (address === undefined) throw new Error(`${role} is not monitored`);
    return `http://${address}`;
  }

  /** Every role that the dashboard shows, and where. */
  get roles(): ReadonlyMap<string, string> {
    const tables = this.config('dashboard').matchAll(/^name = "(.+)"\nurl = "(.+)"$/gm);
    return new Map([...tables].map(([, name = '', url = '']) => [name, url]));
  }

  /** The devices start last. */
  async #isWhole(): Promise<boolean> {
    const { roles } = (await (await fetch(new URL('roles', this.url))).json()) as {
      roles: readonly { state: string }[];
    };
    return roles.length === this.roles.size && roles.every(({ state }) => state === 'reachable');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
