import { type Ledger, LedgerError } from '@sv2kit/ledger';
import { HASHES_PER_DIFFICULTY } from '@sv2kit/mining';
import { Unavailable } from '@sv2kit/monitor';
import { describe, expect, test } from 'vitest';
import { LedgerAnswers, luckOf, workersHistory, workerWithHistory } from '../src/index.ts';

type Ask = (name: string, question: Readonly<Record<string, unknown>>) => unknown;

/** A ledger whose database answers like that. */
function answers(ask: Ask, kind = 'ok'): LedgerAnswers {
  const query = async (name: string, question: Readonly<Record<string, unknown>>) => ask(name, question);
  const state = { kind, position: 7, lag: 2, deadLetters: 1, ...(kind === 'ok' ? {} : { reason: 'no disk' }) };
  const journal = { state: { kind: 'ok' }, position: 9, watermark: 8 };
  return new LedgerAnswers({ query, state, journal } as unknown as Ledger);
}

const away: Ask = () => {
  throw new LedgerError('ledger-database-away', 'the database is away');
};

describe('while the ledger’s database is away', () => {
  test('what needs it is unavailable, with a reason for people', async () => {
    const asked = answers(away, 'away').ask('blocks', { offset: 0, limit: 1 });
    await expect(asked).rejects.toThrow(Unavailable);
    await expect(asked).rejects.toThrow(/^The ledger database is away: .* Mining goes on\.$/);
  });

  test('what can do without does, and a bug stays a bug', async () => {
    expect(await answers(away, 'away').tryAsk('rounds', {})).toBeUndefined();
    const broken: Ask = () => {
      throw new TypeError('a bug');
    };
    await expect(answers(broken).tryAsk('rounds', {})).rejects.toThrow(TypeError);
    await expect(answers(broken).ask('rounds', {})).rejects.toThrow(TypeError);
  });

  test('its state says so', () => {
    expect(answers(away, 'away').view('sqlite')).toEqual({
      journal: { state: 'ok', position: 9, watermark: 8 },
      database: { kind: 'sqlite', state: 'away', reason: 'no disk', position: 7, lag: 2, deadLetters: 1 },
    });
  });
});

describe('a worker’s history', () => {
  const NOW = 3_600_000;
  const DAY = { hours: 24 };
  const record = (user: string, worker: string, shares: number) => ({
    user,
    worker,
    accepted: shares,
    rejected: 0,
    rejectedByCode: {},
    difficulty: 10 * shares,
    bestDifficulty: 3,
    firstSeenMs: 1_000,
    lastShareAtMs: 2_000,
    history: [{ startMs: 60_000, spanMs: 60_000, shares, difficulty: 10 * shares, bestDifficulty: 3 }],
  });

  test('is asked for by the name that people know', async () => {
    const ledger = answers((_, { user, worker }) => record(String(user), String(worker), 4));
    const now = { name: 'a.1', accepted: 5 } as unknown as Parameters<typeof workerWithHistory>[2];
    const { accepted, history } = (await workerWithHistory('a.1', { hours: 1 }, now, ledger, NOW)) ?? {};
    expect(accepted).toBe(5);
    expect(history?.filter((point) => point.accepted > 0)).toEqual([
      { fromMs: 60_000, seconds: 60, accepted: 4, work: 40, hashrate: (40 * HASHES_PER_DIFFICULTY * 1000) / 60_000 },
    ]);
  });

  test('is the ledger’s alone for one that the memory has not', async () => {
    const ledger = answers((_, { user, worker }) =>
      user === 'old' && worker === 'rig' ? record('old', 'rig', 3) : undefined,
    );
    expect(await workerWithHistory('old.rig', DAY, undefined, ledger, NOW)).toMatchObject({
      name: 'old.rig',
      user: 'old',
      worker: 'rig',
      state: 'gone',
      accepted: 3,
    });
    expect(await workerWithHistory('nobody', DAY, undefined, ledger, NOW)).toBeUndefined();
  });

  test('is 500 points at most, however long it is', async () => {
    const minutes = Array.from({ length: 35 * 1440 }, (_, minute) => {
      return { startMs: minute * 60_000, spanMs: 60_000, shares: 1, difficulty: 2, bestDifficulty: 3 };
    });
    const ledger = answers(() => ({ ...record('a', '1', 1), history: minutes }));
    const nowMs = minutes.length * 60_000;
    const { history = [] } = (await workerWithHistory('a.1', { hours: 35 * 24 }, undefined, ledger, nowMs)) ?? {};
    expect(history.length).toBeLessThanOrEqual(500);
    expect(history.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(minutes.length);
  });
});

describe('the history of all workers', () => {
  const MINUTE = 60_000;
  const NOW = 1_800_000_000_000;
  const memory = () => ({ stepSeconds: 60, kept: 'memory' as const, points: [] });

  test('is the ledger’s, in stretches of the step, from its first share on', async () => {
    const asked: unknown[] = [];
    const ledger = answers((name, question) => {
      asked.push(name, question);
      const sum = { startMs: NOW - 2 * MINUTE, spanMs: MINUTE, accepted: 3, rejected: 1, work: 6 };
      return { firstMs: NOW - 2 * MINUTE, countsRejected: true, sums: [sum] };
    });
    const empty = { seconds: 60, accepted: 0, rejected: 0, work: 0, hashrate: 0 };
    expect(await workersHistory({ hours: 1 }, memory, ledger, NOW)).toEqual({
      stepSeconds: 60,
      kept: 'ledger',
      points: [
        { ...empty, fromMs: NOW - 2 * MINUTE, accepted: 3, rejected: 1, work: 6, hashrate: HASHES_PER_DIFFICULTY / 10 },
        { ...empty, fromMs: NOW - MINUTE },
      ],
    });
    expect(asked).toEqual(['history', { sinceMs: NOW - 60 * MINUTE, untilMs: NOW, stepMs: MINUTE }]);
  });

  test('is what the memory has while the database is away, or where there is none', async () => {
    for (const ledger of [answers(away, 'away'), answers(away, 'none')]) {
      expect(await workersHistory({ hours: 24 }, memory, ledger, NOW)).toEqual(memory());
    }
  });
});

test('luck is blocks by what their work let expect', () => {
  const rounds = [{ effort: 0.5 }, { effort: 1.5 }, { effort: undefined }];
  const current = { sinceMs: 0, shares: 1, difficulty: 4 };
  const target = new Uint8Array(32);
  target.set([0xff, 0xff], 26); // difficulty 1
  expect(luckOf({ current, rounds } as never, target)).toEqual({ effort: 4, luck: 1 });
  expect(luckOf({ current, rounds: [] } as never, undefined)).toEqual({});
});
