import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createJdClient, jdClientConfig } from './index.ts';

await run(
  {
    name: 'jd-client',
    summary: "Mines the templates of one's own node for a pool that declared jobs are agreed with, or solo.",
    config: jdClientConfig,
    start: createJdClient,
  },
  { page: dashboardPage() },
);
