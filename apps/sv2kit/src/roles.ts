import { type RunOptions, run } from '@sv2kit/daemon';

/** A service that can be run as `sv2kit <name> --config FILE`. */
export interface Role {
  readonly name: string;
  readonly summary: string;
  /** Loads the role's code only when it is the one that runs. */
  run(options: RunOptions): Promise<number>;
}

/** Every role. */
export const roles: readonly Role[] = [
  {
    name: 'template-provider',
    summary: 'Serves block templates of a Bitcoin node to pools and job declarator clients.',
    async run(options) {
      const { createTemplateProvider, templateProviderConfig } = await import('@sv2kit/template-provider');
      const { name, summary } = this;
      return await run({ name, summary, config: templateProviderConfig, start: createTemplateProvider }, options);
    },
  },
  {
    name: 'pool',
    summary: 'Serves miners over encrypted Stratum V2 with work from template providers.',
    async run(options) {
      const { createPool, poolConfig } = await import('@sv2kit/pool');
      const { name, summary } = this;
      return await run({ name, summary, config: poolConfig, start: createPool }, options);
    },
  },
  {
    name: 'jd-server',
    summary: 'Gives miners tokens for jobs of their own, and has the jobs checked, beside a pool.',
    async run(options) {
      const { createJdServer, jdServerConfig } = await import('@sv2kit/jd-server');
      const { name, summary } = this;
      return await run({ name, summary, config: jdServerConfig, start: createJdServer }, options);
    },
  },
  {
    name: 'pool-with-jds',
    summary: 'Runs a pool and its job declarator server in one process.',
    async run(options) {
      const { createPoolWithJds, poolWithJdsConfig } = await import('./compose/pool-with-jds.ts');
      const { name, summary } = this;
      return await run({ name, summary, config: poolWithJdsConfig, start: createPoolWithJds }, options);
    },
  },
  {
    name: 'jd-client',
    summary: "Mines the templates of one's own node for a pool that pays for them, or solo.",
    async run(options) {
      const { createJdClient, jdClientConfig } = await import('@sv2kit/jd-client');
      const { name, summary } = this;
      return await run({ name, summary, config: jdClientConfig, start: createJdClient }, options);
    },
  },
  {
    name: 'translator',
    summary: 'Lets miners that speak Stratum V1 mine on Stratum V2 pools.',
    async run(options) {
      const { createTranslator, translatorConfig } = await import('@sv2kit/translator');
      const { name, summary } = this;
      return await run({ name, summary, config: translatorConfig, start: createTranslator }, options);
    },
  },
  {
    name: 'translator-to-v1',
    summary: 'Lets Stratum V2 devices mine on pools that speak Stratum V1.',
    async run(options) {
      const { createTranslatorToV1, translatorToV1Config } = await import('@sv2kit/translator');
      const { name, summary } = this;
      return await run({ name, summary, config: translatorToV1Config, start: createTranslatorToV1 }, options);
    },
  },
  {
    name: 'mining-device',
    summary: 'Mines on the CPU for a Stratum V2 or V1 pool or proxy.',
    async run(options) {
      const { createMiningDevice, miningDeviceConfig } = await import('@sv2kit/mining-device');
      const { name, summary } = this;
      return await run({ name, summary, config: miningDeviceConfig, start: createMiningDevice }, options);
    },
  },
];
