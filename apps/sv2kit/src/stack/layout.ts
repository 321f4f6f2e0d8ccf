import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PrivateChain } from '@sv2kit/bitcoind';
import { CommandError, reasonOf } from '../command.ts';

/** Where the stack keeps what: everything is below one folder. */
export interface Layout {
  readonly root: string;
  /** A downloaded bitcoind and compiled code: may be deleted at any time, and is shared by the chains. */
  readonly cache: string;
  readonly configs: string;
  readonly keys: string;
  readonly logs: string;
  /** A role's own data. */
  data(role: string): string;
}

/** @throws CommandError when there can be no such folder */
export async function createLayout(dataDir: string, chain: PrivateChain): Promise<Layout> {
  const root = resolve(dataDir);
  const own = join(root, chain);
  const layout: Layout = {
    root,
    cache: join(root, 'cache'),
    configs: join(own, 'configs'),
    keys: join(own, 'keys'),
    logs: join(own, 'logs'),
    data: (role) => join(own, role),
  };
  for (const folder of [layout.cache, layout.configs, layout.keys, layout.logs]) {
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw new CommandError(`--data ${dataDir}: ${folder} cannot be made: ${reasonOf(error)}`);
    });
  }
  return layout;
}
