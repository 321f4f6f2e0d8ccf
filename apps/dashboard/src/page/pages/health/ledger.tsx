import { count, plain } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { LedgerView } from '../../data/views.ts';
import { StateBadge } from '../../parts/badge.tsx';
import { Known } from '../../parts/known.tsx';

/** The record of everything, and the database that follows it. */
export function Ledger({ role }: { readonly role: KnownRole }) {
  const ledger = useResource<LedgerView>(role, 'ledger', { everyMs: 10_000 });
  return (
    <div class="ledger">
      <h3>Record</h3>
      <Known of={ledger} what="its record" who={role.name}>
        {({ journal, database }) => (
          <dl>
            <dt>Journal</dt>
            <dd>
              <StateBadge state={plain(journal.state)} />
              {` ${count(journal.watermark)} of ${count(journal.position)} records are safe on disk`}
              {journal.reason !== undefined && <p class="reason">{plain(journal.reason)}</p>}
            </dd>
            <dt>Database</dt>
            <dd>{database === undefined || database.kind === 'none' ? 'none is kept' : <Database {...database} />}</dd>
          </dl>
        )}
      </Known>
    </div>
  );
}

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL', none: 'none' } as const;

function Database({ kind, state, lag, reason, deadLetters = 0 }: NonNullable<LedgerView['database']>) {
  return (
    <>
      <StateBadge state={plain(state)} />
      {` ${NAMES[kind]}, ${lag === 0 ? 'up to date' : `${count(lag)} ${lag === 1 ? 'record' : 'records'} behind`}`}
      {deadLetters > 0 && <p class="reason">{`${count(deadLetters)} records could not be applied`}</p>}
      {reason !== undefined && <p class="reason">{plain(reason)}</p>}
    </>
  );
}
