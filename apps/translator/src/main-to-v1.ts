import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createTranslatorToV1, translatorToV1Config } from './index.ts';

await run(
  {
    name: 'translator-to-v1',
    summary: 'Lets devices that speak Stratum V2 mine on a Stratum V1 pool.',
    config: translatorToV1Config,
    start: createTranslatorToV1,
  },
  { page: dashboardPage() },
);
