// The measured job declarator client: apps/jd-client as it is, with answers about how it feels from inside.
import { run } from '@sv2kit/daemon';
import { createJdClient, jdClientConfig } from '@sv2kit/jd-client';
import { answerTheBench } from './inside.ts';

await run({
  name: 'jd-client',
  config: jdClientConfig,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createJdClient(config, deps);
  },
});
