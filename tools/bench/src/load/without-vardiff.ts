import type { PoolConfig } from '@sv2kit/pool';

/** Vardiff would see a flood in what a load generator sends: every channel keeps the least difficulty. */
export function withoutVardiff(config: PoolConfig): PoolConfig {
  return { ...config, mining: { ...config.mining, maxDifficulty: config.mining.minDifficulty } };
}
