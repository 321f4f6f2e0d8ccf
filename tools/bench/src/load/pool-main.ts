// The measured pool: apps/pool as it is, but for a difficulty that stays, and with answers about how it feels from inside.
import { run } from '@sv2kit/daemon';
import { createPool, poolConfig } from '@sv2kit/pool';
import { answerTheBench } from './inside.ts';
import { withoutVardiff } from './without-vardiff.ts';

await run({
  name: 'pool',
  config: poolConfig,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createPool(withoutVardiff(config), deps);
  },
});
