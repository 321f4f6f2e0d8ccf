import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import { FatalError } from './service.ts';

/** How a journal is, as far as its service must know. */
type JournalState =
  | { readonly kind: 'ok' }
  | { readonly kind: 'behind'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retrying: boolean };

/** A journal, as `packages/ledger` opens it. */
interface WatchedJournal {
  onState(listener: (state: JournalState) => void): void;
}

/** How a journal's database is. */
type DatabaseState = { readonly lag: number; readonly deadLetters: number } & (
  | { readonly kind: 'ok' | 'none' }
  | { readonly kind: 'behind' | 'away' | 'refused'; readonly reason: string }
);

/** A ledger, as `packages/ledger` opens it. */
interface WatchedLedger {
  readonly journal: WatchedJournal & { readonly pendingBytes: number };
  readonly state: DatabaseState;
  onState(listener: (state: DatabaseState) => void): void;
}

interface WatchDeps {
  readonly health: Pick<Health, 'condition'>;
  fail(error: FatalError): void;
}

/**
 * Makes a ledger the conditions `ledger`, its journal, and `ledger-database`, what is projected from it. A service whose
 * journal is gone for good ends; whatever becomes of the database, it goes on. Metrics tell how far both are.
 */
export function watchLedger(
  ledger: WatchedLedger,
  deps: WatchDeps & { readonly metrics: Pick<Metrics, 'gauge'> },
): void {
  watchJournal(ledger.journal, deps);
  const gauge = (name: string, help: string, read: () => number) =>
    deps.metrics.gauge(`sv2_ledger_${name}`, help, [], read);
  gauge('pending_bytes', 'Bytes of the journal that wait for the disk.', () => ledger.journal.pendingBytes);
  if (ledger.state.kind === 'none') return;
  gauge('unprojected_records', 'Records on disk that the database lacks.', () => ledger.state.lag);
  gauge('dead_letters', 'Records that could not be applied to the database.', () => ledger.state.deadLetters);
  const condition = deps.health.condition('ledger-database', undefined, 'database-behind');
  const tell = (state: DatabaseState): void => {
    const reason = lackOf(state);
    if (reason === undefined) condition.ok();
    else condition.lacking(reason, isGone(state) ? 'database-away' : 'database-behind');
  };
  tell(ledger.state);
  ledger.onState(tell);
}

/** The journal's part of `watchLedger`, for a service that projects nothing. */
export function watchJournal(journal: WatchedJournal, { health, fail }: WatchDeps): void {
  const condition = health.condition('ledger', undefined, 'ledger-failed');
  condition.ok();
  journal.onState((state) => {
    if (state.kind === 'ok') condition.ok();
    else condition.failing(state.reason);
    if (state.kind === 'failed' && !state.retrying)
      fail(new FatalError(`the ledger cannot be written: ${state.reason}`));
  });
}

function isGone({ kind }: DatabaseState): boolean {
  return kind === 'away' || kind === 'refused';
}

function lackOf(state: DatabaseState): string | undefined {
  switch (state.kind) {
    case 'ok':
    case 'none':
      if (state.deadLetters === 0) return undefined;
      return (
        `${state.deadLetters} records could not be applied: the table dead_letters says why. ` +
        'A newer program may take them: sv2kit ledger rebuild'
      );
    case 'behind':
    case 'away':
    case 'refused':
      return state.reason;
    default:
      return state satisfies never;
  }
}
