/** What `/status` of a role says, as far as the page reads it. Another version may leave anything out. */
export interface StatusView {
  readonly latency?: Readonly<Record<string, LatencyView>>;
  readonly counters?: Readonly<Record<string, number>>;
  readonly details?: { readonly work?: { readonly height?: number; readonly networkDifficulty?: number } };
}

export interface LatencyView {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Milliseconds in every version so far. */
  readonly unit: string;
  readonly samples: number;
}

const STEPS: Readonly<Record<string, string>> = {
  'share-to-success': 'share → accepted',
  'share-to-error': 'share → rejected',
  'template-to-last-job': 'template → last miner has its job',
  'fan-out': 'new work → last miner',
  'block-to-node': 'block → node has it',
  'tip-to-clients': 'tip → clients',
  'template-to-client': 'template → client',
  'tip-to-template': 'tip → template',
  'declare-to-job': 'declared → job',
  'event-loop-delay': 'process waits',
};

/** What a step of a role's work is called, for people. */
export const stepWords = (step: string): string => STEPS[step] ?? step.replaceAll('-', ' ');

export interface LatencyRow extends LatencyView {
  readonly step: string;
}

/** Latencies of a role: those of its work first, that of the process last; those never measured are left out. */
export function latencyRows(status: StatusView | undefined): readonly LatencyRow[] {
  const rows = Object.entries(status?.latency ?? {}).map(([step, view]) => ({ step, ...view }));
  const known = Object.keys(STEPS);
  const rank = ({ step }: LatencyRow) => {
    const at = known.indexOf(step);
    return at < 0 ? known.length : at;
  };
  return rows.filter(({ samples }) => samples > 0).sort((a, b) => rank(a) - rank(b));
}

export type WorkerCounts = { readonly [S in 'active' | 'idle' | 'gone']: number };

/** How many workers are how, from a role's figures; undefined where it has none. */
export function workerCounts(status: StatusView | undefined): WorkerCounts | undefined {
  const counters = status?.counters ?? {};
  const of = (state: string) =>
    Object.entries(counters).find(([name]) => name.endsWith(`_workers{state="${state}"}`))?.[1];
  const [active, idle, gone] = [of('active'), of('idle'), of('gone')];
  return active === undefined ? undefined : { active, idle: idle ?? 0, gone: gone ?? 0 };
}

/** How hard a block is, where the role knows it. */
export function networkDifficulty(status: StatusView | undefined): number | undefined {
  const told = status?.details?.work?.networkDifficulty;
  if (typeof told === 'number') return told;
  return Object.entries(status?.counters ?? {}).find(([name]) => name.endsWith('_network_difficulty'))?.[1];
}

/** Hashes that a difficulty of 1 takes on average. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** How long a block takes on average at a hashrate, in milliseconds; undefined without one. */
export function blockTimeMs(hashrate: number, difficulty: number | undefined): number | undefined {
  return hashrate > 0 && difficulty !== undefined
    ? ((difficulty * HASHES_PER_DIFFICULTY) / hashrate) * 1000
    : undefined;
}
