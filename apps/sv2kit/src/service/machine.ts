import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a program said, and how it ended; -1 where it could not be run. */
export interface Ran {
  readonly code: number;
  readonly out: string;
}

/** The machine that services are installed on: a seam for tests. */
export interface Machine {
  readonly platform: string;
  /** Of who asks; -1 where there is no such thing. */
  readonly uid: number;
  /** Whether systemd runs it. */
  readonly hasSystemd: boolean;
  readonly folders: Folders;
  run(command: string, args: readonly string[]): Ran;
}

export interface Folders {
  readonly units: string;
  readonly userUnits: string;
  readonly sysusers: string;
  /** Configurations and secrets: the root's, and the services may read it. */
  readonly configuration: string;
  /** What services keep. */
  readonly state: string;
}

/** As the file system hierarchy of Linux has them. */
export const FOLDERS: Folders = {
  units: '/etc/systemd/system',
  userUnits: join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'systemd/user'),
  sysusers: '/etc/sysusers.d',
  configuration: '/etc/sv2kit',
  state: '/var/lib/sv2kit',
};

/** The one that this process runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    hasSystemd: existsSync('/run/systemd/system'),
    folders: FOLDERS,
    run(command, args) {
      const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: '/', encoding: 'utf8' });
      if (error !== undefined) return { code: -1, out: error.message };
      return { code: status ?? 1, out: `${stdout}${stderr}`.trim() };
    },
  };
}
