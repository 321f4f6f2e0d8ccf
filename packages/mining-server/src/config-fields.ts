import {
  addressRanges,
  boolean,
  checkExtensions,
  integer,
  integers,
  type Mismatch,
  number,
  section,
  type ValuesOf,
} from '@sv2kit/daemon';
import { DEFAULT_LIMITS } from '@sv2kit/net';
import { MINING_SERVER_DEFAULTS, MINING_SERVER_LIMITS } from './config.ts';

const { targets, batch } = MINING_SERVER_DEFAULTS;

/** Of `[mining]`: how targets are set. */
export const targetFields = {
  sharesPerMinute: number(targets.sharesPerMinute, 'Wanted share rate of one channel.', { min: 0.1, max: 1e6 }),
  minDifficulty: number(targets.minDifficulty, 'No channel gets an easier target.', { min: 1e-12 }),
  maxDifficulty: number(targets.maxDifficulty, 'No channel gets a harder target.', { min: 1e-9, max: 1e18 }),
  assumedHashrate: number(targets.assumedHashrate, 'Hashes per second of a channel that states none.', { min: 1 }),
};

/** Of `[mining]`, where jobs are made from templates. */
export const miningFields = {
  ...targetFields,
  versionRolling: boolean(true, 'Whether miners may roll the version bits of BIP323.'),
  refreshInterval: number(30, 'Seconds after which the latest template becomes new jobs.', { min: 1, max: 3600 }),
  staleWorkLimit: number(180, 'Seconds without any template provider, after which miners are sent away.', { min: 1 }),
};

/** `[acknowledgements]` */
export const acknowledgementsSection = section(
  'When accepted shares are acknowledged; never before they are on disk.',
  {
    count: integer(batch.count, 'As soon as so many wait.', { min: 1 }),
    delay: integer(batch.delayMs, 'Or as soon as one has waited so many milliseconds.', { min: 1, max: 60_000 }),
  },
);

/** `[extensions]` */
export const extensionsSection = section('Protocol extensions, by number.', {
  supported: integers([2], 'Extensions that miners may use; 2 names the worker behind each share.', {
    min: 0,
    max: 0x7fff,
  }),
  required: integers([], 'Extensions that miners must ask for.', { min: 0, max: 0x7fff }),
});

/** `proxy_protocol` */
export const proxyProtocolField = addressRanges(
  [],
  'Addresses and subnets of load balancers: each of their connections has to begin with a PROXY protocol v2 header.',
);

/** `[limits]` */
export const minerLimitsSection = section('What miners may cost.', {
  connections: integer(DEFAULT_LIMITS.connections, 'Connections at once.', { min: 1 }),
  connectionsPerAddress: integer(DEFAULT_LIMITS.connectionsPerAddress, 'Of these from one address.', { min: 1 }),
  exempt: addressRanges(DEFAULT_LIMITS.exempt, 'Addresses and subnets without a limit of their own.'),
  channelsPerConnection: integer(MINING_SERVER_LIMITS.channelsPerConnection, 'Channels of one connection.', {
    min: 1,
  }),
  firstChannel: number(60, 'Seconds until a connection must have opened a channel.', { min: 1 }),
  silence: number(3600, 'Seconds without a word after which a connection is ended; 0 for never.', { min: 0 }),
});

/** What of a service's configuration says how miners are served, as it is read. */
export interface MinersConfig {
  readonly proxyProtocol: readonly string[];
  readonly mining: ValuesOf<typeof targetFields> & { readonly refreshInterval: number };
  readonly acknowledgements: ValuesOf<(typeof acknowledgementsSection)['fields']>;
  readonly extensions: ValuesOf<(typeof extensionsSection)['fields']>;
  readonly limits: ValuesOf<(typeof minerLimitsSection)['fields']>;
}

/** For the `check` of a configuration with these fields and sections. */
export function checkMiners({ mining, extensions }: Pick<MinersConfig, 'mining' | 'extensions'>): readonly Mismatch[] {
  const wrong = 'is above max_difficulty';
  return [
    ...(mining.minDifficulty > mining.maxDifficulty
      ? [{ key: 'mining.min_difficulty', wrong, example: 'min_difficulty = 0.001' }]
      : []),
    ...checkExtensions(extensions),
  ];
}
