import { encodeFrame, type MiningFromClient, mining, readHeader, SetupConnectionSuccess } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { type Connection, type ConnectOptions, listenWire, type WireConnection } from '@sv2kit/net';
import { expect, test } from 'vitest';
import { createUpstream } from '../src/index.ts';

type Options = ConnectOptions<typeof mining>;
type Part = 'silent' | 'answers' | 'speaks';

/** A server of which each connection plays a part, and what it is asked for each time. */
async function asked(parts: readonly Part[]): Promise<(readonly number[])[]> {
  const clock = new VirtualClock();
  const seen: (readonly number[])[] = [];
  const upstream = createUpstream({
    endpoints: [{ host: 'a', port: 1 }],
    protocol: mining,
    extensions: { supported: [2], required: [] },
    clock,
    random: () => 0,
    handler: () => ({ onMessage() {}, onClose() {} }),
    async connect({ extensions, handler }: Options) {
      const part = parts[seen.length];
      const supported = extensions?.supported ?? [];
      seen.push(supported);
      const extensionsUnanswered = part !== 'answers' && supported.length > 0;
      await Promise.resolve();
      const end = (code: string) => queueMicrotask(() => relay.onClose({ code }));
      const connection = { extensionsUnanswered, end, destroy: end };
      const relay = handler(connection as unknown as Connection<MiningFromClient>);
      if (part === 'speaks') relay.onMessage({ type: 'CloseChannel', channelId: 1, reasonCode: '' });
    },
  });
  for (let i = 1; i < parts.length; i += 1) {
    await clock.advanceAsync(0);
    upstream.giveUp('channel-timeout');
    await clock.advanceAsync(1_000);
  }
  await clock.advanceAsync(0);
  await upstream.close();
  return seen;
}

test.each<[what: string, parts: readonly Part[], asks: readonly (readonly number[])[]]>([
  ['leaves the request unanswered, but speaks', ['speaks', 'speaks', 'speaks'], [[2], [2], [2]]],
  ['answers it, and says nothing more', ['answers', 'answers', 'answers'], [[2], [2], [2]]],
  ['falls silent: it is asked for none from then on', ['silent', 'speaks', 'speaks'], [[2], [], []]],
  ['is silent without being asked, too: that was not the cause', ['silent', 'silent', 'speaks'], [[2], [], [2]]],
])('a server that is asked for extensions and %s (extension 0x0001)', async (_what, parts, asks) => {
  expect(await asked(parts)).toEqual(asks);
});

/** A plain server that lets everybody in and never says another word; what it hears, connection by connection. */
async function mute(clock: VirtualClock) {
  const heard: string[][] = [];
  const accept = (connection: WireConnection) => {
    const types: string[] = [];
    heard.push(types);
    const said = [encodeFrame(SetupConnectionSuccess, { type: 'SetupConnectionSuccess', usedVersion: 2, flags: 0 })];
    return {
      receive(chunk: Uint8Array) {
        connection.markReady();
        const { extensionType, messageType } = readHeader(chunk);
        types.push(`${extensionType}:${messageType}`);
      },
      drain: () => (types.length > 0 ? said.pop() : undefined),
      onClose() {},
    };
  };
  return { heard, listener: await listenWire({ host: '127.0.0.1', port: 0, clock, accept }) };
}

test.each([
  ['some are only of use: the second time it is asked for none', [], [2, 1]],
  ['some are required: it is asked each time, and never connected', [2], [2, 2]],
])('a server that is mute although %s', async (_what, required, messages) => {
  const clock = new VirtualClock();
  const { heard, listener } = await mute(clock);
  let connected = 0;
  const upstream = createUpstream({
    endpoints: [{ host: '127.0.0.1', port: listener.port }],
    security: 'plain',
    protocol: mining,
    extensions: { supported: [2], required },
    clock,
    random: () => 0,
    handler(connection) {
      connected += 1;
      queueMicrotask(() => connection.end('no channel'));
      return { onMessage() {}, onClose() {} };
    },
  });
  while (heard.length < 2 || heard.some(({ length }, i) => length < (messages[i] ?? 0))) {
    await new Promise((resolve) => setImmediate(resolve));
    if (heard.at(-1)?.length === messages[heard.length - 1]) clock.advance(1_000);
  }
  await upstream.close();
  await listener.close();
  expect(heard.slice(0, 2).map(({ length }) => length)).toEqual(messages);
  if (required.length > 0) expect(connected).toBe(0);
});
