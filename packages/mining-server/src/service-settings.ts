import type { Network } from '@sv2kit/bitcoin';
import type { Address, Identity } from '@sv2kit/daemon';
import type { Journal } from '@sv2kit/ledger';
import { type Clock, type ConnectionBook, type Listener, listen, type Logger, type NetMetrics } from '@sv2kit/net';
import type { LiveSettings, MiningServerConfig, MiningServerLimits } from './config.ts';
import type { MinersConfig } from './config-fields.ts';
import type { MiningServer } from './server.ts';

/** What a {@link MiningServerConfig} takes from the configuration of its service. */
export function miningServerSettings(
  config: Pick<MinersConfig, 'mining' | 'acknowledgements' | 'limits'> &
    Partial<Pick<MinersConfig, 'badShares' | 'workers'>> & { readonly chain?: Network },
): LiveSettings & Pick<MiningServerConfig, 'chain'> {
  const { mining, acknowledgements, limits, chain } = config;
  const { sharesPerMinute, minDifficulty, maxDifficulty, assumedHashrate, reconnectExcept } = mining;
  return {
    targets: { sharesPerMinute, minDifficulty, maxDifficulty, assumedHashrate },
    batch: { count: acknowledgements.count, delayMs: acknowledgements.delay },
    refreshMs: mining.refreshInterval * 1000,
    reconnectExcept,
    ...(chain !== undefined && { chain }),
    limits: {
      channelsPerConnection: limits.channelsPerConnection,
      ...(config.badShares && badShareLimits(config.badShares)),
      ...(config.workers && workerLimits(config.workers)),
    },
  };
}

function badShareLimits(config: MinersConfig['badShares']): Partial<MiningServerLimits> {
  const { newWork, sendAway, forgiven, staleGrace, banAfter, ban } = config;
  return {
    badSharesBeforeNewWork: newWork,
    badSharesBeforeSendAway: sendAway,
    badSharesForgiven: forgiven,
    staleGraceMs: staleGrace * 1000,
    sentAwayBeforeBan: banAfter,
    banMs: ban * 1000,
  };
}

function workerLimits(config: MinersConfig['workers']): Partial<MiningServerLimits> {
  const { remembered, perConnection, idleAfter, goneAfter } = config;
  return {
    workers: remembered,
    workersPerConnection: perConnection,
    workerIdleMs: idleAfter * 1000,
    workerGoneMs: goneAfter * 1000,
  };
}

/** What the port for miners needs beside its configuration. */
export interface MinerPortDeps {
  readonly server: Pick<MiningServer, 'service'>;
  readonly identity: Pick<Identity, 'current'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: NetMetrics;
  /** Where connections are announced, so that they can be watched. */
  readonly connections?: ConnectionBook | undefined;
}

/** Opens the port that a mining server's miners connect to, as its service is configured. */
export function listenForMiners(
  config: Pick<MinersConfig, 'proxyProtocol' | 'extensions' | 'limits'> & { readonly listen: Address },
  { server, identity, ...surroundings }: MinerPortDeps,
): Promise<Listener> {
  const { supported, required } = config.extensions;
  return listen({
    ...config.listen,
    identity: () => identity.current(),
    services: [server.service],
    extensions: { supported, required },
    proxyFrom: config.proxyProtocol,
    limits: minerPortLimits(config),
    ...surroundings,
  });
}

function minerPortLimits({ limits }: Pick<MinersConfig, 'limits'>) {
  const { connections, connectionsPerAddress, exempt, firstChannel, silence } = limits;
  return { connections, connectionsPerAddress, exempt, firstUseMs: firstChannel * 1000, silenceMs: silence * 1000 };
}

/** A mining server and the port that its miners connect to. */
export interface MinerDoor {
  readonly server: MiningServer;
  readonly listener: Listener;
}

/** Takes no more miners, and leave of those that there are; then everything of theirs is on disk. @param untilMs unix milliseconds */
export async function drainMiners(
  { server, listener }: MinerDoor,
  journal: Pick<Journal, 'flush'>,
  untilMs: number,
): Promise<void> {
  listener.stop();
  await server.drain(untilMs);
  await journal.flush();
}

/** Serves miners as another configuration says, in what may change while they are served. */
export function reconfigureMiners(
  { server, listener }: MinerDoor,
  config: Parameters<typeof miningServerSettings>[0],
): void {
  const { targets, batch, refreshMs, limits, reconnectExcept } = miningServerSettings(config);
  server.reconfigure({
    targets,
    batch,
    refreshMs,
    ...(limits && { limits }),
    ...(reconnectExcept && { reconnectExcept }),
  });
  listener.setLimits(minerPortLimits(config));
}
