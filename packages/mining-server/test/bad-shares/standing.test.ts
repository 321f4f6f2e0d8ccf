import { SHARE_ERRORS, type ShareErrorCode } from '@sv2kit/mining';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BanList } from '../../src/bad-shares/ban-list.ts';
import { isBad, Standing } from '../../src/bad-shares/standing.ts';

const LIMITS = { newWork: 4, sendAway: 10, forgiven: 3 };

describe('a channel’s standing', () => {
  test('falls step by step: new work first, then away, each once', () => {
    const standing = new Standing(LIMITS);
    const told = Array.from({ length: 30 }, () => standing.bad());
    expect(told.indexOf('new-work')).toBe(3);
    expect(told.indexOf('send-away')).toBe(9);
    expect(told.filter((each) => each !== undefined)).toHaveLength(2);
  });

  test('is what a naive count says, for any row of shares', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 400 }), (shares) => {
        const standing = new Standing(LIMITS);
        let [balance, step] = [0, 0];
        for (const accepted of shares) {
          if (accepted) {
            standing.accepted();
            balance = Math.max(0, balance - LIMITS.forgiven);
            if (balance === 0 && step === 1) step = 0;
            continue;
          }
          const consequence = standing.bad();
          balance += 1;
          const wanted = step === 0 && balance >= LIMITS.newWork ? 'new-work' : undefined;
          const away = step === 1 && balance >= LIMITS.sendAway ? 'send-away' : undefined;
          expect(consequence).toBe(wanted ?? away);
          if (wanted ?? away) step += 1;
          expect(standing.balance).toBe(balance);
          expect(standing.isGood).toBe(step === 0);
        }
      }),
    );
  });

  test('stays good while for each run of bad shares enough accepted ones come', () => {
    const runs = fc.array(fc.nat({ max: LIMITS.forgiven }), { maxLength: 200 });
    fc.assert(
      fc.property(runs, (all) => {
        const standing = new Standing(LIMITS);
        for (const bad of all) {
          for (let share = 0; share < bad; share += 1) expect(standing.bad()).toBeUndefined();
          standing.accepted();
          expect(standing.isGood).toBe(true);
        }
      }),
    );
  });

  test('cannot be kept up by one good share now and then', () => {
    const standing = new Standing(LIMITS);
    let sentAway = false;
    for (let share = 0; share < 100 && !sentAway; share += 1) {
      if (share % 7 === 6) standing.accepted();
      else sentAway = standing.bad() === 'send-away';
    }
    expect(sentAway).toBe(true);
  });
});

describe('a refused share', () => {
  const plain = { sinceTipMs: 60_000, staleGraceMs: 10_000, mayRepeat: false };
  const bad = (code: ShareErrorCode, more = {}) => isBad(code, { ...plain, ...more });

  test('speaks against its miner, but for what the server did itself', () => {
    const excused = (Object.keys(SHARE_ERRORS) as ShareErrorCode[]).filter((code) => !bad(code));
    expect(excused).toEqual(['invalid-channel-id', 'job-not-active', 'share-budget-exhausted', 'ledger-unavailable']);
  });

  test('is excused when it is stale so soon after a new tip', () => {
    expect([9_999, 10_000, 10_001].map((sinceTipMs) => bad('stale-share', { sinceTipMs }))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('is excused as a duplicate where the server may have led to it', () => {
    expect(bad('duplicate-share', { mayRepeat: true })).toBe(false);
    expect(bad('difficulty-too-low', { mayRepeat: true })).toBe(true);
  });
});

describe('BanList', () => {
  const limits = { after: 2, withinMs: 1_000, banMs: 100, most: 3 };

  test('bans who was sent away often enough in a time, until that is over', () => {
    const bans = new BanList(limits);
    expect(bans.sentAway('a', 0)).toBeUndefined();
    expect(bans.sentAway('b', 0)).toBeUndefined();
    expect(bans.sentAway('a', 500)).toBe(600);
    expect([500, 599, 600].map((at) => bans.bannedUntil('a', at))).toEqual([600, 600, undefined]);
    expect(bans.bannedUntil('b', 500)).toBeUndefined();
  });

  test('bans at once who comes back no better, and forgets it in time', () => {
    const bans = new BanList(limits);
    for (const at of [0, 1]) bans.sentAway('a', at);
    expect(bans.sentAway('a', 300)).toBe(400);
    expect(bans.sentAway('a', 2_000)).toBeUndefined();
  });

  test('bans nobody who is spared, or whom it is told not to', () => {
    const bans = new BanList(limits);
    for (let at = 0; at < 10; at += 1) expect(bans.sentAway('a', at, true)).toBeUndefined();
    const never = new BanList({ ...limits, after: 0 });
    for (let at = 0; at < 10; at += 1) expect(never.sentAway('a', at)).toBeUndefined();
    expect(never.size).toBe(0);
  });

  test('never bans for longer than a ban lasts, whatever the clock does', () => {
    const acts = fc.array(fc.record({ who: fc.nat({ max: 6 }), atMs: fc.nat({ max: 5_000 }) }), { maxLength: 100 });
    fc.assert(
      fc.property(acts, (all) => {
        const bans = new BanList(limits);
        for (const { who, atMs } of all) {
          bans.sentAway(`w${who}`, atMs);
          expect(bans.size).toBeLessThanOrEqual(limits.most);
          for (let each = 0; each <= 6; each += 1) {
            const until = bans.bannedUntil(`w${each}`, atMs);
            if (until !== undefined) expect(until - atMs).toBeLessThanOrEqual(limits.banMs);
          }
        }
      }),
    );
  });

  test('lets strangers who were sent away once push out no ban', () => {
    const bans = new BanList(limits);
    for (const at of [0, 1]) bans.sentAway('a', at);
    for (let stranger = 0; stranger < 100; stranger += 1) bans.sentAway(`s${stranger}`, 2);
    expect(bans.bannedUntil('a', 3)).toBe(101);
  });
});
