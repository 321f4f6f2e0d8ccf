import { hrefOf } from '../../app/route.ts';
import { count, hashrate } from '../../data/format.ts';
import { usePath, useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { type Snapshot, valueOf } from '../../data/snapshot.ts';
import { type StatusView, workerCounts } from '../../data/status.ts';
import type { Listing, WorkerView } from '../../data/views.ts';
import { Badge, StateBadge } from '../../parts/badge.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Name } from '../../parts/text.tsx';

const SHOWN = 5;

/** What a role says of itself as a whole; large, so seldom asked for. */
export const useStatus = (role: KnownRole | undefined): Snapshot<StatusView> =>
  usePath<StatusView>(role === undefined ? undefined : `${role.path}/status`, { everyMs: 15_000 });

/** How many workers are how, and those with most hashrate. */
export function Workers({ role }: { readonly role: KnownRole }) {
  const top = useResource<Listing<WorkerView>>(role, `workers?sort=hashrate&limit=${SHOWN}`, { everyMs: 10_000 });
  const counts = workerCounts(valueOf(useStatus(role)));
  const all = hrefOf(['workers'], { role: role.name });
  return (
    <Panel title="Workers" aside={<a href={all}>All workers</a>}>
      {counts !== undefined && (
        <p class="states">
          <Badge tone="good">{`${count(counts.active)} active`}</Badge>
          <Badge tone="idle">{`${count(counts.idle)} idle`}</Badge>
          <Badge tone={counts.gone > 0 ? 'bad' : 'idle'}>{`${count(counts.gone)} gone`}</Badge>
        </p>
      )}
      <Known of={top} what="the workers" who={role.name}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nobody mines here yet. A device that connects and sends a share appears by itself.</Empty>
          ) : (
            <ul class="rows">
              {items.map((worker) => (
                <li key={`${worker.part ?? ''} ${worker.name}`}>
                  <a href={hrefOf(['workers', worker.name], { role: role.name })}>
                    <Name most={28}>{worker.name}</Name>
                  </a>
                  {worker.state !== 'active' && <StateBadge state={worker.state} />}
                  <span class="end">{hashrate(worker.hashrate.tenMinutes)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Known>
    </Panel>
  );
}
