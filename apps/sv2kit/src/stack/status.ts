import type { DeclaredWork, LatencyFigures, ShareCounts } from './events.ts';

/** What a role's GET /status says, as far as the stack reads it. Read loosely: another version may say less. */
export interface RoleStatus {
  readonly state: 'starting' | 'ok' | 'degraded' | 'stopping';
  readonly reason?: string;
  /** Whether it does its work: degraded by nothing that it needs, if at all. */
  readonly isServing: boolean;
  readonly latency: Readonly<Record<string, LatencyFigures>>;
  readonly details: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

/** A block in the pool's status. */
export interface FoundBlock {
  readonly height: number;
  readonly hash: string;
  readonly path: string;
  readonly via: string;
  readonly userIdentity: string;
}

const TIMEOUT_MS = 2_000;

/**
 * @param pid of the role: whatever else may have got the port does not speak for it
 * @throws when the role does not answer with a status
 */
export async function fetchStatus(monitoringPort: number, pid: number | undefined): Promise<RoleStatus> {
  const response = await fetch(`http://127.0.0.1:${monitoringPort}/status`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.json();
  if (fields(body)['pid'] !== pid) throw new Error('the status of another process');
  return readStatus(body);
}

export function readStatus(body: unknown): RoleStatus {
  const status = fields(body);
  const { state } = status;
  if (state !== 'starting' && state !== 'ok' && state !== 'degraded' && state !== 'stopping') {
    throw new Error('not the status of a role');
  }
  const reason = text(status, 'reason');
  return {
    state,
    ...(reason === '' ? {} : { reason }),
    isServing: status['serving'] === true,
    latency: readLatency(fields(status['latency'])),
    details: fields(status['details']),
  };
}

/** The blocks of the pool's status, oldest first. */
export function foundBlocks(details: Fields): FoundBlock[] {
  const list: readonly unknown[] = Array.isArray(details['blocks']) ? details['blocks'] : [];
  return list
    .map(fields)
    .map((block) => ({
      height: number(block, 'height'),
      hash: text(block, 'hash'),
      path: text(block, 'path'),
      via: text(block, 'via'),
      userIdentity: text(block, 'userIdentity'),
    }))
    .filter(({ hash }) => hash !== '')
    .sort((a, b) => a.height - b.height);
}

/** The share counts of a role that serves miners. */
export function shareCounts(details: Fields): ShareCounts {
  const shares = fields(details['shares']);
  const rejected = Object.entries(fields(shares['rejected']));
  return {
    accepted: number(shares, 'accepted'),
    rejected: Object.fromEntries(rejected.filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
  };
}

export function addShares(counts: readonly ShareCounts[]): ShareCounts {
  const rejected: Record<string, number> = {};
  for (const [code, count] of counts.flatMap((each) => Object.entries(each.rejected))) {
    rejected[code] = (rejected[code] ?? 0) + count;
  }
  return { accepted: counts.reduce((sum, { accepted }) => sum + accepted, 0), rejected };
}

/** What the pool says of jobs that miners brought themselves, by mode. */
export function declaredWork(details: Fields): Readonly<Record<string, DeclaredWork>> {
  const byMode = Object.entries(fields(fields(details['jobDeclaration'])['byMode']));
  const read = (entry: Fields): DeclaredWork => ({
    jobs: number(entry, 'jobs'),
    shares: number(entry, 'shares'),
    work: number(entry, 'work'),
    creditedWork: number(entry, 'creditedWork'),
  });
  return Object.fromEntries(byMode.map(([mode, entry]) => [mode, read(fields(entry))]));
}

/** 0 when it is not there. */
export function number(from: Fields, name: string): number {
  const value = from[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Empty when it is not there. */
export function text(from: Fields, name: string): string {
  const value = from[name];
  return typeof value === 'string' ? value : '';
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function readLatency(latency: Fields): Record<string, LatencyFigures> {
  const figures = Object.entries(latency).map(([name, value]): [string, LatencyFigures] => {
    const entry = fields(value);
    const [p50, p99] = [rounded(number(entry, 'p50')), rounded(number(entry, 'p99'))];
    return [name, { p50, p99, unit: text(entry, 'unit'), samples: number(entry, 'samples') }];
  });
  return Object.fromEntries(figures.filter(([, { samples }]) => samples > 0));
}

/** To a thousandth of its unit: what lies beyond is not measured. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
