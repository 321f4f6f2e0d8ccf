import { valueOf } from '../../data/snapshot.ts';
import { havingResource, type KnownRole, useKnownRoles } from '../../data/roles.ts';
import { useResources } from '../../data/resource.ts';
import type { HealthView, ListenView, Listing, PeerView, UpstreamView } from '../../data/views.ts';
import type { RoleFacts } from './graph.ts';

/** What all roles tell of themselves and of whom they are connected with. */
export function useFacts(): { readonly facts: readonly RoleFacts[]; readonly isLoading: boolean } {
  const roles = useKnownRoles();
  const health = useByRole<HealthView>(roles, 'health', roles);
  const listens = useByRole<readonly ListenView[] | Listing<ListenView>>(roles, 'listens');
  const upstreams = useByRole<readonly UpstreamView[] | Listing<UpstreamView>>(roles, 'upstreams');
  const isPartial = roles.some(
    ({ name, state, resources }) => state === 'reachable' && resources.includes('upstreams') && !upstreams.has(name),
  );
  const peers = useByRole<Listing<PeerView>>(roles, 'peers?limit=1000');
  const facts = roles.map((role): RoleFacts => {
    const { name, kind, state, reason, sinceMs } = role;
    const told = health.get(name);
    return {
      name,
      kind,
      state,
      sinceMs,
      ...(reason !== undefined && { reason }),
      ...(told !== undefined && { health: told }),
      listens: rowsOf(listens.get(name)),
      upstreams: rowsOf(upstreams.get(name)),
      peers: peers.get(name)?.items ?? [],
    };
  });
  const isLoading = roles.length === 0 || roles.some(({ state, info }) => state === 'reachable' && info === undefined);
  return { facts, isLoading: isLoading || isPartial };
}

function useByRole<T>(
  roles: readonly KnownRole[],
  path: string,
  asked: readonly KnownRole[] = havingResource(roles, path.replace(/\?.*$/, '')),
): ReadonlyMap<string, T> {
  const answers = useResources<T>(asked, path);
  return new Map(
    asked.flatMap(({ name }, at) => {
      const value = answers[at] && valueOf(answers[at]);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

const rowsOf = <T>(answer: readonly T[] | Listing<T> | undefined): readonly T[] =>
  answer === undefined ? [] : 'items' in answer ? answer.items : answer;
