import { describe, expect, test } from 'vitest';
import { MAX_PENDING_SHARES, ShareLog } from '../src/share-log.ts';

function shareLog() {
  const roundTrips: number[] = [];
  return {
    log: new ShareLog({ onAccepted: () => {}, onRejected: () => {}, onAnswered: (ms) => roundTrips.push(ms) }),
    roundTrips,
  };
}

describe('ShareLog', () => {
  test('a Success answers all that was sent up to its number, each for its own difficulty (§5.3.13)', () => {
    const { log, roundTrips } = shareLog();
    for (const [sequenceNumber, atMs] of [
      [1, 100],
      [2, 150],
      [3, 190],
    ] as const)
      log.submitted(sequenceNumber, atMs, 0.25);
    log.accepted(2, 2, 200);
    expect(roundTrips).toEqual([100, 50]);
    expect(log.totals).toMatchObject({ submitted: 3, accepted: 2, acceptedDifficulty: 0.5 });
    log.accepted(3, 1, 210);
    expect(roundTrips).toEqual([100, 50, 20]);
  });
  test('rejected shares count by code (§5.3.14)', () => {
    const { log, roundTrips } = shareLog();
    log.submitted(1, 0, 1);
    log.submitted(2, 0, 1);
    log.rejected(1, 'stale-share', 5);
    log.rejected(2, 'stale-share', 6);
    log.rejected(9, 'never-sent', 7);
    expect(log.totals.rejected).toEqual({ 'stale-share': 2, 'never-sent': 1 });
    expect(roundTrips).toEqual([5, 6]);
  });
  test('a server that invents codes fills no memory', () => {
    const { log } = shareLog();
    for (let i = 0; i < 1000; i++) log.rejected(i, `code-${i}`, 0);
    expect(Object.keys(log.totals.rejected)).toHaveLength(65);
    expect(log.totals.rejected['other']).toBe(936);
  });
  test('a server that never answers fills no memory', () => {
    const { log } = shareLog();
    for (let i = 0; i < MAX_PENDING_SHARES + 5; i++) log.submitted(i, 0, 1);
    expect(log.totals.unanswered).toBe(5);
    log.abandon();
    expect(log.totals.unanswered).toBe(MAX_PENDING_SHARES + 5);
  });
  test('a Success for a number that was never sent confuses nothing', () => {
    const { log, roundTrips } = shareLog();
    log.submitted(1, 0, 1);
    log.accepted(77, 1, 10);
    expect(roundTrips).toEqual([]);
    log.accepted(1, 1, 12);
    expect(roundTrips).toEqual([12]);
  });
  test('a Success whose last share was rejected before answers those that were sent earlier', () => {
    const { log } = shareLog();
    for (const sequenceNumber of [1, 2, 3]) log.submitted(sequenceNumber, 0, 2);
    log.rejected(3, 'stale-share', 5);
    log.accepted(3, 2, 6);
    expect(log.totals).toMatchObject({ accepted: 2, acceptedDifficulty: 4, rejected: { 'stale-share': 1 } });
  });
});
