import { setTimeout as sleep } from 'node:timers/promises';
import { type NodeDoor, templateProviderToml } from '@sv2kit/regtest';
import { type PlacedProcess, startPlaced } from './placed-process.ts';

const MAIN = new URL('./provider-main.ts', import.meta.url);

export interface ProviderOptions {
  /** How it speaks to its node. */
  readonly node: NodeDoor;
  /** Clients at once, at most. */
  readonly clients?: number;
  /** Seconds, at least, between two templates of one tip. */
  readonly feeInterval?: number;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A template provider as operators run it, in a process of its own. Any higher fee is news. */
export async function startProvider(options: ProviderOptions): Promise<PlacedProcess> {
  const { node, clients = 64, feeInterval = 1, profile } = options;
  return await startPlaced({
    main: MAIN,
    profile,
    toml: ({ port, monitoring, folder, authoritySecretFile }) =>
      [
        `monitoring = "${monitoring}"`,
        templateProviderToml({
          node,
          port,
          authoritySecretFile,
          dataDir: `${folder}/data`,
          maxClients: clients,
          feeInterval,
        }),
        '[log]',
        'level = "error"',
      ].join('\n'),
  });
}

const LOOK_MS = 500;

/** Resolves when the node makes templates of no more spaces than so many: those of clients that have gone linger. */
export async function settled(provider: PlacedProcess, spaces: number): Promise<void> {
  for (;;) {
    const { details } = await provider.status();
    const nodes = (details?.['nodes'] ?? []) as readonly { readonly reserves?: readonly unknown[] }[];
    if (nodes.every(({ reserves = [] }) => reserves.length <= spaces)) return;
    await sleep(LOOK_MS);
  }
}
