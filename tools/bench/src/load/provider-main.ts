// The measured template provider: apps/template-provider as it is, with answers about how it feels from inside.
import { run } from '@sv2kit/daemon';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { answerTheBench } from './inside.ts';

await run({
  name: 'template-provider',
  config: templateProviderConfig,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createTemplateProvider(config, deps);
  },
});
