import { run } from '@sv2kit/daemon';
import { createDashboard, dashboardConfig, dashboardPage } from './index.ts';

await run(
  {
    name: 'dashboard',
    summary: 'Shows what the roles do, on a page for browsers.',
    config: dashboardConfig,
    start: createDashboard,
  },
  { page: dashboardPage() },
);
