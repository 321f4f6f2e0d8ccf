import { run } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { createMiningDevice, miningDeviceConfig } from './index.ts';

await run(
  {
    name: 'mining-device',
    summary: 'Mines on the CPU for a Stratum V2 pool or proxy (§5), or a Stratum V1 one.',
    config: miningDeviceConfig,
    start: createMiningDevice,
  },
  { page: dashboardPage() },
);
