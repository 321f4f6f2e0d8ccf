// The measured pool: apps/pool as it is, but for a difficulty that stays, and with answers about how it feels from inside.
import { run } from '@sv2kit/daemon';
import { createPool, type PoolConfig, poolConfig } from '@sv2kit/pool';
import { answerTheBench } from './inside.ts';

/** Easier than any target, so that no share misses it; a miner's max_target bounds it. */
const EASIEST = 1e-12;

/** Vardiff would see a flood in what a load generator sends. */
function withoutVardiff(config: PoolConfig): PoolConfig {
  return { ...config, mining: { ...config.mining, minDifficulty: EASIEST, maxDifficulty: EASIEST } };
}

await run({
  name: 'pool',
  config: poolConfig,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createPool(withoutVardiff(config), deps);
  },
});
