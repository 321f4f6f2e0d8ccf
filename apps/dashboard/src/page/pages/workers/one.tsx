import { hrefOf } from '../../app/route.ts';
import { serverNow } from '../../data/clock.ts';
import { count, cut, difficulty, hashrate, percent, plain, words } from '../../data/format.ts';
import { useResource, useResources } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { hashrateSeries } from '../../data/series.ts';
import { valueOf } from '../../data/snapshot.ts';
import type { WorkerDetail } from '../../data/views.ts';
import { StateBadge } from '../../parts/badge.tsx';
import { HashrateChart } from '../../parts/chart.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Figure, PageHead, Panel } from '../../parts/panel.tsx';
import { Ago, Copy, When } from '../../parts/text.tsx';
import { Channels } from './channels.tsx';

interface OneWorkerProps {
  readonly name: string;
  readonly role: KnownRole;
  /** All roles that know workers: the same device is behind several of them. */
  readonly roles: readonly KnownRole[];
}

/** `#/workers/NAME`: one worker, over all its channels and connections. */
export function OneWorker({ name, role, roles }: OneWorkerProps) {
  const path = `workers/${encodeURIComponent(name)}`;
  const worker = useResource<WorkerDetail>(role, path);
  const others = useResources<WorkerDetail>(roles, path, { everyMs: 10_000 });
  const knowing = roles.filter(
    (each, i) => each === role || (others[i] !== undefined && valueOf(others[i]) !== undefined),
  );
  return (
    <>
      <p class="back">
        <a href={hrefOf(['workers'], { role: role.name })}>← All workers</a>
      </p>
      <PageHead
        title={
          <bdi class="name" title={plain(name)}>
            {cut(plain(name), 80)}
          </bdi>
        }
        aside={<Copy text={name} what="name" />}
      />
      <Known
        of={worker}
        what="this worker"
        who={role.name}
        absent={<Unknown role={role} knowing={knowing.filter((each) => each !== role)} name={name} />}
      >
        {(view) => (
          <>
            <Figures view={view} />
            <Past view={view} role={role} />
          </>
        )}
      </Known>
      <Channels name={name} roles={knowing} />
    </>
  );
}

interface UnknownProps {
  readonly name: string;
  readonly role: KnownRole;
  readonly knowing: readonly KnownRole[];
}

const Unknown = ({ name, role, knowing }: UnknownProps) => (
  <Empty>
    {`${role.name} knows no worker of this name, or has forgotten it after a long silence. `}
    {knowing.map((other) => (
      <a key={other.name} href={hrefOf(['workers', name], { role: other.name })}>
        {`${other.name} knows one. `}
      </a>
    ))}
  </Empty>
);

function Figures({ view }: { readonly view: WorkerDetail }) {
  const reasons = Object.entries(view.rejected).sort(([, a], [, b]) => b - a);
  const rejected = reasons.reduce((sum, [, n]) => sum + n, 0);
  const all = rejected + view.accepted;
  return (
    <Panel title="Now" aside={<StateBadge state={view.state} />}>
      <dl class="figures">
        <Figure label="Last minute" large>
          {hashrate(view.hashrate.oneMinute)}
        </Figure>
        <Figure label="10 minutes">{hashrate(view.hashrate.tenMinutes)}</Figure>
        <Figure label="1 hour">{hashrate(view.hashrate.oneHour)}</Figure>
        <Figure label="24 hours">{hashrate(view.hashrate.oneDay)}</Figure>
        {view.declaredHashrate !== undefined && (
          <Figure label="Says of itself">{hashrate(view.declaredHashrate)}</Figure>
        )}
        <Figure label="Accepted" note={percent(view.accepted, all)}>
          {count(view.accepted)}
        </Figure>
        <Figure
          label="Rejected"
          note={
            reasons.length === 0
              ? undefined
              : reasons.map(([code, n]) => `${count(n)} ${words(plain(code))}`).join(', ')
          }
        >
          {count(rejected)}
        </Figure>
        <Figure label="Best share" note="difficulty">
          {difficulty(view.bestDifficulty)}
        </Figure>
        <Figure label="Last share">
          {view.lastShareAtMs === undefined ? 'none yet' : <Ago ms={view.lastShareAtMs} />}
        </Figure>
        {view.firstSeenAtMs !== undefined && (
          <Figure label="First seen" note={<When ms={view.firstSeenAtMs} />}>
            <Ago ms={view.firstSeenAtMs} />
          </Figure>
        )}
      </dl>
    </Panel>
  );
}

function Past({ view, role }: { readonly view: WorkerDetail; readonly role: KnownRole }) {
  const step = Math.max(60, ...view.history.map(({ seconds }) => seconds));
  const series = hashrateSeries(view.history, step, undefined, serverNow());
  return (
    <Panel title="Hashrate">
      {series.x.length < 2 ? (
        <Empty>There is no history of this worker yet: it begins with its first minutes of shares.</Empty>
      ) : (
        <HashrateChart label={`Hashrate of this worker as seen by ${role.name}`} series={series} />
      )}
    </Panel>
  );
}
