import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NamedWorkers, NamesBudget } from '../../src/workers/named-workers.ts';
import type { WorkerBook } from '../../src/workers/worker-book.ts';
import { book, MINUTE, SECOND, START, TIMES, utf8 } from './support.ts';

function channel(of: WorkerBook, budget: NamesBudget, identity = 'farm.proxy') {
  const own = of.open(utf8(identity), 1, START);
  const naming = { userIdentity: utf8(identity), worker: own, openedAtMs: START };
  return { own, names: new NamedWorkers(of, naming, budget) };
}

describe('the workers that shares name (extension 0x0002)', () => {
  test('are found by the bytes of their name, wherever those lie', () => {
    const { book: it } = book(1_000);
    const { own, names } = channel(it, new NamesBudget(500));
    const texts = fc.array(fc.string({ maxLength: 8, unit: 'grapheme-ascii' }), { maxLength: 100 });
    fc.assert(
      fc.property(texts, (shares) => {
        const buffer = new Uint8Array(64);
        for (const text of shares) {
          const bytes = utf8(text);
          buffer.set(bytes, 3);
          const worker = names.of(buffer.subarray(3, 3 + bytes.length), START);
          expect(worker).toBe(text === '' ? own : it.find(`farm.${text}`));
          expect(names.known(bytes)).toBe(worker);
          buffer.fill(0xff);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('have no more hashrate after their first share than it shows since the channel was opened', () => {
    const { book: it } = book();
    const { names } = channel(it, new NamesBudget(10));
    const nowMs = START + 60 * MINUTE;
    const worker = names.of(utf8('rig'), nowMs);
    it.accept(worker, 3_600, 3_600, 1, nowMs);
    expect(worker.meter.hashrates(nowMs + SECOND).oneHour).toBeCloseTo(2 ** 32, -8);
    expect(worker.firstSeenAtMs).toBe(nowMs);
  });

  test('get no place by shares that are settled once the channel has ended, which nobody would give back', () => {
    const { book: it } = book();
    const budget = new NamesBudget(10);
    const { own, names } = channel(it, budget);
    names.of(utf8('rig'), START);
    names.close(START);
    expect(names.of(utf8('rig'), START)).toBe(own);
    expect([budget.used, it.find('farm.rig')?.lines ?? 0]).toEqual([0, 0]);
  });

  test('get no place by shares that are refused', () => {
    const { book: it } = book();
    const { own, names } = channel(it, new NamesBudget(10));
    for (let name = 0; name < 100; name += 1) expect(names.known(utf8(`n${name}`))).toBe(own);
    expect(it.size).toBe(1);
  });

  test('are no more than one connection may name: those of more count as their channel’s', () => {
    const { book: it } = book(10_000);
    const budget = new NamesBudget(20);
    const [one, other] = [channel(it, budget, 'a.p'), channel(it, budget, 'b.p')];
    for (let name = 0; name < 100_000; name += 1) {
      const { names } = name % 2 === 0 ? one : other;
      const worker = names.of(utf8(`n${name}`), START);
      it.accept(worker, 1, 1, 1, START);
    }
    expect(it.size).toBe(22);
    expect(one.own.accepted + other.own.accepted).toBe(100_000 - 20);
    expect(budget.used).toBe(20);
  });

  test('make room on their connection when they are gone', () => {
    const { book: it } = book(1_000);
    const budget = new NamesBudget(10);
    const [one, other] = [channel(it, budget, 'a.p'), channel(it, budget, 'b.p')];
    const join = (names: NamedWorkers, text: string, nowMs: number) => {
      const worker = names.of(utf8(text), nowMs);
      for (const second of [0, 10, 20]) it.accept(worker, 1, 1, 1, nowMs + second * SECOND);
      return worker;
    };
    for (let name = 0; name < 10; name += 1) join(one.names, `old${name}`, START);
    expect(other.names.of(utf8('new'), START)).toBe(other.own);
    const later = START + 3 * 60 * MINUTE;
    expect(join(other.names, 'new', later)).toBe(it.find('b.new'));
    expect(budget.used).toBe(1);
    expect(it.find('a.old3')?.state(later, TIMES)).toBe('gone');
    other.names.close(later);
    one.names.close(later);
    expect(budget.used).toBe(0);
    expect(it.find('b.new')?.lines).toBe(0);
  });

  test('are asked for anew when the book forgot them meanwhile', () => {
    const { book: it } = book(3);
    const { names } = channel(it, new NamesBudget(100));
    const first = names.of(utf8('first'), START);
    it.accept(first, 1, 1, 1, START);
    const day = START + 30 * 60 * MINUTE;
    it.open(utf8('x'), 1, day);
    it.open(utf8('y'), 1, day);
    expect(first.forgotten).toBe(true);
    it.close(it.find('x') ?? first, 1, day);
    const again = names.of(utf8('first'), day);
    expect(again).not.toBe(first);
    expect(it.find('farm.first')).toBe(again);
    names.close(day);
    expect(again.lines).toBe(0);
  });
});
