import './workers.css';
import type { PageProps } from '../../app/pages.ts';
import { useKnownRoles, useRoles } from '../../data/roles.ts';
import { chosenOf, sourcesOf } from '../../data/sources.ts';
import { Known } from '../../parts/known.tsx';
import { Empty, PageHead } from '../../parts/panel.tsx';
import { RoleChoice } from '../../parts/role-choice.tsx';
import { WorkerList } from './list.tsx';
import { OneWorker } from './one.tsx';

/** `#/workers` and `#/workers/NAME` */
export function Page({ route }: PageProps) {
  const asked = useRoles();
  const roles = sourcesOf(useKnownRoles(), 'workers');
  const role = chosenOf(roles, route.query.get('role'));
  const [name] = route.rest;
  if (role !== undefined && name !== undefined) return <OneWorker key={name} name={name} role={role} roles={roles} />;
  return (
    <>
      <PageHead title="Workers" aside={<RoleChoice label="Seen by" roles={roles} chosen={role} route={route} />} />
      <Known of={asked} what="the roles" who="This dashboard">
        {() => (role === undefined ? <Nobody /> : <WorkerList key={role.name} role={role} route={route} />)}
      </Known>
    </>
  );
}

const Nobody = () => (
  <Empty>
    No role that was reached knows workers. A pool, a job declarator client, a translator or solo mining does.
  </Empty>
);
