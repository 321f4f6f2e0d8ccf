import type { JobView, TemplateView } from '@sv2kit/monitor';
import { chooser } from './words.ts';

/** What a role tells of its work. */
export interface RoleWork {
  readonly role: string;
  /** pool, jd-client … */
  readonly kind: string;
  readonly jobs: readonly JobView[];
  readonly templates: readonly TemplateView[];
}

/** Something that is mined, or is about to be; it follows the role from one template to the next. */
export interface Source {
  /** The same as long as it is the same thing. */
  readonly key: string;
  readonly role: string;
  readonly kind: string;
  readonly list: 'templates' | 'jobs';
  /** Of the one in use now. */
  readonly id: string;
  readonly label: string;
  readonly work: JobView | TemplateView;
}

/** All that one can look into: the template in use of each role, and its jobs by who chose them. */
export function sourcesOf(roles: readonly RoleWork[]): readonly Source[] {
  return roles.flatMap(({ role, kind, jobs, templates }) => {
    const found = new Map<string, Source>();
    const template = current(templates, ({ receivedAtMs }) => receivedAtMs ?? 0);
    if (template !== undefined) {
      const key = `${role} templates`;
      found.set(key, {
        key,
        role,
        kind,
        list: 'templates',
        id: template.id,
        label: `${role}: template`,
        work: template,
      });
    }
    for (const job of latestFirst(jobs)) {
      const key = `${role} jobs ${job.origin} ${job.user ?? ''}`;
      if (found.has(key)) continue;
      found.set(key, { key, role, kind, list: 'jobs', id: job.id, label: `${role}: job, ${chooser(job)}`, work: job });
    }
    return [...found.values()];
  });
}

/** The one that is mined; else the one that is next; else the last one. */
function current<T extends { readonly state: JobView['state'] }>(
  rows: readonly T[],
  atMs: (row: T) => number,
): T | undefined {
  const sorted = [...rows].sort((a, b) => atMs(b) - atMs(a));
  return sorted.find(({ state }) => state === 'active') ?? sorted.find(({ state }) => state === 'future') ?? sorted[0];
}

const RANK: Readonly<Record<JobView['state'], number>> = { active: 0, future: 1, stale: 2 };

/** Those in use first, and of those the latest. */
function latestFirst(jobs: readonly JobView[]): readonly JobView[] {
  return [...jobs].sort((a, b) => RANK[a.state] - RANK[b.state] || b.createdAtMs - a.createdAtMs);
}

/** Kinds of roles whose choice of transactions is the pool's, and whose is the miner's; the best first. */
const POOLS = ['template-provider', 'pool'];
const MINERS = ['jd-client', 'jd-server'];

/** The pair that one wants to compare: what the pool would mine, and what a miner has chosen. */
export function defaultPair(
  sources: readonly Source[],
  poolProvider: string | undefined,
): { readonly mine: Source | undefined; readonly theirs: Source | undefined } {
  const mine = byKind(sources, MINERS);
  const theirs =
    sources.find(({ role, list }) => role === poolProvider && list === 'templates') ??
    byKind(
      sources.filter((source) => source !== mine),
      POOLS,
    );
  return { mine: mine ?? sources.find((source) => source !== theirs), theirs };
}

function byKind(sources: readonly Source[], kinds: readonly string[]): Source | undefined {
  for (const kind of kinds) {
    const found = sources.find(
      (source) => source.kind === kind && (source.list === 'templates' || kind === 'jd-server'),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Jobs that look the same, as one row: a pool has one for each kind of coinbase. */
export interface WorkRow {
  readonly role: string;
  readonly job: JobView;
  /** How many such jobs. */
  readonly jobs: number;
  /** Channels on all of them, where it is told. */
  readonly channels: number | undefined;
}

/** What is mined now, by role and by who chose it. */
export function workRows(roles: readonly RoleWork[]): readonly WorkRow[] {
  return roles.flatMap(({ role, jobs }) => {
    const rows = new Map<string, WorkRow>();
    for (const job of latestFirst(jobs)) {
      if (job.state !== 'active') continue;
      const key = [job.part, job.origin, job.user, job.templateId, job.height, job.prevHash].join(' ');
      const before = rows.get(key);
      const channels = job.channels === undefined ? before?.channels : (before?.channels ?? 0) + job.channels;
      rows.set(key, { role: job.part ?? role, job: before?.job ?? job, jobs: (before?.jobs ?? 0) + 1, channels });
    }
    return [...rows.values()];
  });
}
