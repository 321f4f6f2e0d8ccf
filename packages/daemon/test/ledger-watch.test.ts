import { describe, expect, test } from 'vitest';
import { createMetrics, FatalError, Health, VirtualClock, watchLedger } from '../src/index.ts';

type JournalState = Parameters<Parameters<Parameters<typeof watchLedger>[0]['journal']['onState']>[0]>[0];
type DatabaseState = Parameters<typeof watchLedger>[0]['state'];

/** A ledger that becomes what it is told to. */
class FakeLedger {
  state: DatabaseState;
  readonly failures: FatalError[] = [];
  readonly health = new Health(new VirtualClock(0));
  #toJournal: (state: JournalState) => void = () => {};
  #toDatabase: (state: DatabaseState) => void = () => {};
  readonly metrics = createMetrics();
  readonly journal = {
    pendingBytes: 42,
    onState: (listener: (state: JournalState) => void) => void (this.#toJournal = listener),
  };

  constructor(state: DatabaseState = { kind: 'ok', lag: 0, deadLetters: 0 }) {
    this.state = state;
    const { health, metrics } = this;
    watchLedger(this, { health, metrics, fail: (error) => void this.failures.push(error) });
    this.health.started();
  }

  onState(listener: (state: DatabaseState) => void): void {
    this.#toDatabase = listener;
  }

  journalBecomes(state: JournalState) {
    this.#toJournal(state);
    return this.health.report();
  }

  databaseBecomes(state: DatabaseState) {
    this.#toDatabase(state);
    return this.health.report();
  }
}

describe('a ledger in health', () => {
  test('is two conditions: its journal and its database', () => {
    expect(new FakeLedger().health.report()).toMatchObject({
      state: 'ok',
      conditions: [
        { name: 'ledger', ok: true },
        { name: 'ledger-database', ok: true },
      ],
    });
  });

  test('has no condition for a database that nobody wants', () => {
    const { conditions } = new FakeLedger({ kind: 'none', lag: 0, deadLetters: 0 }).health.report();
    expect(conditions.map(({ name }) => name)).toEqual(['ledger']);
  });

  test('fails while the journal takes nothing, and is well again behind that', () => {
    const ledger = new FakeLedger();
    const full = { kind: 'failed', reason: 'the disk is full (ENOSPC)', retrying: true } as const;
    expect(ledger.journalBecomes(full)).toMatchObject({ serving: false, reason: 'ledger: the disk is full (ENOSPC)' });
    expect(ledger.journalBecomes({ kind: 'ok' })).toMatchObject({ state: 'ok' });
    expect(ledger.failures).toEqual([]);
  });

  test('ends the service when the journal is gone for good, and only then', () => {
    const ledger = new FakeLedger();
    ledger.databaseBecomes({ kind: 'refused', reason: 'it is of another journal', lag: 0, deadLetters: 0 });
    expect(ledger.failures).toEqual([]);
    ledger.journalBecomes({ kind: 'failed', reason: 'the writer thread ended', retrying: false });
    expect(ledger.failures).toEqual([new FatalError('the ledger cannot be written: the writer thread ended')]);
  });

  test.each([
    ['behind', 'database-behind'],
    ['away', 'database-away'],
    ['refused', 'database-away'],
  ] as const)('lacks a database that is %s (%s), and serves on', (kind, code) => {
    const ledger = new FakeLedger();
    expect(ledger.databaseBecomes({ kind, reason: 'because', lag: 0, deadLetters: 0 })).toMatchObject({
      state: 'degraded',
      serving: true,
      reason: 'ledger-database: because',
      conditions: expect.arrayContaining([expect.objectContaining({ name: 'ledger-database', code })]),
    });
    expect(ledger.databaseBecomes({ kind: 'ok', lag: 0, deadLetters: 0 })).toMatchObject({ state: 'ok' });
  });

  test('tells by metrics how far disk and database are', async () => {
    const { metrics } = new FakeLedger({ kind: 'ok', lag: 7, deadLetters: 2 });
    expect(await metrics.snapshot()).toEqual({
      sv2_ledger_pending_bytes: 42,
      sv2_ledger_unprojected_records: 7,
      sv2_ledger_dead_letters: 2,
    });
  });

  test('lacks what dead letters hold, and says where to look', () => {
    const report = new FakeLedger().databaseBecomes({ kind: 'ok', lag: 0, deadLetters: 3 });
    expect(report).toMatchObject({ serving: true, reason: expect.stringContaining('3 records could not be applied') });
  });
});
