import type { Address, Identity } from '@sv2kit/daemon';
import { type Clock, type Listener, listen, type Logger, type NetMetrics } from '@sv2kit/net';
import type { MiningServerConfig, MiningServerLimits } from './config.ts';
import type { MinersConfig } from './config-fields.ts';
import type { MiningServer } from './server.ts';

/** What a {@link MiningServerConfig} takes from the configuration of its service. */
export function miningServerSettings(
  config: Pick<MinersConfig, 'mining' | 'acknowledgements' | 'limits'> &
    Partial<Pick<MinersConfig, 'badShares' | 'workers'>>,
): Pick<MiningServerConfig, 'targets' | 'batch' | 'refreshMs' | 'limits'> {
  const { mining, acknowledgements, limits } = config;
  const { sharesPerMinute, minDifficulty, maxDifficulty, assumedHashrate } = mining;
  return {
    targets: { sharesPerMinute, minDifficulty, maxDifficulty, assumedHashrate },
    batch: { count: acknowledgements.count, delayMs: acknowledgements.delay },
    refreshMs: mining.refreshInterval * 1000,
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
}

/** Opens the port that a mining server's miners connect to, as its service is configured. */
export function listenForMiners(
  config: Pick<MinersConfig, 'proxyProtocol' | 'extensions' | 'limits'> & { readonly listen: Address },
  { server, identity, clock, log, metrics }: MinerPortDeps,
): Promise<Listener> {
  const { connections, connectionsPerAddress, exempt, firstChannel, silence } = config.limits;
  const { supported, required } = config.extensions;
  return listen({
    ...config.listen,
    identity: () => identity.current(),
    services: [server.service],
    extensions: { supported, required },
    proxyFrom: config.proxyProtocol,
    limits: { connections, connectionsPerAddress, exempt, firstUseMs: firstChannel * 1000, silenceMs: silence * 1000 },
    clock,
    log,
    metrics,
  });
}
