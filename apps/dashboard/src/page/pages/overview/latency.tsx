import { useState } from 'preact/hooks';
import { latency, plain } from '../../data/format.ts';
import { usePaths } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import { valueOf } from '../../data/snapshot.ts';
import { type LatencyRow, latencyRows, stepWords, type StatusView } from '../../data/status.ts';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Name } from '../../parts/text.tsx';

/** Of each role the steps that say most; all of them on demand. */
const FIRST = 2;
const PROCESS = 'event-loop-delay';

/** How fast the roles are, step by step. */
export function Latency({ roles }: { readonly roles: readonly KnownRole[] }) {
  const [isAll, setAll] = useState(false);
  const reachable = roles.filter(({ kind }) => kind !== 'mining-device');
  const statuses = usePaths<StatusView>(
    reachable.map(({ path }) => `${path}/status`),
    { everyMs: 15_000 },
  );
  const rows = reachable.flatMap((role, i) => {
    const status = statuses[i];
    const all = latencyRows(status === undefined ? undefined : valueOf(status));
    const shown = isAll ? all : all.filter(({ step }) => step !== PROCESS).slice(0, FIRST);
    return shown.map((row, index) => ({
      role: role.name,
      row,
      isFirst: index === 0,
      isStale: status?.state === 'stale',
    }));
  });
  return (
    <Panel
      title="Latency"
      aside={
        <label class="check">
          <input type="checkbox" checked={isAll} onChange={() => setAll(!isAll)} />
          all steps
        </label>
      }
    >
      {rows.length === 0 ? (
        <Empty>Nothing was measured yet: it takes shares, templates or blocks.</Empty>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Latency by role and step">
          <table class="latency">
            <thead>
              <tr>
                <th scope="col">Role and step</th>
                <th scope="col" class="number" title="Half of all were faster">
                  p50
                </th>
                <th scope="col" class="number" title="99 of 100 were faster">
                  p99
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <Row key={`${each.role} ${each.row.step}`} {...each} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

interface RowProps {
  readonly role: string;
  readonly row: LatencyRow;
  readonly isFirst: boolean;
  readonly isStale: boolean;
}

const Row = ({ role, row, isFirst, isStale }: RowProps) => (
  <tr class={`${isStale ? 'stale' : ''} ${isFirst ? 'first' : ''}`}>
    <th scope="row">
      <span class="role">
        <Name most={24}>{role}</Name>
      </span>
      <span class="step">{plain(stepWords(row.step))}</span>
    </th>
    <td class="number">{latency(row.p50 / 1000)}</td>
    <td class="number">{latency(row.p99 / 1000)}</td>
  </tr>
);
