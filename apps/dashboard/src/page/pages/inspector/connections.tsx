import { useState } from 'preact/hooks';
import { hrefOf } from '../../app/route.ts';
import type { KnownRole } from '../../data/roles.ts';
import { useResource } from '../../data/resource.ts';
import type { ConnectionView, Listing } from '../../data/views.ts';
import { Pager, Search } from '../../parts/choose.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Ago, Name } from '../../parts/text.tsx';
import { otherEnd, protocolWords } from './words.ts';

const ROWS = 25;
const MOST = 1000;

/** The connections of a role, to choose one. */
export function Connections({ role }: { readonly role: KnownRole }) {
  const list = useResource<Listing<ConnectionView>>(role, `connections?limit=${MOST}`, { everyMs: 4000 });
  const [search, setSearch] = useState('');
  const [offset, setOffset] = useState(0);
  return (
    <Panel
      title={`Connections of ${role.name}`}
      aside={
        <Search
          label="Search the connections"
          hint="device, address, protocol"
          value={search}
          onSearch={(text) => {
            setSearch(text);
            setOffset(0);
          }}
        />
      }
    >
      <Known of={list} what="its connections" who={role.name}>
        {({ items, total }) => {
          const found = items.filter((one) => fits(one, search));
          const from = Math.min(offset, Math.max(0, found.length - 1));
          return (
            <>
              {found.length === 0 ? (
                <Empty>
                  {total === 0
                    ? 'Nobody is connected. Each connection of this role appears here when it is ready.'
                    : `None of ${total} connections fits.`}
                </Empty>
              ) : (
                <ConnectionTable role={role} rows={found.slice(from, from + ROWS)} />
              )}
              {total > items.length && <p class="soft">{`Only the first ${items.length} of ${total} are listed.`}</p>}
              <Pager offset={from} limit={ROWS} total={found.length} onPage={setOffset} />
            </>
          );
        }}
      </Known>
    </Panel>
  );
}

function fits(connection: ConnectionView, search: string): boolean {
  const { id, part, remote, protocol, device } = connection;
  const text = [id, part, remote, protocol, device, protocolWords(protocol)].join(' ').toLowerCase();
  return text.includes(search.trim().toLowerCase());
}

function ConnectionTable({ role, rows }: { readonly role: KnownRole; readonly rows: readonly ConnectionView[] }) {
  const hasParts = rows.some(({ part }) => part !== undefined);
  return (
    <div class="scroll">
      <table class="connections">
        <thead>
          <tr>
            <th scope="col" class="number">
              No.
            </th>
            <th scope="col">With</th>
            <th scope="col">Speaks</th>
            <th scope="col">Opened by</th>
            {hasParts && <th scope="col">Part</th>}
            <th scope="col">Address</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.id}>
              <td class="number" title="As the log has it">
                {one.peer}
              </td>
              <td>
                <a href={hrefOf(['inspector', role.name], { connection: one.id })}>
                  <Name>{otherEnd(one)}</Name>
                </a>
              </td>
              <td>{protocolWords(one.protocol)}</td>
              <td>{one.direction === 'in' ? 'the other end' : role.kind}</td>
              {hasParts && <td>{one.part ?? ''}</td>}
              <td>{one.remote ?? <span class="soft">–</span>}</td>
              <td>
                <Ago ms={one.sinceMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
