// The measured translator to V1: apps/translator as it is, but for a difficulty that stays, and with answers from inside.
import { run } from '@sv2kit/daemon';
import { createTranslatorToV1, translatorToV1Config } from '@sv2kit/translator';
import { answerTheBench } from './inside.ts';
import { withoutVardiff } from './without-vardiff.ts';

await run({
  name: 'translator-to-v1',
  config: translatorToV1Config,
  start(config, deps) {
    answerTheBench(deps.latencies, () => deps.finish());
    return createTranslatorToV1(withoutVardiff(config), deps);
  },
});
