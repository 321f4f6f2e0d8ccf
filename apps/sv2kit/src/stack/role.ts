import { open, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GuardedProcess, type ProcessEnd, spawnGuarded } from '@sv2kit/bitcoind';
import type { RoleView } from './events.ts';
import type { NodeLink } from './node-link.ts';
import { fetchStatus, fields, type RoleStatus, text } from './status.ts';

/** Longer than a role takes for its own bounded stop. */
const STOP_GRACE_MS = 12_000;

/** A role that is a program of its own. */
export type RolePackage =
  | 'template-provider'
  | 'pool'
  | 'jd-server'
  | 'jd-client'
  | 'translator'
  | 'translator-to-v1'
  | 'mining-device'
  | 'dashboard';

export interface RolePlan {
  readonly name: string;
  readonly package: RolePackage;
  readonly configFile: string;
  readonly logFile: string;
  readonly monitoringPort: number;
  readonly workingFolder: string;
  /** Compiled code is kept here for the next start. */
  readonly compileCache: string;
  /** How it speaks to its bitcoind, if it does. */
  readonly node?: NodeLink;
  /** What its status says of the role, where that is not all of it. */
  readonly read?: (status: RoleStatus) => RoleStatus;
  /** What to show of the role's status. */
  readonly describe: (status: RoleStatus) => string;
}

type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' | 'stopping'; readonly process: GuardedProcess }
  | { readonly kind: 'ended'; readonly asked: boolean; readonly reason: string };

/** One role as a process: configuration written, started, asked how it is, stopped. */
export class Role {
  readonly #plan: RolePlan;
  readonly #onChange: (role: Role) => void;
  #state: State = { kind: 'waiting' };
  #status: RoleStatus | undefined;
  #wasReady = false;

  constructor(plan: RolePlan, onChange: (role: Role) => void) {
    this.#plan = plan;
    this.#onChange = onChange;
  }

  get name(): string {
    return this.#plan.name;
  }

  /** What it last said of itself. */
  get status(): RoleStatus | undefined {
    return this.#status;
  }

  view(): RoleView {
    const { name, node } = this.#plan;
    return { ...this.#look(name), ...(node === undefined ? {} : { node }) };
  }

  #look(name: string): RoleView {
    const state = this.#state;
    switch (state.kind) {
      case 'waiting':
        return { name, state: 'waiting', detail: '' };
      case 'running':
      case 'stopping': {
        const status = this.#status;
        const reason = status?.reason === undefined ? {} : { reason: status.reason };
        const shown = state.kind === 'stopping' ? 'stopping' : this.#shown();
        return { name, state: shown, ...reason, detail: status === undefined ? '' : this.#plan.describe(status) };
      }
      case 'ended':
        if (state.asked) return { name, state: 'stopped', detail: '' };
        return { name, state: 'failed', reason: state.reason, detail: '' };
      default:
        return state satisfies never;
    }
  }

  /** waiting -> running */
  async start(config: string): Promise<void> {
    if (this.#state.kind !== 'waiting') throw new Error(`${this.name} was started twice`);
    const { configFile, logFile, workingFolder, compileCache } = this.#plan;
    await writeFile(configFile, config, { mode: 0o600 });
    const log = await open(logFile, 'w');
    const process = spawnGuarded(globalThis.process.execPath, [entryOf(this.#plan.package), '--config', configFile], {
      cwd: workingFolder,
      env: environmentFor(compileCache),
      stdio: ['ignore', log.fd, log.fd],
      graceSeconds: STOP_GRACE_MS / 1_000,
    });
    this.#to({ kind: 'running', process });
    void process.ended.then((end) => this.#onEnd(end));
    await log.close();
  }

  /** Asks the role how it is. One that does not answer stays as it was. */
  async poll(): Promise<void> {
    if (this.#state.kind !== 'running') return;
    const { pid } = this.#state.process.child;
    try {
      const told = await fetchStatus(this.#plan.monitoringPort, pid);
      const status = this.#plan.read?.(told) ?? told;
      // It may have ended while it was being asked.
      if (this.#state.kind !== 'running') return;
      this.#wasReady ||= status.state === 'ok';
      this.#status = status;
      this.#onChange(this);
    } catch {
      // Starting, too busy to answer, or about to end: its process tells.
    }
  }

  /** It is as ready as it will be: what it lacks is no part of its start any more. */
  settle(): void {
    this.#wasReady = true;
    this.#onChange(this);
  }

  /** running -> stopping -> ended */
  async stop(): Promise<void> {
    if (this.#state.kind !== 'running') return;
    const { process } = this.#state;
    this.#to({ kind: 'stopping', process });
    await process.stop(STOP_GRACE_MS);
  }

  /** At once. */
  async kill(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'running' && state.kind !== 'stopping') return;
    if (state.kind === 'running') this.#to({ ...state, kind: 'stopping' });
    await state.process.kill();
  }

  async #onEnd(end: ProcessEnd): Promise<void> {
    const asked = this.#state.kind === 'stopping';
    this.#to({ kind: 'ended', asked, reason: `${describeEnd(end)}: see ${this.#plan.logFile}` });
    if (asked || end.kind === 'signal') return;
    const words = await lastWords(this.#plan.logFile);
    if (words !== undefined) this.#to({ kind: 'ended', asked, reason: `${describeEnd(end)}: ${words}` });
  }

  /** What a role lacks before it has first been ready is part of its start. */
  #shown(): RoleStatus['state'] {
    const state = this.#status?.state ?? 'starting';
    return state === 'degraded' && !this.#wasReady ? 'starting' : state;
  }

  #to(state: State): void {
    this.#state = state;
    this.#onChange(this);
  }
}

/** The program of a role: `main` beside its package's `index`, in source or as published. */
export function entryOf(role: RolePackage): string {
  const [name, main] = role === 'translator-to-v1' ? ['translator', 'main-to-v1'] : [role, 'main'];
  const index = fileURLToPath(import.meta.resolve(`@sv2kit/${name}`));
  return join(dirname(index), `${main}${extname(index)}`);
}

/** This process's, without settings that were meant for roles run by hand. */
function environmentFor(compileCache: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SV2KIT_|NODE_OPTIONS$)/.test(name));
  return { NODE_COMPILE_CACHE: compileCache, ...Object.fromEntries(kept) };
}

function describeEnd(end: ProcessEnd): string {
  switch (end.kind) {
    case 'exit':
      return `it ended with status ${end.code}`;
    case 'signal':
      return `it was ended by ${end.signal}`;
    case 'unstartable':
      return `it could not be started (${end.reason})`;
    default:
      return end satisfies never;
  }
}

/** The last thing a log says: its message when it is a line of JSON, with the error's message if there is one. */
async function lastWords(logFile: string): Promise<string | undefined> {
  const content = await readFile(logFile, 'utf8').catch(() => '');
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const line = lines.at(-1);
  if (line === undefined) return undefined;
  try {
    const entry = fields(JSON.parse(line));
    const error = text(fields(entry['error']), 'message');
    return error === '' ? text(entry, 'msg') : `${text(entry, 'msg')}: ${error}`;
  } catch {
    return line.trim();
  }
}
