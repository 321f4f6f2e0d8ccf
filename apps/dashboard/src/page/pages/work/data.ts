import { usePath, useResources } from '../../data/resource.ts';
import { havingResource, type KnownRole, useKnownRoles } from '../../data/roles.ts';
import { LOADING, type Snapshot, valueOf } from '../../data/snapshot.ts';
import type { JobView, Listing, TemplateView, TransactionView, UpstreamView } from '../../data/views.ts';
import { resourcePath } from '../../data/resource.ts';
import type { RoleWork, Source } from './sources.ts';

/** What is in a template or a job. */
export type Detail = (JobView | TemplateView) & {
  readonly transactionList?: readonly TransactionView[];
  readonly cut?: boolean;
  readonly coinbase?: { readonly prefix: string; readonly suffix: string; readonly tag?: string };
};

export interface AllWork {
  readonly roles: readonly KnownRole[];
  readonly work: readonly RoleWork[];
  /** The role whose templates the pool takes. */
  readonly poolProvider: string | undefined;
  readonly isLoading: boolean;
  readonly away: readonly { readonly role: KnownRole; readonly snapshot: Snapshot<unknown> }[];
}

/** Devices mine what they are given: their jobs are those of their upstream. */
const withoutDevices = (roles: readonly KnownRole[]): readonly KnownRole[] =>
  roles.filter(({ kind }) => kind !== 'mining-device');

/** The jobs and templates of all roles. */
export function useAllWork(): AllWork {
  const known = useKnownRoles();
  const withJobs = withoutDevices(havingResource(known, 'jobs'));
  const withTemplates = havingResource(known, 'templates');
  const jobs = useResources<Listing<JobView>>(withJobs, 'jobs?limit=200', { everyMs: 3000 });
  const templates = useResources<Listing<TemplateView>>(withTemplates, 'templates?limit=50', { everyMs: 3000 });
  const roles = known.filter((role) => withJobs.includes(role) || withTemplates.includes(role));
  const snapshotsOf = (role: KnownRole) => {
    const job: Snapshot<Listing<JobView>> | undefined = jobs[withJobs.indexOf(role)];
    const template: Snapshot<Listing<TemplateView>> | undefined = templates[withTemplates.indexOf(role)];
    return { job, template };
  };
  const work = roles.map((role): RoleWork => {
    const { job, template } = snapshotsOf(role);
    return {
      role: role.name,
      kind: role.kind,
      jobs: (job && valueOf(job)?.items) ?? [],
      templates: (template && valueOf(template)?.items) ?? [],
    };
  });
  const away = roles.flatMap((role) => {
    const { job, template } = snapshotsOf(role);
    const bad = [job, template].find((one) => one?.state === 'stale' || one?.state === 'unreachable');
    return bad === undefined ? [] : [{ role, snapshot: bad }];
  });
  const unread = known.some(({ state, info }) => state === 'reachable' && info === undefined);
  const isLoading = known.length === 0 || unread || [...jobs, ...templates].some(({ state }) => state === 'loading');
  return { roles, work, poolProvider: usePoolProvider(known), isLoading, away };
}

/** The template provider that the pool uses: the one with a door where the pool goes to. */
function usePoolProvider(known: readonly KnownRole[]): string | undefined {
  const pools = known.filter(({ kind }) => kind.startsWith('pool')).slice(0, 1);
  const providers = known.filter(({ kind }) => kind === 'template-provider');
  const [upstreams] = useResources<Listing<UpstreamView>>(havingResource(pools, 'upstreams'), 'upstreams');
  const doors = useResources<Listing<{ readonly protocol: string; readonly port: number }>>(
    havingResource(providers, 'listens'),
    'listens',
    { everyMs: 60_000 },
  );
  const used = (upstreams && valueOf(upstreams)?.items)?.find(
    ({ kind, active }) => kind === 'template-provider' && active !== false,
  );
  const port = Number(/:(\d+)(?:\/.*)?$/.exec(used?.url ?? '')?.[1]);
  const at = doors.findIndex((door) => valueOf(door)?.items.some((one) => one.port === port));
  return havingResource(providers, 'listens')[at]?.name;
}

/** What is in a source, asked for once for each template or job. */
export function useDetail(roles: readonly KnownRole[], source: Source | undefined): Snapshot<Detail> {
  const role = source === undefined ? undefined : roles.find(({ name }) => name === source.role);
  const has = source !== undefined && role?.resources.some((name) => name.startsWith(`${source.list}/`)) === true;
  const path =
    source === undefined || role === undefined || !has
      ? undefined
      : resourcePath(role, `${source.list}/${encodeURIComponent(source.id)}`);
  const detail = usePath<Detail>(path, { everyMs: Number.POSITIVE_INFINITY });
  if (source === undefined) return LOADING;
  // A role that does not tell what is in it still tells what it is.
  if (!has || detail.state === 'absent') return { state: 'there', value: source.work, atMs: Date.now() };
  return detail;
}
