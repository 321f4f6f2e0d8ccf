import { nameOfWorker, type QueryResult } from '@sv2kit/ledger';
import { historyFrame, workHistory } from '@sv2kit/mining';
import type { HistoryQuery, WorkerDetail } from '@sv2kit/monitor';
import type { LedgerAnswers } from './ledger-answers.ts';

type WorkerHistory = NonNullable<QueryResult<'worker'>>;
type History = WorkerDetail['history'];
type HistoryFrame = ReturnType<typeof historyFrame>;

/**
 * A worker with its past: figures of the memory where it has them, and the ledger's history; of one that is not in
 * memory all from the ledger.
 * @param nowMs unix milliseconds
 */
export async function workerWithHistory(
  name: string,
  query: HistoryQuery,
  now: WorkerDetail | undefined,
  ledger: LedgerAnswers,
  nowMs: number,
): Promise<WorkerDetail | undefined> {
  if (!ledger.exists) return now;
  const { user, worker } = nameOfWorker(name);
  const frame = historyFrame(query.hours, nowMs);
  const record = await ledger.ask('worker', { user, worker, sinceMs: frame.fromMs });
  const history = record === undefined ? [] : historyOf(record, frame, nowMs);
  if (now !== undefined) return { ...now, history };
  return record === undefined ? undefined : ofRecord(record, history);
}

function ofRecord(record: WorkerHistory, history: History): WorkerDetail {
  const { lastShareAtMs } = record;
  return {
    ...nameOfWorker(record.user, record.worker),
    hashrate: { oneMinute: 0, tenMinutes: 0, oneHour: 0, oneDay: 0 },
    accepted: record.accepted,
    rejected: { ...record.rejectedByCode },
    work: record.difficulty,
    bestDifficulty: record.bestDifficulty,
    ...(lastShareAtMs === undefined ? {} : { lastShareAtMs }),
    channels: 0,
    state: 'gone',
    firstSeenAtMs: record.firstSeenMs,
    history,
  };
}

function historyOf({ firstSeenMs, history }: WorkerHistory, frame: HistoryFrame, nowMs: number): History {
  const sums = history.map(({ startMs, spanMs, shares: accepted, difficulty: work }) => {
    return { startMs, spanMs, accepted, rejected: 0, work };
  });
  return workHistory(sums, frame, { sinceMs: firstSeenMs, nowMs, countsRejected: false });
}
