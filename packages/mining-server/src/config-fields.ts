import {
  addressRanges,
  boolean,
  checkExtensions,
  integer,
  integers,
  type Mismatch,
  number,
  reloadable,
  section,
  texts,
  type ValuesOf,
} from '@sv2kit/daemon';
import { DEFAULT_LIMITS } from '@sv2kit/net';
import { MINING_SERVER_DEFAULTS, MINING_SERVER_LIMITS } from './config.ts';

const { targets, batch } = MINING_SERVER_DEFAULTS;
const { badSharesBeforeNewWork, badSharesBeforeSendAway, badSharesForgiven, staleGraceMs, sentAwayBeforeBan, banMs } =
  MINING_SERVER_LIMITS;
const { workers, workersPerConnection, workerIdleMs, workerGoneMs } = MINING_SERVER_LIMITS;

/** Of `[mining]`: how targets are set. */
export const targetFields = {
  sharesPerMinute: reloadable(
    number(targets.sharesPerMinute, 'Wanted share rate of one channel.', { min: 0.1, max: 1e6 }),
  ),
  minDifficulty: reloadable(number(targets.minDifficulty, 'No channel gets an easier target.', { min: 1e-12 })),
  maxDifficulty: reloadable(
    number(targets.maxDifficulty, 'No channel gets a harder target.', { min: 1e-9, max: 1e18 }),
  ),
  assumedHashrate: reloadable(
    number(targets.assumedHashrate, 'Hashes per second of a channel that states none.', { min: 1 }),
  ),
  reconnectExcept: reloadable(
    texts(
      ['', 'SRI'],
      'Vendors whose clients are not told to reconnect when this service stops, but find their connection closed: those ' +
        'of the Stratum Reference Implementation break on Reconnect, and name no vendor.',
    ),
  ),
};

/** Of `[mining]`, where jobs are made from templates. */
export const miningFields = {
  ...targetFields,
  versionRolling: boolean(true, 'Whether miners may roll the version bits of BIP323.'),
  refreshInterval: reloadable(
    number(30, 'Seconds after which the latest template becomes new jobs.', { min: 1, max: 3600 }),
  ),
  staleWorkLimit: number(180, 'Seconds without any template provider, after which miners are sent away.', { min: 1 }),
};

/** `[acknowledgements]` */
export const acknowledgementsSection = reloadable(
  section('When accepted shares are acknowledged; never before they are on disk.', {
    count: integer(batch.count, 'As soon as so many wait.', { min: 1 }),
    delay: integer(batch.delayMs, 'Or as soon as one has waited so many milliseconds.', { min: 1, max: 60_000 }),
  }),
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
export const minerLimitsSection = reloadable(
  section('What miners may cost.', {
    connections: integer(DEFAULT_LIMITS.connections, 'Connections at once.', { min: 1 }),
    connectionsPerAddress: integer(DEFAULT_LIMITS.connectionsPerAddress, 'Of these from one address.', { min: 1 }),
    exempt: addressRanges(DEFAULT_LIMITS.exempt, 'Addresses and subnets without a limit of their own.'),
    channelsPerConnection: integer(MINING_SERVER_LIMITS.channelsPerConnection, 'Channels of one connection.', {
      min: 1,
    }),
    firstChannel: number(60, 'Seconds until a connection must have opened a channel.', {
      min: 1,
    }),
    silence: number(3600, 'Seconds without a word after which a connection is ended; 0 for never.', { min: 0 }),
  }),
);

/** `[bad_shares]` */
export const badSharesSection = reloadable(
  section('What comes of shares that are wrong by the fault of whoever sends them.', {
    newWork: integer(badSharesBeforeNewWork, 'Bad shares on balance after which a channel is given new work.', {
      min: 1,
    }),
    sendAway: integer(badSharesBeforeSendAway, 'And after which it is closed, and its device told to reconnect.', {
      min: 2,
    }),
    forgiven: integer(badSharesForgiven, 'Bad shares that an accepted one makes up for.', { min: 1 }),
    staleGrace: number(staleGraceMs / 1000, 'Seconds after a new tip in which stale shares are not bad.', { min: 0 }),
    banAfter: integer(
      sentAwayBeforeBan,
      'Times that a user is sent away from one address in a day before it is banned there; 0 for never.',
      {
        min: 0,
      },
    ),
    ban: number(banMs / 1000, 'Seconds for which channels of a banned user from that address are refused.', {
      min: 1,
      max: 86_400,
    }),
  }),
);

/** `[workers]` */
export const workersSection = section('The figures of every worker.', {
  remembered: integer(workers, 'Workers that are remembered; nobody who works gives way.', { min: 1, max: 1_000_000 }),
  perConnection: integer(workersPerConnection, 'Workers that the shares of one connection may name.', { min: 0 }),
  inMetrics: integer(0, 'Workers with most hashrate that have series of their own in /metrics; 0 for none.', {
    min: 0,
    max: 1_000,
  }),
  idleAfter: number(workerIdleMs / 1000, 'Seconds without a share after which a worker is idle.', { min: 1 }),
  goneAfter: number(workerGoneMs / 1000, 'Seconds without a share, or a channel, after which it is gone.', { min: 1 }),
});

/** What of a service's configuration says how miners are served, as it is read. */
export interface MinersConfig {
  readonly proxyProtocol: readonly string[];
  readonly mining: ValuesOf<typeof targetFields> & { readonly refreshInterval: number };
  readonly acknowledgements: ValuesOf<(typeof acknowledgementsSection)['fields']>;
  readonly extensions: ValuesOf<(typeof extensionsSection)['fields']>;
  readonly limits: ValuesOf<(typeof minerLimitsSection)['fields']>;
  readonly badShares: ValuesOf<(typeof badSharesSection)['fields']>;
  readonly workers: ValuesOf<(typeof workersSection)['fields']>;
}

/** For the `check` of a configuration with these fields and sections. */
export function checkMiners({
  mining,
  extensions,
  badShares,
}: Pick<MinersConfig, 'mining' | 'extensions'> & Partial<Pick<MinersConfig, 'badShares'>>): readonly Mismatch[] {
  const wrong = 'is above max_difficulty';
  return [
    ...(badShares !== undefined && badShares.sendAway <= badShares.newWork
      ? [{ key: 'bad_shares.send_away', wrong: 'is not above new_work', example: 'send_away = 512' }]
      : []),
    ...(mining.minDifficulty > mining.maxDifficulty
      ? [{ key: 'mining.min_difficulty', wrong, example: 'min_difficulty = 0.001' }]
      : []),
    ...checkExtensions(extensions),
  ];
}
