import { sleep } from '@sv2kit/daemon';
import type { Ledger } from '@sv2kit/ledger';
import type { Clock, Logger } from '@sv2kit/net';
import type { BlockDesk } from './block-desk.ts';
import { TEMPLATE_SOURCE_LIMITS as LIMITS } from './limits.ts';

export interface RestoreBlocksDeps {
  readonly ledger: Pick<Ledger, 'journal' | 'projected' | 'query' | 'state'>;
  readonly desk: Pick<BlockDesk, 'restore'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the waiting for a database that is away. */
  readonly signal: AbortSignal;
}

/** Has the blocks of earlier runs followed that are not settled, as soon as the ledger's database can say which these are. */
export async function restoreBlocks({ ledger, desk, clock, log, signal }: RestoreBlocksDeps): Promise<void> {
  if (ledger.state.kind === 'none') {
    log.info('blocks of earlier runs are not followed: there is no database that knows them');
    return;
  }
  const { position } = ledger.journal;
  let isTold = false;
  while (!signal.aborted) {
    try {
      await ledger.projected(position);
      desk.restore(await ledger.query('unsettledBlocks', { sinceMs: clock.now() - LIMITS.orphansMs }));
      return;
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (!isTold) log.warn('blocks of earlier runs are followed once the database is there', { reason });
      isTold = true;
    }
    await sleep(clock, LIMITS.restoreAgainMs, signal);
  }
}
