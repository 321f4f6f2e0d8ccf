import { useRef } from 'preact/hooks';
import type { PageProps } from '../../app/pages.ts';
import { go, hrefOf } from '../../app/route.ts';
import { useResource } from '../../data/resource.ts';
import { havingResource, type KnownRole, useKnownRoles } from '../../data/roles.ts';
import { valueOf } from '../../data/snapshot.ts';
import type { ConnectionView, Listing } from '../../data/views.ts';
import { Select } from '../../parts/choose.tsx';
import { Away, Loading } from '../../parts/known.tsx';
import { Empty, PageHead, Panel } from '../../parts/panel.tsx';
import { Connections } from './connections.tsx';
import { Watching } from './watching.tsx';
import './inspector.css';

/** `#/inspector/ROLE?connection=ID`: what goes over a connection, message by message. */
export function Page({ route }: PageProps) {
  const known = useKnownRoles();
  const roles = havingResource(known, 'connections');
  const [named] = route.rest;
  const role = known.find(({ name }) => name === named) ?? roles.find(({ kind }) => kind === 'pool') ?? roles[0];
  const id = route.query.get('connection') ?? undefined;
  return (
    <>
      <PageHead
        title="Inspector"
        aside={
          role !== undefined && (
            <Select
              label="Role"
              value={role.name}
              of={withRole(roles, role).map(({ name }) => ({ value: name, label: name }))}
              onChoose={(name) => go(hrefOf(['inspector', name]))}
            />
          )
        }
      />
      {role === undefined ? <NoRole known={known} /> : <OfRole key={role.path} role={role} id={id} />}
    </>
  );
}

const withRole = (roles: readonly KnownRole[], role: KnownRole): readonly KnownRole[] =>
  roles.includes(role) ? roles : [role, ...roles];

function NoRole({ known }: { readonly known: readonly KnownRole[] }) {
  if (known.length === 0 || known.some(({ state, info }) => state === 'reachable' && info === undefined)) {
    return <Loading what="the roles" />;
  }
  return <Empty>No role that can be reached tells of its connections.</Empty>;
}

function OfRole({ role, id }: { readonly role: KnownRole; readonly id: string | undefined }) {
  const list = useResource<Listing<ConnectionView>>(id === undefined ? undefined : role, 'connections?limit=1000', {
    everyMs: 4000,
  });
  const found = valueOf(list)?.items.find((one) => one.id === id);
  // A connection that ended is no longer listed: what was seen of it stays.
  const last = useRef<ConnectionView | undefined>(undefined);
  if (found !== undefined) last.current = found;
  const shown = last.current?.id === id ? last.current : undefined;
  if (id === undefined) {
    return (
      <>
        {role.state !== 'reachable' && (
          <Away who={role.name} reason={role.reason ?? 'no answer'} sinceMs={role.sinceMs} />
        )}
        <Connections role={role} />
      </>
    );
  }
  if (shown !== undefined) return <Watching role={role} connection={shown} />;
  return (
    <Panel title="Connection">
      {list.state === 'loading' ? (
        <Loading what="the connection" />
      ) : (
        <Empty>
          {list.state === 'unreachable'
            ? `${role.name} is not reachable: ${list.reason}. `
            : 'This connection is gone. '}
          <a href={hrefOf(['inspector', role.name])}>Choose another one.</a>
        </Empty>
      )}
    </Panel>
  );
}
