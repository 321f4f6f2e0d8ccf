import { difficultyFromTarget, targetFromHashrate } from '@sv2kit/bitcoin';
import { mining, type MiningFromClient, REQUIRES_STANDARD_JOBS, utf8 } from '@sv2kit/codec';
import type { Clock, Logger } from '@sv2kit/daemon';
import type { Connection, ConnectionBook } from '@sv2kit/net';
import type { ClientSessionOptions } from '@sv2kit/sv1';
import {
  type AnyEndpoint,
  createMixedUpstream,
  type Endpoint,
  type PoolOptions,
  type SessionOptions,
  type Upstream,
  type UpstreamState,
  type V1Endpoint,
} from '@sv2kit/upstream';
import { type MiningDeviceConfig, maxTargetOf, versionMaskOf } from './config.ts';
import type { MiningDeviceMetrics } from './metrics.ts';
import { type ChannelWish, Miner } from './miner.ts';
import { V1Miner } from './v1-miner.ts';
import type { Workplace, WorkplaceDeps } from './workplace.ts';

type UpstreamConfig = MiningDeviceConfig['upstreams'][number];
/** A server, and how the operator wants it used. */
type Configured<E> = E & { readonly upstream: UpstreamConfig };

export interface ConnectDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MiningDeviceMetrics;
  readonly random?: () => number;
  readonly connections?: ConnectionBook | undefined;
  readonly security?: 'noise' | 'plain';
  readonly place: Omit<WorkplaceDeps, 'log' | 'clock'>;
  readonly nominalHashRate: () => number;
  onState(state: UpstreamState<AnyEndpoint>): void;
  /** Whoever was there before is to be gone when it returns: the workplace is opened then. */
  onConnected(workplace: Workplace): void;
  /** Of the connection that is there. */
  giveUp(reason: string): void;
}

/** What a device that can say its speed in no other way asks a pool for. */
const SHARES_PER_MINUTE = 6;
/** A pool that hangs keeps its connections; a V1 pool that lives has a job anew every minute or so. */
const POOL_SILENCE_MS = 300_000;

/** Keeps the device connected to the best upstream that works, of whichever version. */
export function connectUpstream(config: MiningDeviceConfig, deps: ConnectDeps): Upstream<AnyEndpoint> {
  const { upstreams } = config;
  const { clock, connections, log, metrics, random, onState } = deps;
  return createMixedUpstream({
    endpoints: upstreams.map((upstream): Configured<AnyEndpoint> => ({ ...upstream.url, upstream })),
    v2: toServers(config, deps),
    v1: toPools(config, deps),
    ...(upstreams.some(({ url }) => url.version === 1) && { policy: { silenceMs: POOL_SILENCE_MS } }),
    onState,
    clock,
    log,
    metrics: metrics.upstream,
    netMetrics: metrics.net,
    connections,
    ...(random && { random }),
  });
}

function toServers(config: MiningDeviceConfig, deps: ConnectDeps): SessionOptions<typeof mining> {
  const { channel, device } = config;
  const { vendor, firmware, deviceId, hardware: hardwareVersion } = device;
  const flags = channel === 'standard' ? REQUIRES_STANDARD_JOBS : 0;
  return {
    protocol: mining,
    setup: () => ({ flags, vendor, hardwareVersion, firmware, deviceId }),
    handler(connection, { upstream }: Configured<Endpoint>) {
      const miner = new Miner(connection, {
        ...placeDeps(deps, connection.remote),
        wish: wishOf(config, upstream),
        nominalHashRate: deps.nominalHashRate,
        giveUp: (reason) => giveUp(deps, connection, reason),
      });
      deps.onConnected(miner);
      miner.open();
      return miner;
    },
    ...(deps.security && { security: deps.security }),
  };
}

/** A server that is useless from the first moment is not the upstream's current one yet: then it is just dropped. */
function giveUp(deps: ConnectDeps, connection: Connection<MiningFromClient>, reason: string): void {
  deps.giveUp(reason);
  connection.end(reason);
}

function toPools(config: MiningDeviceConfig, deps: ConnectDeps): PoolOptions {
  /** Of each upstream, what the last session there was called: some pools let a miner go on with it. */
  const sessions = new Map<UpstreamConfig, string>();
  return {
    session: ({ host, port, upstream }: Configured<V1Endpoint>) => ({
      host,
      port,
      ...sessionOf(config, upstream, deps.nominalHashRate(), sessions.get(upstream)),
    }),
    handler(pool, { upstream }: Configured<V1Endpoint>) {
      const { state } = pool.session;
      if (state.phase === 'working') sessions.set(upstream, state.subscription.session);
      const miner = new V1Miner(pool, placeDeps(deps, pool.remote));
      deps.onConnected(miner);
      miner.open();
      return miner;
    },
  };
}

function placeDeps({ place, clock, log }: ConnectDeps, at: { address: string; port: number }): WorkplaceDeps {
  return { ...place, clock, log: log.child({ upstream: `${at.address}:${at.port}` }) };
}

function wishOf(config: MiningDeviceConfig, upstream: UpstreamConfig): ChannelWish {
  const { channel: kind, minExtranonceSize } = config;
  return {
    userIdentity: utf8(userOf(config, upstream)),
    maxTarget: maxTargetOf(config),
    channel: kind === 'standard' ? { kind } : { kind, minExtranonceSize },
  };
}

function userOf({ userIdentity }: MiningDeviceConfig, upstream: UpstreamConfig): string {
  return upstream.userIdentity ?? userIdentity;
}

/** What a V1 pool is told. @param session of an earlier connection */
function sessionOf(
  config: MiningDeviceConfig,
  upstream: UpstreamConfig,
  nominalHashRate: number,
  session: string | undefined,
): Omit<ClientSessionOptions, 'host' | 'port'> {
  const { firmware, hardware } = config.device;
  return {
    userAgent: `${firmware}/${hardware}`,
    username: userOf(config, upstream),
    password: upstream.password,
    versionMask: versionMaskOf(config),
    suggestDifficulty: difficultyFromTarget(targetFromHashrate(nominalHashRate, SHARES_PER_MINUTE)),
    reconnectHosts: config.reconnectHosts,
    ...(session === undefined || session === '' ? {} : { session }),
  };
}
