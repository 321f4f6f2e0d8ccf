import { get, type IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Connections, MONITOR_LIMITS, type TapListener, type TappedConnection } from '../src/index.ts';
import { ask, json, stage, type Stage } from './stage.ts';

const { wireMessagesPerSecond, wireBacklogBytes, wireMessageBytes, wireWatchers } = MONITOR_LIMITS;

/** A connection that says what it is told to. */
class Wire implements TappedConnection {
  readonly protocol = 'mining';
  readonly direction = 'in';
  readonly sinceMs = 5;
  readonly #peer: number;
  listener: TapListener | undefined;

  constructor(peer: number) {
    this.#peer = peer;
  }

  describe() {
    return { peer: this.#peer, remote: '203.0.113.9', device: 'acme 1', extensions: [2] };
  }

  tap(listener: TapListener | undefined): void {
    this.listener = listener;
  }
}

const frame = (size: number) => new Uint8Array(size).fill(0xab);
const page = { offset: 0, limit: 100 };
const nobody = { admits: () => true, onMessage() {}, onEnded() {} };

describe('connections', () => {
  test('are listed while they are there, with the part that they are of', () => {
    const connections = new Connections(() => 7);
    const view = { direction: 'in', protocol: 'mining', sinceMs: 5, ...new Wire(3).describe() };
    const whole = connections.add(new Wire(3));
    const part = connections.part('pool').part('deep').add(new Wire(4));
    expect(connections.list(page)).toEqual({
      total: 2,
      items: [
        { id: '3', ...view },
        { id: '4', ...view, peer: 4, part: 'pool.deep' },
      ],
    });
    expect(connections.part('pool').list(page).total).toBe(2);
    whole.end();
    part.end();
    expect(connections.list(page)).toEqual({ total: 0, items: [] });
  });

  test('are listened to only while somebody watches', () => {
    const connections = new Connections();
    const wire = new Wire(3);
    const { end } = connections.add(wire);
    expect(wire.listener).toBeUndefined();
    const [first, second] = [connections.watch('3', { ...nobody }), connections.part('pool').watch('3', { ...nobody })];
    expect(wire.listener).toBeDefined();
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(wire.listener).toBeDefined();
    second?.[Symbol.dispose]();
    expect(wire.listener).toBeUndefined();
    connections.watch('3', nobody);
    end('gone');
    expect(wire.listener).toBeUndefined();
    expect(connections.watch('3', nobody)).toBeUndefined();
  });

  test('put a message into words once for all who take it, and never for nobody', () => {
    const connections = new Connections(() => 7);
    const wire = new Wire(3);
    connections.add(wire);
    const told: unknown[] = [];
    const onMessage = (message: unknown) => void told.push(message);
    for (const admits of [true, true, false]) connections.watch('3', { ...nobody, admits: () => admits, onMessage });
    wire.listener?.('sent', frame(2));
    expect(told).toEqual(Array(2).fill({ atMs: 7, direction: 'sent', size: 2, hex: 'abab' }));
    expect(told[0]).toBe(told[1]);
  });

  test('show the beginning of what is long', () => {
    const connections = new Connections(() => 7);
    const wire = new Wire(3);
    connections.add(wire);
    const told: Record<string, unknown>[] = [];
    connections.watch('3', { ...nobody, onMessage: (message) => void told.push(message) });
    wire.listener?.('sent', frame(wireMessageBytes));
    wire.listener?.('sent', frame(wireMessageBytes + 1));
    wire.listener?.('received', 'x'.repeat(wireMessageBytes + 1));
    wire.listener?.('received', 'é');
    expect(told.map(({ size, cut, hex, line }) => [size, cut, String(hex ?? line).length])).toEqual([
      [wireMessageBytes, undefined, 2 * wireMessageBytes],
      [wireMessageBytes + 1, true, 2 * wireMessageBytes],
      [wireMessageBytes + 1, true, wireMessageBytes],
      [2, undefined, 1],
    ]);
  });
});

/** Watches a connection over HTTP. */
async function watch(at: Stage, id: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const url = `${at.base}/api/v1/connections/${id}/messages`;
    const asking = get(url, { agent: false }, resolve).on('error', reject);
    onTestFinished(() => void asking.destroy());
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const closed = new Promise<void>((resolve) => response.on('close', resolve).on('error', () => {}));
  return {
    response,
    closed,
    get told(): [event: string, data: Record<string, unknown>][] {
      return Array.from(text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm), ([, event = '', data = '']) => [
        event,
        JSON.parse(data),
      ]);
    },
  };
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

/** A role with one connection, which is number 3. */
async function watched() {
  const connections = new Connections(() => 7);
  const wire = new Wire(3);
  const announced = connections.add(wire);
  const at = await stage({}, { connections });
  return { connections, wire, announced, at };
}

describe('over HTTP', () => {
  test('connections are a resource as any other, with addresses written by the rule of the log', async () => {
    const { at } = await watched();
    const { total, items } = await json(at, '/api/v1/connections?limit=1');
    expect([total, (items as object[])[0]]).toEqual([1, expect.objectContaining({ id: '3', remote: '203.0.113.x' })]);
    expect((await json(at, '/api/v1/role'))['resources']).toEqual(['connections']);
    expect(Object.keys((await json(at, '/api/v1/openapi.json'))['paths'] as object)).toContain(
      '/api/v1/connections/{id}/messages',
    );
  });

  test('a role without has none', async () => {
    const at = await stage({});
    expect((await ask(at, '/api/v1/connections')).status).toBe(404);
    expect((await ask(at, '/api/v1/connections/3/messages')).status).toBe(404);
  });

  test('a watcher gets messages as they go, and the end', async () => {
    const { at, wire, announced } = await watched();
    const watcher = await watch(at, '3');
    expect(watcher.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    wire.listener?.('received', frame(3));
    wire.listener?.('sent', '{"id":1}');
    announced.end('peer-closed');
    await watcher.closed;
    expect(watcher.told).toEqual([
      ['message', { atMs: 7, direction: 'received', size: 3, hex: 'ababab' }],
      ['message', { atMs: 7, direction: 'sent', size: 8, line: '{"id":1}' }],
      ['ended', { reason: 'peer-closed' }],
    ]);
  });

  test('of more than 500 messages in a second a watcher hears how many there were', async () => {
    const { at, wire } = await watched();
    const watcher = await watch(at, '3');
    for (let index = 0; index < wireMessagesPerSecond + 40; index++) wire.listener?.('sent', frame(6));
    await until(() => watcher.told.length === wireMessagesPerSecond);
    at.clock.advance(1000);
    wire.listener?.('sent', frame(7));
    await until(() => watcher.told.length === wireMessagesPerSecond + 2);
    expect(watcher.told.slice(-2)).toEqual([
      ['missed', { missed: 40 }],
      ['message', expect.objectContaining({ size: 7 })],
    ]);
  });

  test('a watcher that is slow misses messages, and little waits for it', async () => {
    const { at, wire } = await watched();
    const watcher = await watch(at, '3');
    watcher.response.pause();
    const sent = 400;
    for (let index = 0; index < sent; index++) wire.listener?.('sent', frame(wireMessageBytes));
    // The rest of what the reader is owed comes once it reads.
    watcher.response.resume();
    await until(() => {
      at.clock.advance(1000);
      return watcher.told.some(([event]) => event === 'missed');
    });
    const messages = watcher.told.filter(([event]) => event === 'message').length;
    const missed = watcher.told.flatMap(([, data]) => (typeof data['missed'] === 'number' ? [data['missed']] : []));
    expect(messages + missed.reduce((sum, each) => sum + each, 0)).toBe(sent);
    expect(messages).toBeLessThan((4 * wireBacklogBytes) / wireMessageBytes);
  });

  test('a watcher that takes nothing for long is dropped', async () => {
    const { at, wire } = await watched();
    const watcher = await watch(at, '3');
    watcher.response.pause();
    // The system takes a few megabytes in the reader's stead.
    await until(() => {
      for (let index = 0; index < 20; index++) wire.listener?.('sent', frame(wireMessageBytes));
      at.clock.advance(1000);
      return wire.listener === undefined;
    });
  });

  test('nothing is left of a watcher that goes away', async () => {
    const { at, wire } = await watched();
    const before = at.clock.pending;
    const watcher = await watch(at, '3');
    expect(at.clock.pending).toBeGreaterThan(before);
    watcher.response.destroy();
    await until(() => wire.listener === undefined);
    expect(at.clock.pending).toBe(before);
  });

  test('a fifth watcher is told to come later, and who asks for nothing that there is', async () => {
    const { at } = await watched();
    const watchers = [];
    for (let index = 0; index < wireWatchers; index++) watchers.push(await watch(at, '3'));
    const fifth = await ask(at, '/api/v1/connections/3/messages');
    expect([fifth.status, JSON.parse(fifth.text).code]).toEqual([503, 'unavailable']);
    watchers[0]?.response.destroy();
    const place = async () => (await ask(at, '/api/v1/connections/4/messages')).status === 404;
    while (!(await place()));
  });

  test('a role that stops ends its watchers', async () => {
    const { at, wire } = await watched();
    const watcher = await watch(at, '3');
    await at.monitor.close();
    await watcher.closed;
    expect(wire.listener).toBeUndefined();
  });
});
