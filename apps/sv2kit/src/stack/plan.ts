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
export const TRANSLATOR = 'translator';
export const TRANSLATOR_TO_V1 = 'translator-to-v1';

/** A role that listens. */
export interface ServicePlan {
  readonly name: string;
  readonly package: RolePackage;
  /** In words, for a sentence about its port. */
  readonly words: string;
  /** Where it listens unless something else is asked for. */
  readonly port: number;
  /** Those of one stage are started together, when those of the stage before are ready. */
  readonly stage: (typeof STAGES)[number];
  /** How the blocks come about that are found behind it; none but a job declarator client's are told by it. */
  readonly path?: Exclude<MiningPath, 'pool-template'>;
  /** The service whose client it is, where that is not always the same one. */
  readonly server?: string;
  /** The device in whose name it mines, where it is to have one. */
  readonly device?: string;
}

/**
 * What a device speaks, and over which kind of channel; as the report says it. `sv2-on-v1`: Stratum V2, on a standard
 * channel of a translator that is a V1 client itself.
 */
export type Via = 'sv1' | 'sv2-standard' | 'sv2-extended' | 'sv2-on-v1';

/** A mining device. */
export interface DevicePlan {
  readonly name: string;
  readonly via: Via;
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
  // The pool is its client, and hands blocks to it until the last.
  stage: 0,
};
const jdClient = (name: string, path: Exclude<MiningPath, 'pool-template'>, port: number): ServicePlan => ({
  name,
  package: 'jd-client',
  words: `the job declarator client for ${path}`,
  port,
  stage: 2,
  path,
});
const translator = (server: string): ServicePlan => ({
  name: TRANSLATOR,
  package: 'translator',
  words: 'the translator',
  port: 34_255,
  stage: 3,
  server,
});
const JD_CLIENTS: readonly ServicePlan[] = [
  jdClient(JD_CLIENT, 'declared-full-template', 34_265),
  jdClient('jd-client-coinbase', 'coinbase-only', 34_266),
  jdClient('jd-client-solo', 'solo', 34_267),
];

/** The translator is its V1 pool. */
const translatorToV1 = (device: string): ServicePlan => ({
  name: TRANSLATOR_TO_V1,
  package: 'translator-to-v1',
  words: 'the translator to V1',
  port: 34_256,
  stage: 4,
  server: TRANSLATOR,
  device,
});

/** In the order of their start. */
export const STAGES = [0, 1, 2, 3, 4] as const;

/** Whether a role proves who it is to those who connect: Stratum V1 has no word for that. */
export const hasIdentity = ({ package: role }: ServicePlan): boolean => role !== 'translator';

/** How many devices there are beside the one behind each job declarator client. */
export interface DeviceCounts {
  /** Of those that speak Stratum V2 to the pool itself. */
  readonly v2: number;
  /** Of those that speak Stratum V1 to the translator. */
  readonly v1: number;
  /** Whether one speaks Stratum V2 to a translator of the other direction, for which the first one is a V1 pool. */
  readonly v2OnV1: boolean;
}

/** The translator is a client of the pool, or of the first job declarator client where nobody mines the pool's template. */
export function planStack(paths: readonly MiningPath[], counts: DeviceCounts): StackPlan {
  const clients = JD_CLIENTS.filter(({ path }) => path !== undefined && paths.includes(path));
  const isDeclaring = clients.some(({ path }) => path !== 'solo');
  const atServers: readonly ServicePlan[] = [
    ...(paths.includes('pool-template') ? Array.from({ length: counts.v2 }, () => POOL_PLAN) : []),
    ...clients,
  ];
  const [translated = POOL_PLAN] = paths.includes('pool-template') ? [] : clients;
  const devices: Omit<DevicePlan, 'name'>[] = [
    ...atServers.map((server, index) => deviceAt(server, index % 2 === 0 ? 'sv2-standard' : 'sv2-extended')),
    ...Array.from({ length: counts.v1 }, () => ({ ...deviceAt(translated, 'sv1'), server: TRANSLATOR })),
    ...(counts.v2OnV1 ? [{ ...deviceAt(translated, 'sv2-on-v1'), server: TRANSLATOR_TO_V1 }] : []),
  ];
  const named = devices.map((device, index) => ({ name: `device-${index + 1}`, ...device }));
  return {
    services: [
      PROVIDER_PLAN,
      ...(clients.length > 0 ? [MINER_PROVIDER_PLAN] : []),
      POOL_PLAN,
      ...(isDeclaring ? [JD_SERVER_PLAN] : []),
      ...clients,
      ...(counts.v1 > 0 || counts.v2OnV1 ? [translator(translated.name)] : []),
      ...named.filter(({ server }) => server === TRANSLATOR_TO_V1).map(({ name }) => translatorToV1(name)),
    ],
    devices: named,
    hasMinerSide: clients.length > 0,
  };
}

const deviceAt = ({ name, path }: ServicePlan, via: Via): Omit<DevicePlan, 'name'> => ({
  via,
  path: path ?? 'pool-template',
  server: name,
});
