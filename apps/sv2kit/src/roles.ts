import { type RunOptions, run, type ServiceDefinition } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { type ReadableConfig, readable } from './config/readable.ts';

/** A service that can be run as `sv2kit <name> --config FILE`. */
export interface Role {
  readonly name: string;
  readonly summary: string;
  /** Loads the role's code only when it is the one that runs. */
  run(options: RunOptions): Promise<number>;
  /** What it is configured with. */
  config(): Promise<ReadableConfig>;
}

function role<T>(
  name: string,
  summary: string,
  load: () => Promise<Pick<ServiceDefinition<T>, 'config' | 'start'>>,
): Role {
  return {
    name,
    summary,
    run: async (options) => await run({ name, summary, ...(await load()) }, { page: dashboardPage(), ...options }),
    config: async () => readable(name, (await load()).config),
  };
}

/** Every role. */
export const roles: readonly Role[] = [
  role(
    'template-provider',
    'Serves block templates of a Bitcoin node to pools and job declarator clients.',
    async () => {
      const { createTemplateProvider, templateProviderConfig } = await import('@sv2kit/template-provider');
      return { config: templateProviderConfig, start: createTemplateProvider };
    },
  ),
  role(
    'pool',
    'Serves miners over encrypted Stratum V2, and V1 where wanted, with work from template providers.',
    async () => {
      const { createPoolWithV1, poolWithV1Config } = await import('./compose/pool-with-v1.ts');
      return { config: poolWithV1Config, start: createPoolWithV1 };
    },
  ),
  role('jd-server', 'Gives miners tokens for jobs of their own, and has the jobs checked, beside a pool.', async () => {
    const { createJdServer, jdServerConfig } = await import('@sv2kit/jd-server');
    return { config: jdServerConfig, start: createJdServer };
  }),
  role('pool-with-jds', 'Runs a pool and its job declarator server in one process.', async () => {
    const { createPoolWithJds, poolWithJdsConfig } = await import('./compose/pool-with-jds.ts');
    return { config: poolWithJdsConfig, start: createPoolWithJds };
  }),
  role('jd-client', "Mines the templates of one's own node for a pool that pays for them, or solo.", async () => {
    const { createJdClient, jdClientConfig } = await import('@sv2kit/jd-client');
    return { config: jdClientConfig, start: createJdClient };
  }),
  role('translator', 'Lets miners that speak Stratum V1 mine on Stratum V2 pools.', async () => {
    const { createTranslator, translatorConfig } = await import('@sv2kit/translator');
    return { config: translatorConfig, start: createTranslator };
  }),
  role('translator-to-v1', 'Lets Stratum V2 devices mine on pools that speak Stratum V1.', async () => {
    const { createTranslatorToV1, translatorToV1Config } = await import('@sv2kit/translator');
    return { config: translatorToV1Config, start: createTranslatorToV1 };
  }),
  role('mining-device', 'Mines on the CPU for a Stratum V2 or V1 pool or proxy.', async () => {
    const { createMiningDevice, miningDeviceConfig } = await import('@sv2kit/mining-device');
    return { config: miningDeviceConfig, start: createMiningDevice };
  }),
  role('dashboard', 'Shows what the roles do, on a page for browsers.', async () => {
    const { createDashboard, dashboardConfig } = await import('@sv2kit/dashboard');
    return { config: dashboardConfig, start: createDashboard };
  }),
];
