import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createTemplateProvider, templateProviderConfig } from './index.ts';

await run(
  {
    name: 'template-provider',
    summary: 'Serves block templates of a Bitcoin node to pools and job declarator clients (Stratum V2, §7).',
    config: templateProviderConfig,
    start: createTemplateProvider,
  },
  { page: dashboardPage() },
);
