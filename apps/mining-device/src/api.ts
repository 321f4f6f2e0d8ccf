import { displayHash } from '@sv2kit/bitcoin';
import type { Work, WorkMinutes } from '@sv2kit/mining';
import {
  type ChannelView,
  type HashrateView,
  type JobView,
  pageOf,
  type RoleApi,
  type SharesView,
  type UpstreamView,
} from '@sv2kit/monitor';
import type { AnyEndpoint, UpstreamState } from '@sv2kit/upstream';
import type { MiningDeviceConfig } from './config.ts';
import type { MiningDeviceStatus } from './device.ts';

type UpstreamConfig = MiningDeviceConfig['upstreams'][number];

interface ApiParts {
  readonly config: MiningDeviceConfig;
  readonly status: MiningDeviceStatus;
  readonly upstream: UpstreamState<AnyEndpoint> | undefined;
  readonly work: Work | undefined;
  /** From accepted shares. */
  readonly hashrate: HashrateView;
  readonly minutes: WorkMinutes;
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  readonly lastShareAtMs: number | undefined;
}

/** What a mining device answers below /api/v1. */
export function deviceApi(parts: ApiParts): RoleApi {
  const { config, upstream, work, minutes, nowMs } = parts;
  return {
    channels: (page) => pageOf(work === undefined ? [] : [channelView(parts, work)], page, (view) => view),
    shares: () => sharesView(parts),
    history: ({ hours }) => ({ kept: 'memory', ...minutes.history(hours, nowMs) }),
    jobs: (page) => pageOf(work === undefined ? [] : [jobView(parts, work)], page, (view) => view),
    upstreams: () => config.upstreams.map((each) => upstreamView(each, upstream)),
  };
}

function channelView(parts: ApiParts, { channelId, jobId }: Work): ChannelView {
  const { config, status, hashrate, openedAtMs, lastShareAtMs } = parts;
  const user = userOf(parts);
  const { shares, bestDifficulty, difficulty, nominalHashrate } = status;
  const { vendor, firmware } = config.device;
  return {
    connection: 0,
    channelId,
    jobId,
    kind: status.channel ?? 'v1',
    user,
    worker: user.split('.').slice(1).join('.'),
    hashrate,
    declaredHashrate: nominalHashrate,
    accepted: shares.accepted,
    rejected: { ...shares.rejected },
    work: shares.acceptedDifficulty,
    bestDifficulty,
    ...(lastShareAtMs !== undefined && { lastShareAtMs }),
    device: [vendor, firmware].filter((part) => part !== '').join(' '),
    difficulty,
    openedAtMs,
  };
}

function sharesView({ status, hashrate, startedAtMs }: ApiParts): SharesView {
  const { shares, bestDifficulty, blocks } = status;
  return {
    accepted: shares.accepted,
    rejected: { ...shares.rejected },
    work: shares.acceptedDifficulty,
    bestDifficulty,
    hashrate,
    blocks,
    sinceMs: startedAtMs,
  };
}

function jobView({ status }: ApiParts, { jobId, prevHash, receivedAtMs }: Work): JobView {
  return {
    id: String(jobId),
    origin: 'upstream',
    state: 'active',
    kind: status.channel ?? 'v1',
    prevHash: displayHash(prevHash),
    createdAtMs: receivedAtMs,
  };
}

function upstreamView({ url }: UpstreamConfig, state: UpstreamState<AnyEndpoint> | undefined): UpstreamView {
  const { host, port, version } = url;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isMeant = state !== undefined && 'endpoint' in state && isAt(state.endpoint, url);
  return {
    name: authority,
    kind: version === 1 ? 'v1-pool' : 'pool',
    url: `${version === 1 ? 'stratum+tcp' : 'stratum2+tcp'}://${authority}`,
    ...stateOf(isMeant ? state : undefined),
    ...(state?.kind === 'waiting' && { state: 'waiting', reason: state.reason }),
    stats: {},
  };
}

function stateOf(
  state: UpstreamState<AnyEndpoint> | undefined,
): Pick<UpstreamView, 'active' | 'reason' | 'sinceMs' | 'state'> {
  switch (state?.kind) {
    case 'connected':
      return { state: 'ok', active: true, sinceMs: state.sinceMs };
    case 'connecting':
      return {
        state: 'connecting',
        active: false,
        ...(state.lastFailure !== undefined && { reason: state.lastFailure }),
      };
    default:
      return { state: 'standby', active: false };
  }
}

/** The identity that the present upstream knows. */
function userOf({ config, upstream }: ApiParts): string {
  const present = config.upstreams.find(
    ({ url }) => upstream !== undefined && 'endpoint' in upstream && isAt(upstream.endpoint, url),
  );
  return present?.userIdentity ?? config.userIdentity;
}

function isAt(endpoint: AnyEndpoint, { host, port }: UpstreamConfig['url']): boolean {
  return endpoint.host === host && endpoint.port === port;
}
