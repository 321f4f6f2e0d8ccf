import { type MiningFromClient, mining } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import type { Connection, ConnectOptions } from '@sv2kit/net';
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
