// The measured translator: apps/translator as it is, with answers about how it feels from inside.
import { run } from '@sv2kit/daemon';
import { createTranslator, translatorConfig } from '@sv2kit/translator';
import { answerTheBench } from './inside.ts';

await run({
  name: 'translator',
  config: translatorConfig,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createTranslator(config, deps);
  },
});
