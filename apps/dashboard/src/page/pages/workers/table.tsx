import { hrefOf } from '../../app/route.ts';
import { count, difficulty, hashrate, percent, plain, words } from '../../data/format.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { WorkerView } from '../../data/views.ts';
import { StateBadge } from '../../parts/badge.tsx';
import { Ago, Name } from '../../parts/text.tsx';
import type { Sort } from './query.ts';

interface WorkerTableProps {
  readonly workers: readonly WorkerView[];
  readonly role: KnownRole;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}

/** A row per worker; cards on a phone. */
export function WorkerTable({ workers, role, sort, onSort }: WorkerTableProps) {
  const head = { sort, onSort };
  return (
    <div class="scroll">
      <table class="cards workers">
        <thead>
          <tr>
            <Head {...head} by="name" label="Worker" />
            <th scope="col">State</th>
            <Head {...head} by="hashrate" label="10 min" isNumber />
            <th scope="col" class="number">
              24 h
            </th>
            <Head {...head} by="work" label="Accepted" isNumber />
            <th scope="col" class="number">
              Rejected
            </th>
            <Head {...head} by="best" label="Best share" isNumber />
            <Head {...head} by="last-share" label="Last share" isNumber />
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <Row key={`${worker.part ?? ''} ${worker.name}`} worker={worker} role={role} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps extends Pick<WorkerTableProps, 'sort' | 'onSort'> {
  readonly by: Sort;
  readonly label: string;
  readonly isNumber?: boolean;
}

/** The role sorts each column in the one direction that is of use. */
function Head({ sort, onSort, by, label, isNumber = false }: HeadProps) {
  const isSorted = sort === by;
  const direction = by === 'name' ? 'ascending' : 'descending';
  return (
    <th scope="col" class={isNumber ? 'number' : ''} aria-sort={isSorted ? direction : undefined}>
      <button type="button" class="sort" onClick={() => onSort(by)}>
        {label}
        <span aria-hidden="true">{isSorted ? (by === 'name' ? ' ▲' : ' ▼') : ''}</span>
      </button>
    </th>
  );
}

function Row({ worker, role }: { readonly worker: WorkerView; readonly role: KnownRole }) {
  const reasons = Object.entries(worker.rejected);
  const rejected = reasons.reduce((sum, [, n]) => sum + n, 0);
  const why = reasons.map(([code, n]) => `${count(n)} ${words(plain(code))}`).join(', ');
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf(['workers', worker.name], { role: role.name })}>
          <Name most={44}>{worker.name}</Name>
        </a>
      </th>
      <td data-label="State">
        <StateBadge state={worker.state} />
      </td>
      <td data-label="10 min" class="number">
        {hashrate(worker.hashrate.tenMinutes)}
      </td>
      <td data-label="24 h" class="number">
        {hashrate(worker.hashrate.oneDay)}
      </td>
      <td data-label="Accepted" class="number">
        {count(worker.accepted)}
      </td>
      <td data-label="Rejected" class="number" title={why === '' ? undefined : why}>
        {rejected === 0 ? '0' : `${count(rejected)} (${percent(rejected, rejected + worker.accepted)})`}
      </td>
      <td data-label="Best share" class="number">
        {difficulty(worker.bestDifficulty)}
      </td>
      <td data-label="Last share" class="number">
        {worker.lastShareAtMs === undefined ? '–' : <Ago ms={worker.lastShareAtMs} />}
      </td>
    </tr>
  );
}
