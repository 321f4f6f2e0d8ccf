import { nameOfWorker, type QueryResult } from '@sv2kit/ledger';
import { type BlockView, type Listing, type Page, pageOf } from '@sv2kit/monitor';
import type { LedgerAnswers } from '@sv2kit/mining-server';
import type { BlockReport } from './block-report.ts';

type BlockRow = QueryResult<'blocks'>['items'][number];

/** Blocks that were found, the latest first: what the ledger has, and what is known of them since. */
export async function blockViews(
  page: Page,
  known: readonly BlockReport[],
  ledger: LedgerAnswers,
): Promise<Listing<BlockView>> {
  if (!ledger.exists) return pageOf(known, page, ofReport);
  const { total, items } = await ledger.ask('blocks', page);
  const byHash = new Map(known.map((report) => [report.hash, report]));
  return { total, items: items.map((row) => ofRow(row, byHash.get(row.hash))) };
}

function ofReport(report: BlockReport): BlockView {
  const { hash, height, path, via, by, foundAtMs, confirmations } = report;
  const who = nameOfWorker(report.userIdentity, report.worker);
  return {
    hash,
    height,
    status: report.state,
    by,
    foundAtMs,
    user: who.user,
    path,
    via,
    ...(who.worker === '' ? {} : { worker: who.worker }),
    ...(confirmations === undefined ? {} : { confirmations }),
  };
}

function ofRow(row: BlockRow, known: BlockReport | undefined): BlockView {
  const { hash, height, by, reason, user, worker, path, via, revenue, effort, luck } = row;
  const confirmations = known?.confirmations;
  return {
    hash,
    status: known?.state ?? row.status,
    by: known?.by ?? by,
    foundAtMs: row.foundAtMs ?? row.statusAtMs,
    user,
    path,
    via,
    ...(worker === '' ? {} : { worker }),
    ...(height === undefined ? {} : { height }),
    ...(reason === '' || known !== undefined ? {} : { reason }),
    ...(confirmations === undefined ? {} : { confirmations }),
    ...(revenue === undefined ? {} : { revenue: Number(revenue) }),
    ...(effort === undefined ? {} : { effort }),
    ...(luck === undefined ? {} : { luck }),
  };
}
