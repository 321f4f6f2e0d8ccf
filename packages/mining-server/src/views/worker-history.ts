import { nameOfWorker, type QueryResult } from '@sv2kit/ledger';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import type { WorkerDetail } from '@sv2kit/monitor';
import type { LedgerAnswers } from './ledger-answers.ts';

type WorkerHistory = NonNullable<QueryResult<'worker'>>;
type History = WorkerDetail['history'];

/**
 * A worker with its past: figures of the memory where it has them, and the ledger's history; of one that is not in
 * memory all from the ledger.
 */
export async function workerWithHistory(
  name: string,
  now: WorkerDetail | undefined,
  ledger: LedgerAnswers,
): Promise<WorkerDetail | undefined> {
  if (!ledger.exists) return now;
  const { user, worker } = nameOfWorker(name);
  const record = await ledger.ask('worker', { user, worker });
  const history = record === undefined ? [] : historyOf(record);
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

function historyOf({ history }: WorkerHistory): History {
  return history.map(({ startMs, spanMs, shares, difficulty: work }) => {
    const seconds = Math.round(spanMs / 1000);
    const hashrate = seconds === 0 ? 0 : (work * HASHES_PER_DIFFICULTY) / seconds;
    return { fromMs: startMs, seconds, accepted: shares, work, hashrate };
  });
}
