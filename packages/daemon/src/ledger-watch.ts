import type { Health } from './health.ts';
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

/** Makes a journal the condition `ledger` of health, and ends a service whose journal is gone for good. */
export function watchLedger(
  journal: WatchedJournal,
  { health, fail }: { readonly health: Pick<Health, 'condition'>; fail(error: FatalError): void },
): void {
  const condition = health.condition('ledger');
  condition.ok();
  journal.onState((state) => {
    if (state.kind === 'ok') condition.ok();
    else condition.failing(state.reason);
    if (state.kind === 'failed' && !state.retrying)
      fail(new FatalError(`the ledger cannot be written: ${state.reason}`));
  });
}
