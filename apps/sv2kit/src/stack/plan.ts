import type { RolePackage } from './role.ts';

/** How a block can come about, as the report says it. */
export const PATHS = ['pool-template', 'declared-full-template', 'coinbase-only', 'solo'] as const;
export type MiningPath = (typeof PATHS)[number];

export const NODE = 'bitcoind';
export const MINER_NODE = 'miner-bitcoind';
export const TEMPLATE_PROVIDER = 'template-provider';
export const MINER_TEMPLATES = 'miner-templates';
export const POOL = 'pool';
export const JD_SERVER = 'jd-server';
export const JD_CLIENT = 'jd-client';

/** A role that listens. */
export interface ServicePlan {
  readonly name: string;
  readonly package: RolePackage;
  /** In words, for a sentence about its port. */
  readonly words: string;
  /** Where it listens unless something else is asked for. */
  readonly port: number;
  /** Those of one stage are started together, when those of the stage before are ready. */
  readonly stage: number;
  /** How the blocks come about that are found behind it; none but a job declarator client's are told by it. */
  readonly path?: Exclude<MiningPath, 'pool-template'>;
}

/** A mining device. */
export interface DevicePlan {
  readonly name: string;
  readonly channel: 'standard' | 'extended';
  readonly path: MiningPath;
  /** The service that it mines for. */
  readonly server: string;
}

/** Everything that runs beside the nodes. */
export interface StackPlan {
  readonly services: readonly ServicePlan[];
  readonly devices: readonly DevicePlan[];
  /** Whether there is a miner's side: a node and a template provider of its own. */
  readonly hasMinerSide: boolean;
}

const PROVIDER_PLAN: ServicePlan = {
  name: TEMPLATE_PROVIDER,
  package: 'template-provider',
  words: 'the template provider',
  port: 8442,
  stage: 0,
};
const MINER_PROVIDER_PLAN: ServicePlan = {
  name: MINER_TEMPLATES,
  package: 'template-provider',
  words: "the miner's template provider",
  port: 8443,
  stage: 0,
};
const POOL_PLAN: ServicePlan = { name: POOL, package: 'pool', words: 'the pool', port: 3336, stage: 1 };
const JD_SERVER_PLAN: ServicePlan = {
  name: JD_SERVER,
  package: 'jd-server',
  words: 'the job declarator server',
  port: 3337,
  stage: 1,
};
const jdClient = (name: string, path: Exclude<MiningPath, 'pool-template'>, port: number): ServicePlan => ({
  name,
  package: 'jd-client',
  words: `the job declarator client for ${path}`,
  port,
  stage: 2,
  path,
});
const JD_CLIENTS: readonly ServicePlan[] = [
  jdClient(JD_CLIENT, 'declared-full-template', 34_265),
  jdClient('jd-client-coinbase', 'coinbase-only', 34_266),
  jdClient('jd-client-solo', 'solo', 34_267),
];

/** @param atPool devices that mine for the pool itself; each job declarator client has one of its own */
export function planStack(paths: readonly MiningPath[], atPool: number): StackPlan {
  const clients = JD_CLIENTS.filter(({ path }) => path !== undefined && paths.includes(path));
  const isDeclaring = clients.some(({ path }) => path !== 'solo');
  const atServers: readonly ServicePlan[] = [
    ...(paths.includes('pool-template') ? Array.from({ length: atPool }, () => POOL_PLAN) : []),
    ...clients,
  ];
  return {
    services: [
      PROVIDER_PLAN,
      ...(clients.length > 0 ? [MINER_PROVIDER_PLAN] : []),
      POOL_PLAN,
      ...(isDeclaring ? [JD_SERVER_PLAN] : []),
      ...clients,
    ],
    devices: atServers.map(
      ({ name, path }, index): DevicePlan => ({
        name: `device-${index + 1}`,
        channel: index % 2 === 0 ? 'standard' : 'extended',
        path: path ?? 'pool-template',
        server: name,
      }),
    ),
    hasMinerSide: clients.length > 0,
  };
}
