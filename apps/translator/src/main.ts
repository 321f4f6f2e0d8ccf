import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createTranslator, translatorConfig } from './index.ts';

await run(
  {
    name: 'translator',
    summary: 'Lets miners that speak Stratum V1 mine on Stratum V2 upstreams.',
    config: translatorConfig,
    start: createTranslator,
  },
  { page: dashboardPage() },
);
