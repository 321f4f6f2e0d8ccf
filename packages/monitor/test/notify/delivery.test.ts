import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NOTIFY_LIMITS } from '../../src/notify/limits.ts';
import { selfSigned } from '../../../net/test/certificates.ts';
import { type Answerer, cut, hang, hangInBody, Receiver, status } from './receiver.ts';
import { blockFound, HASH, site } from './site.ts';

const RETRY_MS = NOTIFY_LIMITS.mostRetryMs;

describe('a webhook', () => {
  test('gets JSON with an id, signed with its time so that the receiver can trust it', async () => {
    await using at = await site({}, (url) => ({
      kind: 'webhook',
      url: () => `${url}/hook`,
      token: () => 'bearer-token',
      signingKey: () => 'a signing key',
    }));
    at.block();
    const [posted] = await at.receiver.got(1);
    expect(posted).toMatchObject({ method: 'POST', path: '/hook' });
    expect(posted?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      authorization: 'Bearer bearer-token',
      'x-sv2kit-topic': 'block-found',
      'x-sv2kit-delivery': at.receiver.json(0)['id'],
    });
    expect(at.receiver.json(0)).toMatchObject({
      version: 1,
      topic: 'block-found',
      severity: 'urgent',
      role: 'pool',
      title: 'Block 900000 found',
      text: `Found by addr.rig1.\nIts coinbase pays 3.12500000 BTC.\n${blockFound().hash}`,
      atMs: at.clock.now(),
      data: { eventId: 1, hash: blockFound().hash, height: 900_000, user: 'addr', revenue: 312_500_000 },
    });
    const [, seconds = '', mac] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(posted?.headers['x-sv2kit-signature'])) ?? [];
    expect(Number(seconds)).toBe(Math.floor(at.clock.now() / 1000));
    expect(mac).toBe(createHmac('sha256', 'a signing key').update(`${seconds}.${posted?.body}`).digest('hex'));
  });

  test('is told addresses by the rule of the log, in text and in data', async () => {
    await using at = await site();
    at.events.emit({ ...blockFound(), user: '203.0.113.7' });
    at.clock.advance(1_000);
    const [posted] = await at.receiver.got(1);
    expect(posted?.body).toContain('203.0.113.x');
    expect(posted?.body).not.toContain('203.0.113.7');
  });
});

test('ntfy gets the topic, a priority by what it is about, and tags, as JSON at its root', async () => {
  await using at = await site({}, (url) => ({
    kind: 'ntfy',
    url: () => `${url}/sub/farm%20one`,
    token: () => 'tk_1',
    tags: ['pick'],
  }));
  at.block();
  const [posted] = await at.receiver.got(1);
  expect(posted).toMatchObject({ path: '/sub/', headers: { authorization: 'Bearer tk_1' } });
  expect(at.receiver.json(0)).toEqual({
    topic: 'farm one',
    title: 'pool: Block 900000 found',
    message: expect.stringContaining('3.12500000 BTC'),
    priority: 5,
    tags: ['tada', 'pick'],
  });
});

test('Telegram gets plain text in the chat, and what is of no hurry without a sound', async () => {
  await using at = await site({}, (url) => ({
    kind: 'telegram',
    url: () => `${url}/`,
    token: () => '123456:secret',
    chat: '-1001',
  }));
  at.events.emit({ type: 'payouts-due', hash: HASH, height: 5, amount: 100_000_000, accounts: 1200 });
  at.clock.advance(10_000);
  const [posted] = await at.receiver.got(1);
  expect(posted?.path).toBe('/bot123456:secret/sendMessage');
  expect(at.receiver.json(0)).toEqual({
    chat_id: '-1001',
    text: 'pool: 1.00000000 BTC due\n1.00000000 BTC to 1,200 accounts, for block 5.',
    disable_notification: true,
    link_preview_options: { is_disabled: true },
  });
});

describe('what does not arrive', () => {
  test.each<[string, Answerer, string]>([
    ['429', status(429), 'status 429'],
    ['500', status(500), 'status 500'],
    ['a broken connection', cut, 'UND_ERR_SOCKET'],
  ])('is tried again after %s, under the same id, and told once in the log', async (_, answer, reason) => {
    await using at = await site();
    at.receiver.next(answer, answer);
    at.block();
    await at.settled(1);
    expect(at.notifier.status()).toEqual([
      { name: 'phone', kind: 'webhook', waiting: 1, sent: 0, lost: 0, trouble: reason },
    ]);
    at.clock.advance(RETRY_MS);
    await at.settled(2);
    at.clock.advance(RETRY_MS);
    expect(await at.settled(3)).toEqual(['retried', 'retried', 'sent']);
    expect(new Set([0, 1, 2].map((index) => at.receiver.json(index)['id'])).size).toBe(1);
    expect(at.log.map(({ message }) => message)).toEqual([
      'a notification did not arrive',
      'notifications arrive again',
    ]);
    expect(at.notifier.status()).toEqual([{ name: 'phone', kind: 'webhook', waiting: 0, sent: 1, lost: 0 }]);
  });

  test.each<[string, Answerer, number]>([
    ['Retry-After in seconds', status(429, { 'retry-after': '100' }), 100_000],
    ['Retry-After as a date', status(503, { 'retry-after': new Date(1_700_000_090_000).toUTCString() }), 90_000],
    ["Telegram's retry_after", status(429, {}, '{"ok":false,"parameters":{"retry_after":70}}'), 70_000],
    ['more than the limit', status(429, { 'retry-after': '999999' }), RETRY_MS],
  ])('waits as long as it is asked to: %s', async (_, answer, waitMs) => {
    await using at = await site();
    at.receiver.next(answer);
    at.block();
    await at.settled(1);
    at.clock.advance(waitMs - 1);
    expect(at.receiver.received).toHaveLength(1);
    at.clock.advance(1);
    expect(await at.settled(2)).toEqual(['retried', 'sent']);
  });

  test.each<[string, Answerer]>([
    ['nothing at all', hang],
    ['half an answer', hangInBody],
  ])('waits no longer than the limit for a receiver that sends %s', async (_, answer) => {
    await using at = await site();
    at.receiver.next(answer);
    at.block();
    await at.receiver.got(1);
    await new Promise((resolve) => setImmediate(resolve));
    at.clock.advance(NOTIFY_LIMITS.attemptMs);
    expect(await at.settled(1)).toEqual(['retried']);
    expect(at.notifier.status()[0]?.trouble).toBe('no answer');
  });

  test('goes nowhere else: a redirection is refused, and nothing reaches where it points', async () => {
    await using elsewhere = await Receiver.open();
    await using at = await site({}, (url) => ({ kind: 'webhook', url: () => url, token: () => 'a-token' }));
    at.receiver.next(status(307, { location: `${elsewhere.url}/take` }));
    at.block();
    expect(await at.settled(1)).toEqual(['refused']);
    expect(elsewhere.received).toEqual([]);
    expect(at.notifier.status()[0]).toMatchObject({ lost: 1, trouble: 'redirected elsewhere (status 307)' });
  });

  test.each([400, 401, 403, 404])('is given up at once where the receiver says %i', async (code) => {
    await using at = await site();
    at.receiver.next(status(code, {}, '{"description":"chat not found"}'));
    at.block();
    expect(await at.settled(1)).toEqual(['refused']);
    at.block();
    expect(await at.settled(2)).toEqual(['refused', 'sent']);
  });

  test('is not sent to a server whose certificate nobody vouches for', async () => {
    await using at = await site({}, undefined, await Receiver.open(selfSigned()));
    at.block();
    expect(await at.settled(1)).toEqual(['retried']);
    expect(at.receiver.received).toEqual([]);
    expect(at.notifier.status()[0]?.trouble).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  test('is given up after an hour', async () => {
    await using at = await site();
    at.receiver.next(...Array.from({ length: 100 }, () => status(500)));
    at.block();
    for (let count = 1; !at.fates.includes('expired'); count++) {
      await at.settled(count);
      at.clock.advance(RETRY_MS);
    }
    expect(at.notifier.status()[0]).toMatchObject({ waiting: 0, sent: 0, lost: 1 });
    expect(at.receiver.received.length).toBeLessThan(25);
  });

  test('has no token, no URL and no path in log and status', async () => {
    await using at = await site({}, () => ({
      kind: 'telegram',
      url: () => 'http://127.0.0.1:9/base-secret',
      token: () => '123456:token-secret',
      chat: '1',
    }));
    at.block();
    await at.settled(1);
    const told = JSON.stringify([at.log, at.notifier.status()]);
    expect(told).toContain('a notification did not arrive');
    expect(told).not.toContain('secret');
    expect(told).not.toContain('127.0.0.1');
  });
});

describe('the queue', () => {
  test('is bounded: the oldest of the least important goes, and is counted', async () => {
    await using at = await site({ afterMs: 0 });
    at.receiver.next(status(500));
    at.block(1);
    at.events.emit({ type: 'block-status', hash: HASH, status: 'matured' });
    await at.settled(1);
    for (let height = 2; height <= NOTIFY_LIMITS.queue; height++) at.events.emit(blockFound(height));
    at.clock.advance(1_000);
    expect(at.fates).toEqual(['retried', 'dropped']);
    expect(at.notifier.status()[0]).toMatchObject({ waiting: NOTIFY_LIMITS.queue, lost: 1 });
    at.clock.advance(RETRY_MS);
    await at.receiver.got(NOTIFY_LIMITS.queue + 1);
    const topics = new Set(at.receiver.received.map((_, index) => at.receiver.json(index)['topic']));
    expect([...topics]).toEqual(['block-found']);
  });
});

test('what matters less than all that waits displaces none of it', async () => {
  await using at = await site({ afterMs: 0 });
  at.receiver.next(status(500));
  at.block(1);
  await at.settled(1);
  for (let height = 2; height <= NOTIFY_LIMITS.queue; height++) at.events.emit(blockFound(height));
  at.clock.advance(1_000);
  at.events.emit({ type: 'block-status', hash: HASH, status: 'matured' });
  expect(at.fates).toEqual(['retried', 'dropped']);
  at.clock.advance(RETRY_MS);
  await at.receiver.got(NOTIFY_LIMITS.queue + 1);
  const topics = at.receiver.received.map((_, index) => at.receiver.json(index)['topic']);
  expect(topics.every((topic) => topic === 'block-found')).toBe(true);
});

describe('at the stop', () => {
  test('that nobody asked for, the reason is told', async () => {
    await using at = await site();
    at.notifier.failed('the disk at 203.0.113.7 is full');
    await at.notifier.close();
    expect(at.receiver.json(0)).toMatchObject({
      topic: 'condition',
      severity: 'urgent',
      title: 'pool has stopped',
      text: 'It cannot go on: the disk at 203.0.113.x is full',
    });
  });

  test('what is gathered and what waits for another attempt is sent', async () => {
    await using at = await site();
    at.receiver.next(status(500));
    at.block();
    await at.settled(1);
    at.events.emit({ type: 'ban', subject: 'rig', reason: 'bad shares', untilMs: 1 });
    await at.notifier.close();
    expect(at.fates).toEqual(['retried', 'sent', 'sent']);
    expect(at.clock.pending).toBe(0);
  });

  test('a receiver that hangs holds nothing up for longer than the limit', async () => {
    await using at = await site();
    at.receiver.next(hang);
    at.block();
    at.events.emit({ type: 'block-status', hash: HASH, status: 'matured' });
    await at.receiver.got(1);
    const closed = at.notifier.close();
    at.clock.advance(NOTIFY_LIMITS.flushMs);
    await closed;
    expect(at.fates).toEqual(['dropped', 'dropped']);
  });
});
