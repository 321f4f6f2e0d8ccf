import type { LatencyFigures, RoleView, ShareCounts, StackBlock, StackStatus } from './events.ts';

/** `1.6 MH/s`. */
export function hashrate(perSecond: number): string {
  const units = ['H/s', 'kH/s', 'MH/s', 'GH/s', 'TH/s'];
  let value = perSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`;
}

/** `1 channel`, `2 channels`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `12.3 of 18.9 MB`. */
export function megabytes({ done, total }: { readonly done: number; readonly total: number }): string {
  return `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`;
}

/** `p50 3.1 ms, p99 12 ms`. */
export function latency({ p50, p99, unit }: LatencyFigures): string {
  return `p50 ${short(p50)} ${unit}, p99 ${short(p99)} ${unit}`;
}

/** `3.1/12 ms`: p50 and p99, with a comma before it; nothing when nothing was measured. */
export function briefLatency(figures: LatencyFigures | undefined): string {
  return figures === undefined ? '' : `, ${short(figures.p50)}/${short(figures.p99)} ${figures.unit}`;
}

/** Two figures, or all of a whole number; hundredths at the finest. */
function short(value: number): string {
  if (value < 0.1) return value < 0.01 ? '<0.01' : value.toFixed(2);
  return value < 10 ? value.toPrecision(2) : String(Math.round(value));
}

/** `60 accepted, 2 rejected (stale-share 2)`. */
export function shares({ accepted, rejected }: ShareCounts): string {
  const codes = Object.entries(rejected);
  const total = codes.reduce((sum, [, count]) => sum + count, 0);
  const named = codes.map(([code, count]) => `${code} ${count}`).join(', ');
  return `${accepted} accepted, ${total} rejected${total === 0 ? '' : ` (${named})`}`;
}

/** Which block of this run one is: `3 of 5`, `9, at least 5 wanted`, or `3`. */
export function ordinal(count: number, wanted: number | undefined): string {
  return wanted !== undefined && count > wanted ? `${count}, at least ${wanted} wanted` : progress(count, wanted);
}

/** `3 of 5`, or `3`. */
function progress(count: number, wanted: number | undefined): string {
  return wanted === undefined ? String(count) : `${count} of ${wanted}`;
}

/** `14 of 8, still to come: solo`. */
export function blockWords({ blocks, wanted, awaited }: Pick<StackStatus, 'blocks' | 'wanted' | 'awaited'>): string {
  const rest = awaited.length === 0 ? '' : `, still to come: ${awaited.join(', ')}`;
  return `${progress(blocks.length, wanted)}${rest}`;
}

/** `; 31 shares on full-template jobs, 4 shares on coinbase-only jobs`; empty when there are none. */
export function declaredWords({ declared }: Pick<StackStatus, 'declared'>): string {
  const modes = Object.entries(declared).filter(([, { shares: count }]) => count > 0);
  if (modes.length === 0) return '';
  return `; ${modes.map(([mode, { shares: count }]) => `${counted(count, 'share')} on ${mode} jobs`).join(', ')}`;
}

export function dashboardLine(url: string): string {
  return `Dashboard: ${url}`;
}

export function blockLine({ height, hash, path, via, device }: StackBlock): string {
  return `block ${height} ${hash} ${path} by ${device} over ${via}`;
}

/** `pool-template 3, solo 1; over sv1 1, sv2-standard 3`. */
export function wayWords({ blocks }: Pick<StackStatus, 'blocks'>): string {
  const counts = (way: 'path' | 'via'): string =>
    [...Map.groupBy(blocks, (block) => block[way])].map(([name, { length }]) => `${name} ${length}`).join(', ');
  return `${counts('path')}; over ${counts('via')}`;
}

/** How it speaks to its bitcoind stands after its address. */
export function roleLine({ name, state, reason, detail, progress: done, node }: RoleView): string {
  const [at = '', ...rest] = detail.split(', ');
  const linked = node === undefined || detail === '' ? detail : [at, node, ...rest].join(', ');
  const words = reason ?? (done === undefined ? linked : `${linked}, ${done}`);
  return [name.padEnd(18), state.padEnd(11), words].join(' ').trimEnd();
}

/** The whole stack in one line. */
export function statusLine(status: StackStatus): string {
  const { elapsedSeconds, height, roles } = status;
  const unwell = roles.filter(({ state }) => state !== 'ok').map(({ name, state }) => `${name} ${state}`);
  return [
    `${Math.round(elapsedSeconds)} s`,
    `blocks ${blockWords(status)} (height ${height})`,
    `shares ${shares(status.shares)}${declaredWords(status)}`,
    hashrate(status.hashrate),
    ...latencyWords(status),
    ...unwell,
  ].join('; ');
}

/** The figures that say most: until a share's sender knows that it counts, and until a miner's own template does. */
export function latencyWords({ latency: figures }: StackStatus): string[] {
  const named = [
    ['share to success', figures['pool.share-to-success']],
    ['template to acknowledged job', figures['jd-client.template-to-acknowledged']],
  ] as const;
  return named.flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${latency(value)}`]));
}
