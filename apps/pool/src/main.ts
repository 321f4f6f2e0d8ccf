import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createPool, poolConfig } from './index.ts';

await run(
  {
    name: 'pool',
    summary: 'Serves miners over encrypted Stratum V2 with work from template providers.',
    config: poolConfig,
    start: createPool,
  },
  { page: dashboardPage() },
);
