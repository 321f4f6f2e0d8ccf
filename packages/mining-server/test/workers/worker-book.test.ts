import { nameOfWorker } from '@sv2kit/ledger';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { difficultyOfHash } from '../../src/workers/hash-difficulty.ts';
import { Worker } from '../../src/workers/worker.ts';
import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { book, MINUTE, SECOND, START, sweepAll, TIMES, utf8 } from './support.ts';

describe('a worker is called', () => {
  test.each([
    ['alice', '', { user: 'alice', worker: '', name: 'alice' }],
    ['alice.rig', '', { user: 'alice', worker: 'rig', name: 'alice.rig' }],
    ['alice.rig.2', '', { user: 'alice', worker: 'rig.2', name: 'alice.rig.2' }],
    ['alice.proxy', 'rig', { user: 'alice', worker: 'rig', name: 'alice.rig' }],
    ['alice', 'alice', { user: 'alice', worker: '', name: 'alice' }],
    ['alice.rig', 'alice.rig', { user: 'alice', worker: 'rig', name: 'alice.rig' }],
    ['', '', { user: '', worker: '', name: '' }],
  ])('by identity %j and share %j', (identity, named, who) => {
    expect(nameOfWorker(identity, named)).toEqual(who);
  });

  test('the same, whether its channel or its shares name it (extension 0x0002)', () => {
    expect(nameOfWorker('alice.rig7', 'rig7')).toEqual(nameOfWorker('alice.rig7'));
  });
});

test('the difficulty of a hash is that of the target which it just meets', () => {
  const hashes = fc.tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat({ max: 31 }));
  fc.assert(
    fc.property(hashes, ([hash, zeros]) => {
      hash.fill(0, 32 - zeros);
      hash[0] = hash[0] || 1;
      expect(difficultyOfHash(hash) / difficultyFromTarget(hash)).toBeCloseTo(1, 11);
    }),
  );
});

describe('WorkerBook', () => {
  test('goes on counting a worker that comes back', () => {
    const { book: it } = book();
    const first = it.open(utf8('alice.rig'), 100, START);
    it.accept(first, 2, 2, 50, START + SECOND);
    it.close(first, 100, START + 2 * SECOND);
    const again = it.open(utf8('alice.rig'), 200, START + MINUTE);
    it.accept(again, 3, 3, 40, START + MINUTE);
    it.reject(again, 'stale-share');
    expect(again).toBe(first);
    expect(again).toMatchObject({ accepted: 2, work: 5, bestDifficulty: 50, channels: 1, declaredHashrate: 200 });
    expect([...again.rejected]).toEqual([['stale-share', 1]]);
    expect(again.state(START + MINUTE, TIMES)).toBe('active');
  });

  test('adds up what channels of one worker state, and forgets it with the last of them', () => {
    const { book: it } = book();
    const worker = it.open(utf8('a'), 0.1, START);
    it.open(utf8('a'), 0.2, START);
    it.restate(worker, 1);
    it.accept(worker, 1, 1, 1, START);
    expect(worker.declaredHashrate).toBeCloseTo(1.3);
    it.close(worker, 1.1, START);
    expect(worker.declaredHashrate).toBeCloseTo(0.2);
    it.close(worker, 0.2, START);
    expect(worker.declaredHashrate).toBe(0);
  });

  test('keeps nobody who came and went without a share', () => {
    const { book: it } = book();
    for (let peer = 0; peer < 1_000; peer += 1) it.close(it.open(utf8(`x${peer}`), 1, START), 1, START);
    expect(it.size).toBe(0);
  });

  test('tells once that a worker is gone, and once that it is back', () => {
    const { book: it, told } = book();
    const worker = it.open(utf8('alice.rig'), 1, START);
    it.accept(worker, 1, 1, 1, START);
    it.close(worker, 1, START + SECOND);
    sweepAll(it, START + TIMES.goneMs);
    expect(told).toEqual([]);
    sweepAll(it, START + TIMES.goneMs + 2 * SECOND);
    sweepAll(it, START + 2 * TIMES.goneMs);
    const who = { user: 'alice', worker: 'rig' };
    expect(told).toEqual([{ type: 'worker-gone', ...who, lastShareAtMs: START, reason: 'no channel' }]);
    it.open(utf8('alice.rig'), 1, START + 60 * MINUTE);
    for (const second of [1, 2]) it.accept(worker, 1, 1, 1, START + 60 * MINUTE + second * SECOND);
    expect(told.slice(1)).toEqual([{ type: 'worker-back', ...who, awayMs: 60 * MINUTE + SECOND }]);
  });

  test('tells of a worker whose channel stays but whose shares do not', () => {
    const { book: it, told } = book();
    const worker = it.open(utf8('a'), 1, START);
    for (let share = 0; share < 20; share += 1) it.accept(worker, 1, 1, 1, START + share * 10 * SECOND);
    sweepAll(it, START + 12 * MINUTE);
    expect(told).toEqual([]);
    expect(worker.state(START + 12 * MINUTE, TIMES)).toBe('idle');
    sweepAll(it, START + 14 * MINUTE);
    expect(told).toMatchObject([{ type: 'worker-gone', reason: 'no shares' }]);
  });

  test('takes a worker behind a proxy whose shares are rare for no less than it is', () => {
    const { book: it, told } = book();
    const worker = it.join(utf8('alice.proxy'), utf8('rig'), START) as Worker;
    const gap = 100 * MINUTE;
    for (let share = 0; share < 30; share += 1) {
      it.accept(worker, 1, 1, 1, START + share * gap);
      sweepAll(it, START + share * gap + gap - 1);
      expect(worker.state(START + share * gap + gap - 1, TIMES)).toBe('active');
    }
    expect(told).toEqual([]);
    const late = START + 29 * gap + 40 * gap;
    expect(worker.state(late, TIMES)).toBe('gone');
    sweepAll(it, late);
    expect(told).toMatchObject([{ type: 'worker-gone' }]);
  });

  test('calls nobody gone for the time in which there was nothing to mine, or nobody here to see it', () => {
    const { book: it, told } = book();
    const names = ['a.1', 'a.2'];
    const [one, two] = names.map((name) => it.open(utf8(name), 1, START)) as [Worker, Worker];
    for (const worker of [one, two]) it.accept(worker, 1, 1, 1, START);
    sweepAll(it, START + MINUTE);
    it.close(one, 1, START + MINUTE);
    sweepAll(it, START + 60 * MINUTE, false);
    sweepAll(it, START + 69 * MINUTE);
    for (let call = 0; call < 31; call += 1) it.sweep(START + 600 * MINUTE, true);
    expect(told).toEqual([]);
    for (let minute = 1; minute <= 11; minute += 1) {
      for (let call = 0; call < 31; call += 1) it.sweep(START + (600 + minute) * MINUTE, true);
    }
    expect(told.map(({ type }) => type)).toEqual(['worker-gone', 'worker-gone']);
  });

  test('remembers what the ledger has, and tells nobody of those who were gone before', () => {
    const { book: it, told } = book();
    const past = { accepted: 7, rejected: { 'stale-share': 2 }, work: 70, bestDifficulty: 99 };
    const minutes = [{ minuteMs: START - 5 * MINUTE, work: 60 }];
    const firstSeenAtMs = START - 60 * MINUTE;
    const late = { ...past, minutes, firstSeenAtMs, lastShareAtMs: START - 5 * MINUTE };
    it.open(utf8('a.1'), 1, START);
    expect(it.recall('a.1', '', late, START)).toBe(true);
    expect(it.recall('a.p', '2', { ...late, lastShareAtMs: START - 30 * MINUTE }, START)).toBe(true);
    sweepAll(it, START + 10 * MINUTE);
    expect(told).toEqual([]);
    sweepAll(it, START + 11 * MINUTE);
    expect(told).toEqual([
      { type: 'worker-gone', user: 'a', worker: '1', lastShareAtMs: START - 5 * MINUTE, reason: 'no shares' },
    ]);
    expect(it.find('a.2')).toMatchObject({ accepted: 7, work: 70, bestDifficulty: 99, firstSeenAtMs });
    expect([...(it.find('a.2')?.rejected ?? [])]).toEqual([['stale-share', 2]]);
    expect(it.find('a.2')?.meter.hashrates(START).oneHour).toBeGreaterThan(0);
  });
});

describe('a full book', () => {
  test('never forgets who works, and makes room by those who worked longest ago', () => {
    const steps = fc.array(
      fc.record({
        who: fc.nat({ max: 40 }),
        act: fc.constantFrom('open', 'close', 'share', 'name', 'wait'),
        gap: fc.nat({ max: 15 * MINUTE }),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const { book: it } = book(8);
        const open = new Map<number, Worker>();
        let nowMs = START;
        for (const { who, act, gap } of all) {
          const worker = open.get(who);
          if (act === 'open' && worker === undefined) open.set(who, it.open(utf8(`u${who}`), 1, nowMs));
          if (act === 'share' && worker !== undefined) it.accept(worker, 1, 1, 1, nowMs);
          if (act === 'name') {
            const named = it.join(utf8('p'), utf8(`n${who}`), nowMs);
            if (named !== undefined) it.accept(named, 1, 1, 1, nowMs);
          }
          if (act === 'close' && worker !== undefined) {
            it.close(worker, 1, nowMs);
            open.delete(who);
          }
          if (act === 'wait') nowMs += gap;
          expect(it.size).toBeLessThanOrEqual(8);
          for (const kept of open.values()) if (kept.index >= 0) expect(it.find(kept.name)).toBe(kept);
          it.all.forEach((each, index) => expect(each.index).toBe(index));
        }
        for (const kept of open.values()) expect(kept.forgotten).toBe(false);
      }),
    );
  });

  test('gives a place up that nobody earned before one that somebody did', () => {
    const { book: it } = book(16);
    const earned = Array.from({ length: 8 }, (_, index) => it.open(utf8(`earned${index}`), 1, START));
    for (const worker of earned) {
      it.accept(worker, 1, 1, 1, START);
      it.close(worker, 1, START);
    }
    for (let index = 0; index < 8; index += 1) {
      const worker = it.open(utf8(`refused${index}`), 1, START + MINUTE);
      it.reject(worker, 'difficulty-too-low');
      it.close(worker, 1, START + MINUTE);
    }
    for (let index = 0; index < 8; index += 1) it.open(utf8(`new${index}`), 1, START + 2 * MINUTE);
    for (const worker of earned) expect(it.find(worker.name)).toBe(worker);
  });

  test('in which everybody works looks at them once in a while, however many knock in one moment', () => {
    const { book: it } = book(100);
    for (let each = 0; each < 100; each += 1) {
      it.accept(it.join(utf8('a'), utf8(`${each}`), START) as Worker, 1, 1, 1, START);
    }
    using looks = vi.spyOn(Worker.prototype, 'state');
    for (let name = 0; name < 1_000; name += 1) it.join(utf8('b'), utf8(`${name}`), START + SECOND);
    expect(looks.mock.calls.length).toBeLessThanOrEqual(100);
  });

  test('counts one who finds no room, and does not list it', () => {
    const { book: it } = book(1);
    it.open(utf8('a'), 1, START);
    const second = it.open(utf8('b'), 1, START);
    it.accept(second, 5, 5, 5, START);
    expect(second.work).toBe(5);
    expect(it.find('b')).toBeUndefined();
    expect(it.join(utf8('p'), utf8('c'), START)).toBeUndefined();
    it.close(second, 1, START);
    expect(it.size).toBe(1);
  });
});
