import type { PoolConfig } from '@sv2kit/pool';

/** Easier than any target, so that no share misses it; a miner's max_target bounds it. */
const EASIEST = 1e-12;

/** Vardiff would see a flood in what a load generator sends. */
export function withoutVardiff(config: PoolConfig): PoolConfig {
  return { ...config, mining: { ...config.mining, minDifficulty: EASIEST, maxDifficulty: EASIEST } };
}
