import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Connections, MONITOR_LIMITS, type TapListener } from '../src/index.ts';
import { ask, json, stage, type Stage } from './stage.ts';

const { eventBacklogBytes, wireBacklogBytes, wireMessageBytes, wireWatchers } = MONITOR_LIMITS;

/** What is written to the surface as it is, and what comes back. */
function raw({ monitor }: Stage, text: string) {
  const socket = connect(monitor.address.port, '127.0.0.1', () => socket.write(text));
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  socket.on('error', () => {});
  return {
    socket,
    get heard(): string {
      return heard;
    },
  };
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${more}\r\n`;

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

/** A role with one connection, number 3. */
async function watched() {
  const connections = new Connections(() => 7);
  const at = await stage({}, { connections });
  const wire: { listener: TapListener | undefined } = { listener: undefined };
  connections.add({
    protocol: 'mining',
    direction: 'in',
    sinceMs: 5,
    describe: () => ({ peer: 3 }),
    tap: (listener) => (wire.listener = listener),
  });
  return { at, wire };
}

describe('a reader who asks for several streams on one connection', () => {
  test('leaves nobody watching when it goes: no tap, no timer, no place taken', async () => {
    const { at, wire } = await watched();
    const timers = at.clock.pending;
    const watcher = raw(at, get('/api/v1/connections/3/messages').repeat(wireWatchers));
    await until(() => wire.listener !== undefined && watcher.heard.includes('event-stream'));
    watcher.socket.destroy();
    await until(() => wire.listener === undefined);
    expect(at.clock.pending).toBe(timers);
    for (let index = 0; index < wireWatchers; index++) {
      const again = raw(at, get('/api/v1/connections/3/messages'));
      await until(() => again.heard.includes('\r\n\r\n'));
      expect(again.heard).toMatch(/^HTTP\/1.1 200 /);
    }
  });

  test('leaves no reader of events when it goes', async () => {
    const at = await stage({});
    const timers = at.clock.pending;
    const reader = raw(at, get('/api/v1/events').repeat(5));
    await until(() => at.clock.pending > timers && reader.heard.includes('event-stream'));
    reader.socket.destroy();
    await until(() => at.clock.pending === timers);
  });
});

describe('a watcher that never reads', () => {
  test('costs the connection a bounded buffer, whatever goes over it, and no message is made for it', async () => {
    const { at, wire } = await watched();
    const watcher = raw(at, get('/api/v1/connections/3/messages'));
    await until(() => watcher.heard.includes('\r\n\r\n'));
    watcher.socket.pause();
    const message = new Uint8Array(wireMessageBytes);
    // In one turn nothing is written to the system: all that is taken waits here.
    const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
    for (let index = 0; index < 100_000; index++) wire.listener?.('received', message);
    const grown = process.memoryUsage().heapUsed + process.memoryUsage().external - before;
    expect(grown).toBeLessThan(64 * wireBacklogBytes);
    expect((await ask(at, '/api/v1/role')).status).toBe(200);
  });
});

test('who comes back gets the newest events that fit its backlog, and hears how many did not, instead of being dropped', async () => {
  const at = await stage({});
  // What a miner chooses as its name is in it.
  const name = '\u0001'.repeat(255);
  const count = 1024;
  for (let index = 0; index < count; index++) {
    at.events.emit({ type: 'channel-closed', connection: 1, channelId: index, user: name, worker: name, reason: name });
  }
  const reader = raw(at, get('/api/v1/events?after=0'));
  const told = () => [...reader.heard.matchAll(/^id: /gm)].length;
  const missed = () => Number(/"missed":(\d+)/.exec(reader.heard)?.[1] ?? 0);
  await until(() => reader.socket.destroyed || told() + missed() === count);
  expect(reader.socket.destroyed).toBe(false);
  expect(told()).toBeGreaterThan(100);
  expect(reader.heard.length).toBeLessThan(2 * eventBacklogBytes);
});

describe('a browser', () => {
  const TOKEN = '0123456789abcdef';
  const html = { accept: 'text/html,application/xhtml+xml' };

  test('without the token is led to the page, which asks for it; programs are told 401', async () => {
    const at = await stage({}, { token: TOKEN, page: import.meta.dirname });
    const led = await ask(at, '/', { headers: html });
    expect([led.status, led.headers.location, led.text]).toEqual([303, 'dashboard/', '']);
    expect((await ask(at, '/')).status).toBe(401);
    expect((await ask(at, '/status', { headers: html })).status).toBe(401);
    expect((await ask(await stage({}, { token: TOKEN }), '/', { headers: html })).status).toBe(401);
    const shown = await ask(at, '/', { headers: { ...html, authorization: `Bearer ${TOKEN}` } });
    expect(shown.status).toBe(200);
  });
});

test('where the surface itself is, is among what the role listens on', async () => {
  const at = await stage({ listens: () => [{ protocol: 'mining', host: '0.0.0.0', port: 34254 }] });
  const { items } = await json(at, '/api/v1/listens');
  const { port } = at.monitor.address;
  expect(items).toEqual([
    { protocol: 'mining', host: '0.0.0.0', port: 34254 },
    { protocol: 'monitoring', host: '127.0.0.1', port },
  ]);
});
