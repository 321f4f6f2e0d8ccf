import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createJdServer, jdServerConfig } from './index.ts';

await run(
  {
    name: 'jd-server',
    summary:
      "Gives job declarator clients tokens and checks the jobs that they declare, on a pool's behalf (Stratum V2, §6).",
    config: jdServerConfig,
    start: createJdServer,
  },
  { page: dashboardPage() },
);
