import './overview.css';
import type { PageProps } from '../../app/pages.ts';
import { useKnownRoles, useRoles } from '../../data/roles.ts';
import { chosenOf, sourcesOf } from '../../data/sources.ts';
import { Known } from '../../parts/known.tsx';
import { Empty, PageHead } from '../../parts/panel.tsx';
import { RoleChoice } from '../../parts/role-choice.tsx';
import { Activity } from './activity.tsx';
import { Blocks } from './blocks.tsx';
import { Chain } from './chain.tsx';
import { HashratePanel } from './hashrate-panel.tsx';
import { Latency } from './latency.tsx';
import { RoleStrip } from './role-strip.tsx';
import { Shares } from './shares.tsx';
import { Workers } from './workers.tsx';

/** `#/`: everything at a glance, as the role tells it that is nearest to the money. */
export function Page({ route }: PageProps) {
  const asked = useRoles();
  const roles = useKnownRoles();
  const sources = sourcesOf(roles, 'shares');
  const source = chosenOf(sources, route.query.get('role'));
  return (
    <>
      <PageHead title="Overview" aside={<RoleChoice label="Seen by" roles={sources} chosen={source} route={route} />} />
      <Known of={asked} what="the roles" who="This dashboard">
        {() => (roles.length === 0 ? <NoRoles /> : <RoleStrip roles={roles} />)}
      </Known>
      {source !== undefined && (
        <>
          <HashratePanel key={source.name} role={source} />
          <div class="panels four">
            <Workers role={source} />
            <Shares role={source} />
            <Blocks role={source} />
            <Chain role={source} />
          </div>
        </>
      )}
      {roles.length > 0 && (
        <div class="panels two">
          <Activity />
          <Latency roles={roles} />
        </div>
      )}
    </>
  );
}

const NoRoles = () => (
  <Empty>
    No role is running here yet. Start one, such as <code>sv2kit pool</code>, or the whole stack with{' '}
    <code>sv2kit stack</code>: it appears here by itself.
  </Empty>
);
