import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Events, MONITOR_LIMITS, type MonitorEvent } from '../src/index.ts';
import { Reader } from '../src/surface/reader.ts';
import { ask, json, stage, type Stage } from './stage.ts';

const { eventsKept } = MONITOR_LIMITS;

const HASH = 'cd'.repeat(32);
const tip = (height: number): MonitorEvent => ({ type: 'tip', hash: HASH, height });

describe('events', () => {
  test('are numbered, dated and remembered, the last of them', () => {
    const events = new Events({ now: () => 42 });
    for (let height = 1; height <= eventsKept + 10; height++) events.emit(tip(height));
    expect(events.since(eventsKept + 8)).toEqual([
      { id: eventsKept + 9, atMs: 42, ...tip(eventsKept + 9) },
      { id: eventsKept + 10, atMs: 42, ...tip(eventsKept + 10) },
    ]);
    expect(events.since(0)).toHaveLength(eventsKept);
    expect(events.since(0)[0]?.id).toBe(11);
    expect(events.since(eventsKept + 10)).toEqual([]);
  });

  test('are told to all that listen, also when one of them fails', () => {
    const errors: unknown[] = [];
    const events = new Events({ onError: (error) => errors.push(error) });
    const heard: number[] = [];
    const bug = new Error('a bug');
    events.on(() => {
      throw bug;
    });
    const listening = events.on(({ id }) => void heard.push(id));
    events.emit(tip(1));
    listening[Symbol.dispose]();
    events.emit(tip(2));
    expect([heard, errors]).toEqual([[1], [bug, bug]]);
  });

  test('of a part of the role carry its name', () => {
    const events = new Events({ now: () => 1 });
    const part = events.part('pool');
    part.emit(tip(1));
    part.part('deep').emit(tip(2));
    expect(events.since(0).map((event) => event.part)).toEqual(['pool', 'pool.deep']);
    expect([part.since(0), part.lastId, part.epoch]).toEqual([events.since(0), 2, events.epoch]);
  });
});

/** Reads a stream of events. */
async function read(at: Stage, path: string, headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = get(`${at.base}${path}`, { headers, agent: false }, resolve).on('error', reject);
    onTestFinished(() => void asking.destroy());
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<void>((resolve) => response.on('close', resolve).on('error', () => {}));
  return {
    response,
    ended,
    get text() {
      return text;
    },
    get types() {
      return Array.from(text.matchAll(/^event: (.*)$/gm), ([, type]) => type);
    },
    get heights() {
      return Array.from(text.matchAll(/"height":(\d+)/g), ([, height]) => Number(height));
    },
    get lastId() {
      return Array.from(text.matchAll(/^id: (.*)$/gm), ([, id]) => id ?? '').at(-1) ?? '';
    },
  };
}

const EVENTS = '/api/v1/events';

describe('a reader of events', () => {
  test('gets what happens, as the document describes it and no more', async () => {
    const at = await stage();
    const reader = await read(at, EVENTS);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    at.events.emit(Object.assign(tip(7), { password: 'hunter2' }));
    await expect.poll(() => reader.types).toEqual(['tip']);
    const [, data = ''] = /^data: (.*)$/m.exec(reader.text) ?? [];
    expect(JSON.parse(data)).toEqual({ id: 1, atMs: at.clock.now(), ...tip(7) });
    const { paths } = (await json(at, '/api/v1/openapi.json')) as { paths: Record<string, unknown> };
    expect(JSON.stringify(paths[EVENTS])).toContain('text/event-stream');
  });

  test('goes on after the event that it knows, and is told how many are lost', async () => {
    const at = await stage();
    const first = await read(at, EVENTS);
    at.events.emit(tip(1));
    await expect.poll(() => first.heights).toEqual([1]);
    first.response.destroy();
    at.events.emit(tip(2));
    at.events.emit(tip(3));
    const second = await read(at, EVENTS, { 'last-event-id': first.lastId });
    await expect.poll(() => second.heights).toEqual([2, 3]);
    for (let height = 4; height < 4 + eventsKept; height++) at.events.emit(tip(height));
    const third = await read(at, `${EVENTS}?after=${second.lastId}`);
    await expect.poll(() => third.heights.length).toBe(eventsKept);
    expect(third.text).not.toContain('missed');
    const fourth = await read(at, EVENTS, { 'last-event-id': first.lastId });
    await expect.poll(() => fourth.heights.length).toBe(eventsKept);
    expect(fourth.text).toContain('event: missed\ndata: {"missed":2}');
  });

  test('who knows events of an earlier start gets all of this one, and who names none only what is to come', async () => {
    const at = await stage();
    at.events.emit(tip(1));
    for (const id of ['old-900', 'nonsense', `${at.events.epoch}-900`, '0']) {
      const reader = await read(at, EVENTS, { 'last-event-id': id });
      await expect.poll(() => reader.heights).toEqual([1]);
      expect([id, reader.text.includes('event: missed\ndata: {"missed":null}')]).toEqual([id, id !== '0']);
    }
    const fresh = await read(at, EVENTS);
    at.events.emit(tip(2));
    await expect.poll(() => fresh.heights).toEqual([2]);
  });

  test.each(['-3', '5', 'x', '', 'old-', 'old--1'])('is told that ?after=%s is no id', async (after) => {
    const { status, text } = await ask(await stage(), `${EVENTS}?after=${after}`);
    expect([status, JSON.parse(text)]).toMatchObject([400, { code: 'invalid-query', problems: [{ where: 'after' }] }]);
  });

  test('gets only the types that it asks for, and is told of those that there are not', async () => {
    const at = await stage();
    const reader = await read(at, `${EVENTS}?types=ban,%20tip`);
    at.events.emit({ type: 'job', origin: 'pool' });
    at.events.emit({ type: 'ban', subject: 'bc1qexample.rig1', reason: 'bad shares', untilMs: 5 });
    await expect.poll(() => reader.types).toEqual(['ban']);
    expect(reader.text).toContain('"subject":"bc1qexample.rig1"');
    const { status, text } = await ask(at, `${EVENTS}?types=tips`);
    expect([status, JSON.parse(text)]).toMatchObject([400, { problems: [{ where: 'types', wrong: 'has "tips"' }] }]);
  });

  test('hears a comment when nothing happens, and costs nothing once it is gone', async () => {
    const at = await stage();
    const reader = await read(at, EVENTS);
    await expect.poll(() => reader.text).toContain('retry: 2000');
    at.clock.advance(MONITOR_LIMITS.eventHeartbeatMs);
    await expect.poll(() => reader.text).toContain('\n:\n\n');
    reader.response.destroy();
    await expect.poll(() => at.clock.pending).toBe(0);
  });

  test('who does not read is dropped when too much waits for it', async () => {
    const at = await stage();
    const reader = await read(at, EVENTS);
    reader.response.pause();
    const reason = 'x'.repeat(64 * 1024);
    const channel = { connection: 1, channelId: 1, user: 'alice', worker: '' };
    // What the system's buffers take comes first.
    for (let mebibytes = 0; mebibytes < 64 && at.clock.pending > 0; mebibytes++) {
      for (let each = 0; each < 16; each++) at.events.emit({ type: 'channel-closed', ...channel, reason });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(at.clock.pending).toBe(0);
  });

  test('who has taken nothing for a minute is dropped, and who takes a little is not', () => {
    const response = { destroyed: false, writableLength: 10, write() {}, destroy: () => (response.destroyed = true) };
    const reader = new Reader(response as unknown as ServerResponse, 1000, () => true);
    const { eventHeartbeatMs: step, eventStallMs } = MONITOR_LIMITS;
    for (let nowMs = 0; nowMs < eventStallMs; nowMs += step) reader.beat(nowMs, eventStallMs);
    response.writableLength = 0;
    reader.beat(eventStallMs, eventStallMs);
    response.writableLength = 10;
    for (let ms = step; ms <= eventStallMs; ms += step) reader.beat(eventStallMs + ms, eventStallMs);
    expect(response.destroyed).toBe(false);
    reader.beat(2 * eventStallMs + step, eventStallMs);
    expect(response.destroyed).toBe(true);
  });

  test('is one of a few: a further one is asked to come later', async () => {
    const at = await stage();
    for (let count = 0; count < MONITOR_LIMITS.eventReaders; count++) await read(at, EVENTS);
    const { status, headers, text } = await ask(at, EVENTS);
    expect([status, headers['retry-after'], JSON.parse(text).code]).toEqual([503, '5', 'unavailable']);
  });

  test('may look first: HEAD opens no stream', async () => {
    const at = await stage();
    expect(await ask(at, EVENTS, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(at.clock.pending).toBe(0);
  });
});
