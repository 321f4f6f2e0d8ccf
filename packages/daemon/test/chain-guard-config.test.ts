import { displayHash } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { chainGuardSection, chainGuardSettings, config, ConfigError, parseConfig } from '../src/index.ts';

const HASH = 'ab'.repeat(31) + '01';
const declared = config({ chainGuard: chainGuardSection });
const read = (toml: string) => parseConfig(declared, toml, { name: 'role' }).chainGuard;

test('a known block is a height and a hash as explorers show it', () => {
  const { blocks, mostBlocksBehind, mostClockSkew } = chainGuardSettings(
    read(`[chain_guard]\nblocks = ["961632:${HASH}"]\nmost_blocks_behind = 3\nmost_clock_skew = 5`),
  );
  expect(blocks.map(({ height, hash }) => [height, displayHash(hash)])).toEqual([[961_632, HASH]]);
  expect([mostBlocksBehind, mostClockSkew]).toEqual([3, 5]);
});

test('without a section, no block is known and the rest is as it should be', () => {
  expect(chainGuardSettings(read(''))).toEqual({ blocks: [], mostBlocksBehind: 6, mostClockSkew: 30 });
});

test.each(['961632', HASH, `961632:${HASH.toUpperCase()}`, `-1:${HASH}`, `961632:${HASH.slice(2)}`])(
  'refuses %s as a known block',
  (block) => {
    expect(() => read(`[chain_guard]\nblocks = ["${block}"]`)).toThrow(ConfigError);
  },
);
