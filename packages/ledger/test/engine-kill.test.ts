import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, type Journal, openJournal } from '../src/index.ts';
import { LedgerDatabase } from '../src/projector/ledger-database.ts';
import type { ProjectorReport } from '../src/projector/projector-report.ts';
import type { ProjectionState } from '../src/projector/projection-state.ts';
import { startThread, threadProjector } from '../src/projector/thread-projector.ts';
import { DEFAULT_RETENTION } from '../src/ledger-options.ts';
import { listening, share, silent, temporaryDirectory } from './builders.ts';
import { generator } from './memory-files.ts';

/** The system's clock, a hundred times as fast. */
const hasty: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms / 100);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

interface Stage {
  readonly journal: Journal;
  readonly database: LedgerDatabase;
  readonly lines: readonly string[];
  /** The thread that runs now. */
  thread(): Worker;
  /** Threads that were started. */
  started(): number;
}

/** A journal in a real directory, and its database, whose thread the test may kill. */
async function stage(records: number, onReport: (worker: Worker) => void = () => {}): Promise<Stage> {
  const directory = temporaryDirectory();
  const journal = await openJournal({ directory: join(directory, 'journal'), log: silent });
  await mine(journal, records);
  const { log, lines } = listening();
  const threads: Worker[] = [];
  const database = new LedgerDatabase({
    journal,
    log,
    clock: hasty,
    start(watermark, events) {
      const file = join(directory, 'ledger.sqlite');
      const settings = { directory, database: { kind: 'sqlite', file } as const, retention: DEFAULT_RETENTION };
      const worker = startThread({ ...settings, watermark });
      threads.push(worker);
      const report = (given: ProjectorReport): void => {
        events.report(given);
        onReport(worker);
      };
      return threadProjector(worker, { ...events, report }, hasty);
    },
  });
  onTestFinished(async () => {
    await database.close(100_000);
    await journal.close();
  });
  const last = (): Worker => threads.at(-1) ?? expect.unreachable();
  return { journal, database, lines, thread: last, started: () => threads.length };
}

async function mine(journal: Journal, shares: number): Promise<void> {
  for (let i = 0; i < shares; i++) journal.append(share(i));
  await journal.flush();
}

const became = (database: LedgerDatabase, kind: ProjectionState['kind']): Promise<ProjectionState> => {
  const { promise, resolve } = Promise.withResolvers<ProjectionState>();
  if (database.state.kind === kind) resolve(database.state);
  database.onState((state) => state.kind === kind && resolve(state));
  return promise;
};

test('a thread that is killed at any moment, in the middle of a transaction too, counts every share exactly once', async () => {
  const random = generator(7);
  const killed = new Set<Worker>();
  // It reports behind a transaction: by the time it is killed it is within the next.
  const { journal, database, started } = await stage(100_000, (worker) => {
    // A thread that was killed may still have said something.
    if (killed.size === 12 || killed.has(worker) || random() > 0.5) return;
    killed.add(worker);
    void worker.terminate();
    for (let i = 0; i < 100; i++) journal.append(share(i));
  });
  await became(database, 'ok');
  await journal.flush();
  await database.projected(journal.watermark);
  const accepted = 100_000 + 100 * killed.size;
  expect(await database.query('totals', {})).toMatchObject({ accepted, difficulty: accepted * 1024.5 });
  expect(killed.size).toBeGreaterThan(3);
  expect(started()).toBe(killed.size + 1);
});

test('a thread that crashes is started again; shares are recorded all the while', async () => {
  const { journal, database, thread, lines } = await stage(10);
  await became(database, 'ok');
  const away = became(database, 'away');
  const question = database.query('totals', {});
  await Promise.all([thread().terminate(), expect(question).rejects.toMatchObject({ code: 'ledger-database-away' })]);
  expect(await away).toMatchObject({ reason: expect.stringContaining('the thread of the database ended') });
  await mine(journal, 10);
  expect(journal).toMatchObject({ state: { kind: 'ok' }, watermark: 21 });
  await database.projected(21);
  await became(database, 'ok');
  expect(await database.query('totals', {})).toMatchObject({ accepted: 20 });
  expect(lines).toContain('the ledger database is away; its records wait in the journal');
});
