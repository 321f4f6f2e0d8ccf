import { useEffect, useMemo, useState } from 'preact/hooks';
import { Loading } from '../../parts/known.tsx';
import { Empty, PageHead, Panel } from '../../parts/panel.tsx';
import { useFacts } from './facts.ts';
import { graphOf } from './graph.ts';
import { Picture } from './picture.tsx';
import { InWords, Legend } from './tables.tsx';
import './topology.css';

/** For so long a picture of all roles is waited for before one of some is drawn. */
const PATIENCE_MS = 5000;

/** `#/topology`: the roles as a live picture, and in words. */
export function Page() {
  const { facts, isLoading } = useFacts();
  const key = JSON.stringify(facts, (name, value: unknown) => (name === 'stats' ? undefined : value));
  const graph = useMemo(() => graphOf(facts), [key]);
  const [isPatient, setPatient] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  const away = facts.filter(({ state }) => state !== 'reachable');
  return (
    <>
      <PageHead title="Topology" />
      {away.map(({ name, reason }) => (
        <p key={name} class="away">
          <span aria-hidden="true">✕ </span>
          <b>{`${name}: not reachable`}</b>
          {reason !== undefined && `: ${reason}`}
        </p>
      ))}
      {graph.boxes.length === 0 || (isLoading && isPatient) ? (
        <Panel title="Roles">
          {isLoading ? (
            <Loading what="the roles" />
          ) : (
            <Empty>No role is known. Each one that is found is drawn here.</Empty>
          )}
        </Panel>
      ) : (
        <>
          <Panel title="Roles and their connections" aside={<Legend graph={graph} />}>
            {isLoading && (
              <p class="soft" role="status">
                Some roles have not answered yet.
              </p>
            )}
            <Picture graph={graph} />
          </Panel>
          <InWords graph={graph} facts={facts} />
        </>
      )}
    </>
  );
}
