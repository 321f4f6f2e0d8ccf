import type { QueryResult } from '@sv2kit/ledger';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import type { WorkerDetail } from '@sv2kit/monitor';
import type { WorkerOrigin } from '../workers/worker.ts';
import { nameOfWorker } from '../workers/worker-name.ts';
import type { LedgerAnswers } from './ledger-answers.ts';

type WorkerHistory = NonNullable<QueryResult<'worker'>>;
type WorkPoint = WorkerHistory['history'][number];
type History = WorkerDetail['history'];

/** What the ledger knows of a worker by all names that it has had. */
async function recordsOf(ledger: LedgerAnswers, origins: readonly WorkerOrigin[]): Promise<WorkerHistory[]> {
  const asked = origins.map(({ identity, named }) => ledger.ask('worker', { user: identity, worker: named }));
  return (await Promise.all(asked)).filter((each) => each !== undefined);
}

/**
 * A worker with its past: figures of the memory where it has them, and the ledger's history; of one that is not in
 * memory all from the ledger.
 */
export async function workerWithHistory(
  name: string,
  now: WorkerDetail | undefined,
  origins: readonly WorkerOrigin[],
  ledger: LedgerAnswers,
): Promise<WorkerDetail | undefined> {
  if (!ledger.exists) return now;
  const records = await recordsOf(ledger, now === undefined ? [{ identity: name, named: '' }] : origins);
  const history = mergedHistory(records.map((record) => record.history));
  if (now !== undefined) return { ...now, history };
  const [record] = records;
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

/** Stretches that begin together are one; those of several names may be of different lengths where they were rolled up. */
function mergedHistory(all: readonly (readonly WorkPoint[])[]): History {
  const byStart = new Map<string, History[number]>();
  for (const { startMs, spanMs, shares, difficulty } of all.flat()) {
    const key = `${startMs} ${spanMs}`;
    const before = byStart.get(key);
    const work = difficulty + (before?.work ?? 0);
    const seconds = Math.round(spanMs / 1000);
    byStart.set(key, {
      fromMs: startMs,
      seconds,
      accepted: shares + (before?.accepted ?? 0),
      work,
      hashrate: seconds === 0 ? 0 : (work * HASHES_PER_DIFFICULTY) / seconds,
    });
  }
  return [...byStart.values()].sort((a, b) => a.fromMs - b.fromMs);
}
