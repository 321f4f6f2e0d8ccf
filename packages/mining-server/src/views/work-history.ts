import { historyFrame, workHistory } from '@sv2kit/mining';
import type { HistoryQuery, HistoryView } from '@sv2kit/monitor';
import type { LedgerAnswers } from './ledger-answers.ts';

/**
 * What all workers did, as the ledger has it; where there is none, or it is away, what the memory has.
 * @param nowMs unix milliseconds
 */
export async function workersHistory(
  query: HistoryQuery,
  memory: (query: HistoryQuery) => HistoryView,
  ledger: LedgerAnswers,
  nowMs: number,
): Promise<HistoryView> {
  const frame = historyFrame(query.hours, nowMs);
  const { stepMs, fromMs: sinceMs } = frame;
  const record = await ledger.tryAsk('history', { sinceMs, untilMs: nowMs, stepMs });
  if (record === undefined) return memory(query);
  const { firstMs = nowMs, countsRejected, sums } = record;
  const points = workHistory(sums, frame, { sinceMs: firstMs, nowMs, countsRejected });
  return { stepSeconds: stepMs / 1000, kept: 'ledger', points };
}
