import './health.css';
import { useEffect } from 'preact/hooks';
import type { PageProps } from '../../app/pages.ts';
import { useKnownRoles, useRoles } from '../../data/roles.ts';
import { Known } from '../../parts/known.tsx';
import { Empty, PageHead } from '../../parts/panel.tsx';
import { RoleHealth } from './role-health.tsx';

/** `#/health`: how every role is, with the reasons. */
export function Page({ route }: PageProps) {
  const asked = useRoles();
  const roles = useKnownRoles();
  const wanted = route.query.get('role');
  useEffect(() => {
    if (wanted !== null && roles.length > 0) document.getElementById(idOf(wanted))?.scrollIntoView({ block: 'start' });
  }, [wanted, roles.length > 0]);
  return (
    <>
      <PageHead title="Health" />
      <Known of={asked} what="the roles" who="This dashboard">
        {() =>
          roles.length === 0 ? (
            <Empty>No role is running here yet: each that is started appears here by itself.</Empty>
          ) : (
            <div class="panels">
              {roles.map((role) => (
                <div key={role.name} id={idOf(role.name)} class="anchor">
                  <RoleHealth role={role} />
                </div>
              ))}
            </div>
          )
        }
      </Known>
    </>
  );
}

const idOf = (role: string): string => `role-${role}`;
