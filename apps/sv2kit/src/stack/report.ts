import { access, constants, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { PrivateChain } from '@sv2kit/bitcoind';
import { CommandError, reasonOf } from '../command.ts';
import type { NodeLink } from './node-link.ts';
import type { DeclaredWork, LatencyFigures, RoleState, ShareCounts, StackBlock, StackStatus } from './events.ts';

/** A role in the report. */
export interface ReportedRole {
  readonly name: string;
  readonly state: RoleState;
  readonly reason: string | null;
  /** How it speaks to its bitcoind: null for one that does not. */
  readonly node: NodeLink | null;
}

/** What `--report FILE` writes. */
export interface StackReport {
  readonly ok: boolean;
  readonly chain: PrivateChain;
  /** Where it could be watched in a browser: null without. */
  readonly dashboard: string | null;
  /** In the best chain of every node when the report was made, by height. */
  readonly blocks: readonly StackBlock[];
  readonly shares: ShareCounts;
  /** Jobs that miners brought themselves, as the pool has paid for them, by mode. */
  readonly declared: Readonly<Record<string, DeclaredWork>>;
  readonly roles: readonly ReportedRole[];
  readonly latency: Readonly<Record<string, LatencyFigures>>;
}

export function stackReport(ok: boolean, status: StackStatus): StackReport {
  return {
    ok,
    chain: status.chain,
    dashboard: status.dashboard ?? null,
    blocks: status.blocks,
    shares: status.shares,
    declared: status.declared,
    roles: status.roles.map(({ name, state, reason, node }) => ({
      name,
      state,
      reason: reason ?? null,
      node: node ?? null,
    })),
    latency: status.latency,
  };
}

/**
 * Before anything is started: hours later would be late to hear of a mistake.
 *
 * @throws CommandError
 */
export async function checkReportFile(file: string): Promise<void> {
  const path = resolve(file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await access(dirname(path), constants.W_OK);
  } catch (error) {
    throw new CommandError(`--report ${file}: cannot be written: ${reasonOf(error)}`);
  }
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory() === true) throw new CommandError(`--report ${file}: is a folder; a file is wanted`);
}

/** Whole or not at all: whoever waits for the file never reads half of it. */
export async function writeReport(file: string, report: StackReport): Promise<void> {
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(report, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
