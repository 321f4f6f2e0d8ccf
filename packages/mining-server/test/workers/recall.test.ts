import type { MonitorEvent } from '@sv2kit/monitor';
import { silentLogger } from '@sv2kit/net';
import { describe, expect, test } from 'vitest';
import { type PastSource, Recall } from '../../src/index.ts';
import { type Rig, rig, solve } from '../support.ts';

const MINUTE = 60_000;

interface Row {
  readonly user: string;
  readonly worker?: string;
  readonly accepted?: number;
}

/** A ledger's database with these workers, which can be away. */
class FakeLedger implements PastSource {
  readonly state: { readonly kind: string };
  readonly journal = { bootEpoch: 3, position: 10 };
  readonly asked: string[] = [];
  away = false;
  readonly #rows: readonly Row[];
  readonly #nowMs: number;

  constructor(rows: readonly Row[], nowMs: number, kind = 'ok') {
    this.#rows = rows;
    this.#nowMs = nowMs;
    this.state = { kind };
  }

  projected(): Promise<void> {
    return this.#answer('projected', undefined);
  }

  query(name: 'seed' | 'totals', question: { readonly after?: number; readonly before: number }): Promise<never> {
    expect(question.before).toBe(3);
    const rejectedByCode = { 'stale-share': 1 };
    if (name === 'totals') {
      const sums = { accepted: 50, rejectedByCode, difficulty: 500, bestDifficulty: 1e9, blocks: { matured: 2 } };
      return this.#answer(name, { ...sums, sinceMs: this.#nowMs - 9000 * MINUTE } as never);
    }
    const after = question.after ?? 0;
    const items = this.#rows.slice(after, after + 2).map(({ user, worker = '', accepted = 5 }) => ({
      user,
      worker,
      accepted,
      rejectedByCode,
      difficulty: 50,
      bestDifficulty: 1000,
      firstSeenMs: this.#nowMs - 120 * MINUTE,
      lastShareAtMs: this.#nowMs - 5 * MINUTE,
      minutes: Float64Array.of(Math.floor(this.#nowMs / MINUTE) - 30, 50),
    }));
    return this.#answer(name, { items, next: after + 2 < this.#rows.length ? after + 2 : undefined } as never);
  }

  #answer<T>(name: string, answer: T): Promise<T> {
    this.asked.push(name);
    return this.away ? Promise.reject(new Error('away')) : Promise.resolve(answer);
  }
}

function recallOf({ server, clock }: Rig, ledger: FakeLedger): Recall {
  return new Recall(server.past, { ledger, blocks: () => server.status().blocks, clock, log: silentLogger });
}

const rows = [{ user: 'a.1' }, { user: 'a.2' }, { user: 'p.x', worker: 'y' }, { user: 'b' }, { user: 'c' }];

describe('what earlier runs did', () => {
  test('is added to what this one has done meanwhile, in parts', async () => {
    const it = rig({ deps: { hasPast: true } });
    const miner = it.connect();
    const client = miner.open('extended', { user: 'a.1' });
    miner.says(solve(client));
    const ledger = new FakeLedger(rows, it.clock.now());
    await recallOf(it, ledger).done;
    expect(ledger.asked).toEqual(['projected', 'seed', 'seed', 'seed', 'projected', 'totals']);
    const { api } = it.server;
    expect(api.worker('a.1')).toMatchObject({ accepted: 6, bestDifficulty: 1000, rejected: { 'stale-share': 1 } });
    expect(api.worker('p.y')).toMatchObject({ accepted: 5, work: 50, state: 'gone' });
    expect(api.worker('p.y')?.hashrate.oneHour).toBeGreaterThan(0);
    const shares = api.shares();
    expect(shares).toMatchObject({ accepted: 51, bestDifficulty: 1e9, blocks: 2 });
    // When the ledger began, whoever is remembered of it.
    expect(shares.sinceMs).toBe(it.clock.now() - 9000 * MINUTE);
    expect(shares.hashrate.oneHour).toBeGreaterThan(api.worker('p.y')?.hashrate.oneHour ?? 0);
  });

  test('is waited for while the database is away, and miners are served', async () => {
    const it = rig({ deps: { hasPast: true } });
    const ledger = new FakeLedger(rows, it.clock.now());
    ledger.away = true;
    const recall = recallOf(it, ledger);
    for (let time = 0; time < 5; time += 1) {
      await new Promise(setImmediate);
      it.clock.advance(10_000);
    }
    const client = it.connect().open('extended');
    expect(client.phase).toBe('open');
    expect(ledger.asked.length).toBeGreaterThan(2);
    ledger.away = false;
    await new Promise(setImmediate);
    it.clock.advance(10_000);
    await recall.done;
    expect(it.server.api.shares().accepted).toBe(50);
  });

  test('is not waited for when the service stops, or when there is no database', async () => {
    const it = rig();
    const ledger = new FakeLedger(rows, it.clock.now());
    ledger.away = true;
    const recall = recallOf(it, ledger);
    await new Promise(setImmediate);
    recall[Symbol.dispose]();
    await recall.done;
    const none = new FakeLedger([], it.clock.now(), 'none');
    await recallOf(it, none).done;
    expect(none.asked).toEqual([]);
    expect(it.server.api.shares().accepted).toBe(0);
  });

  test('comes before anybody is told of a best share', async () => {
    const told: MonitorEvent[] = [];
    const events = { emit: (event: MonitorEvent) => void told.push(event) };
    const best = () => told.filter(({ type }) => type === 'best-share');
    const it = rig({ deps: { hasPast: true, events } });
    const miner = it.connect();
    const client = miner.open('extended');
    miner.says(solve(client));
    expect(best()).toEqual([]);
    it.server.past.recalled();
    let from = 100_000;
    while (best().length === 0) {
      const share = solve(client, { from });
      from = share.nonce + 1;
      miner.says(share);
    }
    expect(best()).toMatchObject([{ user: 'someone', worker: '' }]);
  });
});
