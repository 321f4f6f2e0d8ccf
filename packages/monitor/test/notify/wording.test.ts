import { describe, expect, test } from 'vitest';
import { NOTIFY_LIMITS } from '../../src/notify/limits.ts';
import { clipped } from '../../src/notify/notice.ts';
import { duration } from '../../src/notify/wording.ts';
import type { MonitorEvent } from '../../src/schemas/events.ts';
import { blockFound, HASH, site, type Site } from './site.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Longer than anything is gathered or kept apart. */
const LATER = 20 * MINUTE;

const gone = (worker: string) => ({ type: 'worker-gone', user: 'addr', worker }) as const;
const back = (worker: string) => ({ type: 'worker-back', user: 'addr', worker }) as const;

async function titles(at: Site, count: number): Promise<unknown[]> {
  await at.settled(count);
  return at.receiver.received.map((_, index) => at.receiver.json(index)['title']);
}

describe('a condition', () => {
  test('that fails for as long as is configured is told, and its end with how long it took', async () => {
    await using at = await site();
    at.condition('node', 'it does not answer at 203.0.113.7');
    await at.pass(61 * SECOND);
    expect(at.receiver.received).toEqual([]);
    await at.pass(2 * SECOND);
    await at.settled(1);
    expect(at.receiver.json(0)).toMatchObject({
      topic: 'condition',
      severity: 'urgent',
      title: 'Trouble: node',
      text: 'node: it does not answer at 203.0.113.x',
      data: { failing: [{ name: 'node', ok: false }], met: [] },
    });
    await at.pass(5 * MINUTE);
    at.condition('node', undefined);
    await at.pass(2 * SECOND);
    await at.settled(2);
    expect(at.receiver.json(1)).toMatchObject({
      severity: 'info',
      title: 'All right again: node',
      text: 'node: ok after 6 min',
    });
  });

  test('that is met again in time is never told', async () => {
    await using at = await site();
    at.condition('node', 'away');
    await at.pass(59 * SECOND);
    at.condition('node', undefined);
    await at.pass(LATER);
    expect(at.notifier.status()[0]).toMatchObject({ sent: 0, waiting: 0 });
  });

  test('that comes and goes is told once in the quiet time, and truly in the end', async () => {
    await using at = await site({ afterMs: 0 });
    for (let round = 0; round < 5; round++) {
      at.condition('upstream', 'lost');
      await at.pass(20 * SECOND);
      at.condition('upstream', undefined);
      await at.pass(20 * SECOND);
    }
    expect(await titles(at, 2)).toEqual(['Trouble: upstream', 'All right again: upstream']);
    at.condition('upstream', 'lost');
    await at.pass(LATER);
    expect((await titles(at, 3)).at(-1)).toBe('Trouble: upstream');
  });

  test('that was never met since the start is told', async () => {
    await using at = await site({}, undefined, undefined, ['templates']);
    await at.pass(62 * SECOND);
    expect(await titles(at, 1)).toEqual(['Trouble: templates']);
  });

  test('that the service does all its work without is less urgent; several are one message', async () => {
    await using at = await site({ afterMs: 0 });
    at.condition('ledger-database', 'behind', true);
    at.condition('clock', 'off by 70 s', true);
    await at.pass(2 * SECOND);
    await at.settled(1);
    expect(at.receiver.json(0)).toMatchObject({ severity: 'warning', title: 'Trouble: ledger-database, clock' });
  });

  test('that was removed, or is not asked for, is not told', async () => {
    await using at = await site({ conditions: ['node', 'removed'] });
    at.condition('removed', 'away');
    at.conditions.delete('removed');
    at.condition('other', 'away');
    await at.pass(LATER);
    expect(at.notifier.status()[0]).toMatchObject({ sent: 0, waiting: 0 });
  });

  test('that ends because the role stops is no news', async () => {
    await using at = await site({ afterMs: 0 });
    at.stop.abort();
    at.condition('node', 'stopped');
    at.events.emit(gone('rig1'));
    await at.notifier.close();
    expect(at.receiver.received).toEqual([]);
  });
});

describe('workers', () => {
  test('one that is gone for long enough, and back', async () => {
    await using at = await site();
    at.events.emit({ ...gone('rig1'), reason: 'connection lost' });
    await at.pass(70 * SECOND);
    await at.settled(1);
    expect(at.receiver.json(0)).toMatchObject({
      topic: 'worker-gone',
      severity: 'warning',
      title: 'Worker addr.rig1 gone',
      text: 'Gone: addr.rig1 (connection lost)',
    });
    await at.pass(10 * MINUTE);
    at.events.emit(back('rig1'));
    await at.pass(10 * SECOND);
    await at.settled(2);
    expect(at.receiver.json(1)).toMatchObject({
      topic: 'worker-back',
      severity: 'info',
      title: 'Worker addr.rig1 back',
      text: 'Back: addr.rig1 after 11 min',
    });
  });

  test('a farm that loses its power is one message, and one more when it is back', async () => {
    await using at = await site();
    for (let rig = 0; rig < 5000; rig++) {
      at.events.emit(gone(`rig${rig}`));
      at.clock.advance(5);
    }
    await at.pass(LATER);
    await at.settled(1);
    expect(at.receiver.json(0)).toMatchObject({ title: '5,000 workers gone', data: { goneCount: 5000 } });
    expect(String(at.receiver.json(0)['text']).split('\n')).toHaveLength(11);
    expect(at.receiver.json(0)['text']).toMatch(/\nGone: 4,990 more$/);
    for (let rig = 0; rig < 5000; rig++) {
      at.events.emit(back(`rig${rig}`));
      at.clock.advance(5);
    }
    await at.pass(LATER);
    expect(await titles(at, 2)).toEqual(['5,000 workers gone', '5,000 workers back']);
  });

  test('one that flaps is told once in its quiet time; others meanwhile are told all the same', async () => {
    await using at = await site({ afterMs: 0 });
    for (let round = 0; round < 10; round++) {
      at.events.emit(gone('flapping'));
      await at.pass(15 * SECOND);
      at.events.emit(back('flapping'));
      await at.pass(15 * SECOND);
    }
    at.events.emit(gone('other'));
    await at.pass(LATER);
    const told = (await titles(at, 3)).join('\n');
    expect(told.match(/flapping gone/g)).toHaveLength(1);
    expect(told).toContain('Worker addr.other gone');
  });

  test('one that is seen by two parts of one process is one', async () => {
    await using at = await site();
    at.events.part('translator').emit(gone('rig1'));
    at.events.part('jd-client').emit(gone('rig1'));
    await at.pass(LATER);
    expect(await titles(at, 1)).toEqual(['Worker addr.rig1 gone']);
  });

  test('a farm that is never quiet gets ever fewer messages', async () => {
    await using at = await site({ afterMs: 0, quietMs: 0 });
    for (let second = 0; second < 3600; second += 10) {
      at.events.emit(second % 20 === 0 ? gone(`rig${second}`) : back(`rig${second}`));
      await at.pass(10 * SECOND);
    }
    await at.pass(LATER);
    await at.settled(1);
    await at.notifier.close();
    expect(at.fates.length).toBeLessThan(15);
  });
});

describe('a block', () => {
  test('that several parts of a process tell of is told once, with what they know together', async () => {
    await using at = await site();
    const { hash } = blockFound();
    at.events.part('translator').emit({ type: 'block-found', hash, user: 'addr', worker: 'rig1', via: 'v1' });
    at.events.part('jd-client').emit({ ...blockFound(), user: 'account', worker: '' });
    await at.pass(2 * SECOND);
    at.events.part('jd-server').emit(blockFound());
    await at.pass(2 * SECOND);
    expect(await titles(at, 1)).toEqual(['Block 900000 found']);
    expect(at.receiver.json(0)['text']).toMatch(/^Found by addr\.rig1\.\nIts coinbase pays 3\.12500000 BTC\./);
  });

  test('of which the chain thinks otherwise is urgent; each status is told once, and confirmations are not', async () => {
    await using at = await site();
    const block = { type: 'block-status', hash: HASH, height: 7 } as const;
    at.events.emit({ ...block, status: 'submitted' });
    at.events.emit({ ...block, status: 'accepted', by: 'node 1' });
    at.events.emit({ ...block, status: 'confirmed', confirmations: 1 });
    at.events.emit({ ...block, status: 'orphaned', reason: 'another block of its height is in the chain' });
    at.events.emit({ ...block, status: 'orphaned', by: 'node 2' });
    expect(await titles(at, 1)).toEqual(['Block 7: orphaned']);
    expect(at.receiver.json(0)).toMatchObject({ severity: 'urgent', text: expect.stringMatching(/^Because: another/) });
  });

  test('is told of with the statuses that are asked for, each once', async () => {
    await using at = await site({ statuses: ['accepted', 'confirmed'] });
    const block = { type: 'block-status', hash: HASH, height: 7 } as const;
    at.events.emit({ ...block, status: 'accepted', by: 'node 1', reason: 'duplicate' });
    at.events.emit({ ...block, status: 'accepted', by: 'node 2' });
    at.events.emit({ ...block, status: 'confirmed', confirmations: 1, reason: '1 confirmation' });
    at.events.emit({ ...block, status: 'confirmed', confirmations: 2, reason: '2 confirmations' });
    at.events.emit({ ...block, status: 'matured' });
    expect(await titles(at, 2)).toEqual(['Block 7: accepted', 'Block 7: confirmed']);
    expect(at.receiver.json(0)['text']).toBe(`Says node 1.\n${HASH}`);
    expect(at.receiver.json(1)['text']).toBe(`1 confirmation.\n${HASH}`);
  });

  test('that somebody unknown has handed in is said as what it is, and is not urgent', async () => {
    await using at = await site();
    at.events.emit({ type: 'block-found', hash: HASH, height: 7 });
    await at.pass(2 * SECOND);
    expect(await titles(at, 1)).toEqual(['Block 7 handed in']);
    expect(at.receiver.json(0)).toMatchObject({ severity: 'info', text: `A client handed in a block.\n${HASH}` });
  });

  test('that is due is told together with those that are at that moment', async () => {
    await using at = await site();
    const due = { type: 'payouts-due', hash: HASH, amount: 50_000_000 } as const;
    for (const height of [1, 2, 3]) at.events.emit({ ...due, height, accounts: height });
    await at.pass(20 * SECOND);
    expect(await titles(at, 1)).toEqual(['1.50000000 BTC due for 3 blocks']);
    expect(String(at.receiver.json(0)['text']).split('\n').slice(0, 2)).toEqual([
      '0.50000000 BTC to 1 account, for block 1.',
      '0.50000000 BTC to 2 accounts, for block 2.',
    ]);
  });
});

test('bans and the like are told together', async () => {
  await using at = await site();
  for (let count = 0; count < 30; count++) {
    at.events.emit({ type: 'ban', subject: `rig${count}`, reason: 'bad shares', untilMs: 1 });
  }
  await at.pass(10 * SECOND);
  await at.settled(1);
  expect(at.receiver.json(0)).toMatchObject({ title: '30 × ban', severity: 'warning', data: { count: 30 } });
  expect(at.receiver.json(0)['text']).toMatch(/20 more$/);
});

test('only the events that were asked for are told', async () => {
  await using at = await site({ events: ['best-share'] });
  at.events.emit(gone('rig1'));
  at.events.emit({ type: 'best-share', user: 'addr', worker: '', difficulty: 1_234_567.25 });
  await at.pass(LATER);
  expect(await titles(at, 1)).toEqual(['New best share: 1,234,567.3 by addr']);
});

test.each([
  [40_000, '40 s'],
  [600_000, '10 min'],
  [7_500_000, '2 h 5 min'],
  [260_000_000, '3 days'],
])('%i ms are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('text is cut between characters', () => {
  expect(clipped('ab😀cd', 4)).toBe('ab…');
  expect(clipped('abcd', 4)).toBe('abcd');
});

describe('what others call themselves', () => {
  const EVIL = 'rig\r\n\u2028Block 900001 found\u202e';

  test.each<[string, MonitorEvent]>([
    ['a block', { ...blockFound(), worker: EVIL, path: EVIL }],
    ['a block that fell back', { type: 'block-status', hash: HASH, status: 'orphaned', by: EVIL, reason: EVIL }],
    ['a worker', { ...gone(EVIL), reason: EVIL }],
    ['a ban', { type: 'ban', subject: EVIL, reason: EVIL, untilMs: 1 }],
    ['a channel', { type: 'channel-closed', connection: 1, channelId: 1, user: EVIL, worker: EVIL, reason: EVIL }],
    ['a condition', { type: 'condition', name: 'upstream', ok: false, reason: EVIL, sinceMs: 0 }],
  ])('begins no line of its own in what is told of %s', async (_, event) => {
    await using at = await site({ afterMs: 0 });
    at.conditions.set('upstream', { name: 'upstream', ok: false, sinceMs: 0 });
    at.events.emit(event);
    await at.pass(MINUTE);
    await at.settled(1);
    const { title, text } = at.receiver.json(0) as { title: string; text: string };
    expect(title).not.toMatch(/[\r\n\u2028\u202e]/);
    expect(text).not.toMatch(/[\r\u2028\u202e]/);
    expect(text.split('\n').filter((line) => line.startsWith('Block 900001'))).toEqual([]);
  });
});

test('names that never come back do not keep others from being told', async () => {
  await using at = await site({ events: ['worker-gone', 'worker-back'], afterMs: 0, quietMs: 0 });
  for (let index = 0; index < NOTIFY_LIMITS.subjects; index++) at.events.emit(gone(`rig${index}`));
  await at.pass(LATER);
  await at.settled(1);
  at.events.emit(gone('mine'));
  await at.pass(LATER);
  expect((await titles(at, 2)).at(-1)).toBe('Worker addr.mine gone');
  at.events.emit(back('rig0'));
  await at.pass(LATER);
  expect((await titles(at, 3)).at(-1)).toBe('Worker addr.rig0 back');
});

test('a clock that is set back by an hour delays nothing for an hour', async () => {
  await using at = await site({ quietMs: 0 });
  at.events.emit(gone('rig1'));
  at.condition('node', 'away');
  await at.pass(30 * SECOND);
  at.clock.set(-60 * MINUTE);
  await at.pass(3 * MINUTE);
  expect(new Set(await titles(at, 2))).toEqual(new Set(['Trouble: node', 'Worker addr.rig1 gone']));
  at.clock.set(-60 * MINUTE);
  at.events.emit(gone('rig2'));
  await at.pass(3 * MINUTE);
  expect((await titles(at, 3)).at(-1)).toBe('Worker addr.rig2 gone');
});
