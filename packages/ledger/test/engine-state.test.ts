import { describe, expect, test } from 'vitest';
import { LEDGER_LIMITS } from '../src/limits.ts';
import { LedgerDatabase } from '../src/projector/ledger-database.ts';
import type { ProjectionState } from '../src/projector/projection-state.ts';
import type { ProjectorEvents, ProjectorHost } from '../src/projector/projector-host.ts';
import { listening, StillClock } from './builders.ts';

/** A projector that does what the test says. */
class FakeHost implements ProjectorHost {
  readonly events: ProjectorEvents;
  readonly raised: number[] = [];
  readonly asked: number[] = [];
  closed: number | undefined;
  kept = false;
  refuses = false;

  constructor(events: ProjectorEvents) {
    this.events = events;
  }

  raise(watermark: number): void {
    this.raised.push(watermark);
  }

  query(id: number): void {
    if (this.refuses) throw new Error('a function could not be cloned');
    this.asked.push(id);
  }

  keepAlive(wanted: boolean): void {
    this.kept = wanted;
  }

  async close(limitMs: number): Promise<void> {
    this.closed = limitMs;
  }

  progress(position: number, caughtUp = true, deadLetters = 0): void {
    this.events.report({ kind: 'progress', position, caughtUp, deadLetters });
  }
}

class FakeJournal {
  watermark = 1;
  #listener: (watermark: number) => void = () => {};

  onWatermark(listener: (watermark: number) => void): void {
    this.#listener = listener;
  }

  grow(records: number): void {
    this.watermark += records;
    this.#listener(this.watermark);
  }
}

function stage() {
  const journal = new FakeJournal();
  const clock = new StillClock();
  const hosts: FakeHost[] = [];
  const { log, lines } = listening();
  const start = (_watermark: number, events: ProjectorEvents): FakeHost => {
    const host = new FakeHost(events);
    hosts.push(host);
    return host;
  };
  const database = new LedgerDatabase({ journal, clock, log, start });
  const states: ProjectionState['kind'][] = [];
  database.onState(({ kind }) => states.push(kind));
  const host = (): FakeHost => hosts.at(-1) ?? expect.unreachable();
  return { journal, clock, hosts, host, lines, database, states };
}

describe('the state of the database', () => {
  test('is behind until it has caught up, then ok, without a line in the log', () => {
    const { database, host, journal, lines } = stage();
    journal.grow(99);
    expect(database.state).toMatchObject({ kind: 'behind', position: 0, lag: 100 });
    host().progress(60, false);
    expect(database.state).toMatchObject({ kind: 'behind', position: 60, lag: 40 });
    host().progress(100);
    expect(database.state).toEqual({ kind: 'ok', position: 100, lag: 0, deadLetters: 0 });
    expect(lines).toEqual([]);
  });

  test('stays ok while records come and go, and is told of once', () => {
    const { database, host, journal, clock, states } = stage();
    host().progress(1);
    for (let i = 0; i < 50; i++) {
      journal.grow(10);
      clock.advance(LEDGER_LIMITS.projectMs);
      host().progress(journal.watermark - 3, false);
    }
    expect(database.state).toMatchObject({ kind: 'ok', lag: 3 });
    expect(states).toEqual(['ok']);
  });

  test('is behind when a record waits for too long, though its thread says nothing', () => {
    const { database, host, journal, clock, lines } = stage();
    host().progress(1);
    for (let ms = 0; ms <= LEDGER_LIMITS.behindMs; ms += 10_000) {
      journal.grow(1);
      clock.advance(10_000);
    }
    journal.grow(1);
    clock.advance(10_000);
    expect(database.state).toMatchObject({ kind: 'behind', reason: expect.stringContaining('30 seconds') });
    host().progress(journal.watermark);
    expect(database.state.kind).toBe('ok');
    expect(lines).toEqual([
      'the ledger database is behind; the journal is not',
      'the ledger database is up to date again',
    ]);
  });

  test('refused says what to do', () => {
    const { database, host } = stage();
    host().events.report({ kind: 'refused', code: 'ledger-other-journal', reason: 'record 7 is another' });
    expect(database.state).toMatchObject({
      kind: 'refused',
      code: 'ledger-other-journal',
      reason: expect.stringMatching(/^record 7 is another\. .*sv2kit ledger rebuild/),
    });
  });

  test('tells of each change of the number of dead letters', () => {
    const { database, host, states } = stage();
    host().progress(1);
    host().progress(2, true, 1);
    host().progress(3, true, 1);
    host().progress(4, true, 2);
    expect(states).toEqual(['ok', 'ok', 'ok']);
    expect(database.state.deadLetters).toBe(2);
  });
});

describe('the thread of the database', () => {
  test('is told of the watermark a few times a second, however often that rises', () => {
    const { journal, clock, host } = stage();
    for (let i = 0; i < 1000; i++) {
      journal.grow(1);
      clock.advance(1);
    }
    expect(host().raised).toHaveLength(1000 / LEDGER_LIMITS.projectMs);
  });

  test('is started again when it ends, later each time while it does nothing', () => {
    const { clock, hosts, host, database } = stage();
    const startedAt: number[] = [];
    host().events.ended('out of memory');
    expect(database.state).toMatchObject({ kind: 'away', reason: 'the thread of the database ended: out of memory' });
    for (let second = 1; second <= 100; second++) {
      const before = hosts.length;
      clock.advance(1000);
      if (hosts.length === before) continue;
      startedAt.push(second);
      host().events.ended('out of memory');
    }
    expect(startedAt).toEqual([1, 3, 7, 15, 31, 61, 91]);
    clock.advance(30_000);
    host().progress(1);
    host().events.ended('once more');
    clock.advance(LEDGER_LIMITS.databaseRetryMs);
    expect(database.state).toMatchObject({ kind: 'away' });
    expect(hosts).toHaveLength(startedAt.length + 3);
  });

  test('is not started again behind the close', async () => {
    const { clock, hosts, host, database } = stage();
    host().events.ended('crashed');
    await database.close(1000);
    clock.advance(60_000);
    expect(hosts).toHaveLength(1);
    await expect(database.projected(5)).rejects.toMatchObject({ code: 'ledger-database-away' });
  });

  test('keeps the process alive only while somebody waits for it', async () => {
    const { host, database, clock } = stage();
    const projected = Promise.all([database.projected(5), database.projected(6)]);
    host().progress(5);
    expect(host().kept).toBe(true);
    host().events.ended('crashed');
    clock.advance(LEDGER_LIMITS.databaseRetryMs);
    expect(host().kept).toBe(true);
    host().progress(6);
    await projected;
    expect(host().kept).toBe(false);
  });

  test('is told of the last record when it closes', async () => {
    const { journal, host, database } = stage();
    journal.grow(41);
    await database.close(1234);
    expect(host()).toMatchObject({ raised: [42], closed: 1234 });
  });
});

describe('a question', () => {
  test('is answered, or not, by its number', async () => {
    const { host, database } = stage();
    const [first, second] = [database.query('totals', {}), database.query('totals', {})];
    host().events.noAnswer(2, { code: undefined, message: 'no such column' });
    host().events.answer(1, { position: 5 });
    expect(await first).toEqual({ position: 5 });
    await expect(second).rejects.toThrow('no such column');
  });

  test('is waited for ten seconds; its late answer is nobody’s', async () => {
    const { clock, host, database } = stage();
    const asked = database.query('totals', {});
    clock.advance(LEDGER_LIMITS.queryMs);
    await expect(asked).rejects.toMatchObject({ code: 'ledger-query-late' });
    host().events.answer(1, {});
  });

  test('is refused while too many others wait, late ones too', async () => {
    const { clock, host, database } = stage();
    const asked = Array.from({ length: LEDGER_LIMITS.queries }, () => database.query('totals', {}));
    clock.advance(LEDGER_LIMITS.queryMs);
    await Promise.allSettled(asked);
    await expect(database.query('totals', {})).rejects.toMatchObject({ code: 'ledger-busy' });
    host().events.answer(1, {});
    const next = database.query('totals', {});
    host().events.answer(LEDGER_LIMITS.queries + 1, { position: 1 });
    expect(await next).toEqual({ position: 1 });
  });

  test('that cannot be posted takes no place', async () => {
    const { host, database } = stage();
    for (let i = 0; i < LEDGER_LIMITS.queries; i++) {
      host().refuses = true;
      await expect(database.query('totals', {})).rejects.toThrow('could not be cloned');
    }
    host().refuses = false;
    const asked = database.query('totals', {});
    host().events.answer(LEDGER_LIMITS.queries + 1, { position: 3 });
    expect(await asked).toEqual({ position: 3 });
  });

  test('has no answer when the thread ends', async () => {
    const { host, database } = stage();
    const asked = database.query('totals', {});
    host().events.ended('crashed');
    await expect(asked).rejects.toMatchObject({ code: 'ledger-database-away' });
    await expect(database.query('totals', {})).rejects.toMatchObject({ code: 'ledger-database-away' });
  });
});
