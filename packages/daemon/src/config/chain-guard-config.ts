import { fromDisplayHash } from '@sv2kit/bitcoin';
import type { ValuesOf } from './field.ts';
import { integer, number, section, texts } from './values.ts';

const BLOCK = /^\d{1,9}:[0-9a-f]{64}$/;

/** `[chain_guard]`: when a node is not mined on though it answers. */
export const chainGuardSection = section(
  'When a node is not mined on though it answers: it may be on the wrong side of a chain split, where all looks well and ' +
    'no block ever counts. A node on another chain, or with a better branch that it calls invalid, is refused anyway.',
  {
    blocks: texts(
      [],
      'Blocks that its chain must hold once it is that high, each "HEIGHT:HASH", such as the first of your side of a split.',
      { pattern: BLOCK, shape: 'HEIGHT:HASH, the hash as explorers show it: 64 lower-case hex digits' },
    ),
    mostBlocksBehind: integer(
      6,
      'Blocks that it may be behind the headers it has, its peers, or a branch that it calls invalid.',
      { min: 1 },
    ),
    mostClockSkew: number(
      30,
      "Seconds by which this machine's clock, the node's and its peers' may differ before health says so.",
      { min: 1 },
    ),
  },
);

/** What a guard of a node is given. */
export interface ChainGuardSettings {
  readonly blocks: readonly { readonly height: number; readonly hash: Uint8Array }[];
  readonly mostBlocksBehind: number;
  /** Seconds. */
  readonly mostClockSkew: number;
}

/** The `guard` of a node's options. Hashes in internal byte order. */
export function chainGuardSettings(config: ValuesOf<typeof chainGuardSection.fields>): ChainGuardSettings {
  const { blocks, mostBlocksBehind, mostClockSkew } = config;
  return {
    blocks: blocks.map((block) => {
      const [height = '', hash = ''] = block.split(':');
      return { height: Number(height), hash: fromDisplayHash(hash) };
    }),
    mostBlocksBehind,
    mostClockSkew,
  };
}
