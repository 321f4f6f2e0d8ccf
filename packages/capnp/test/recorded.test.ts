import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RpcConnection } from '../src/index.ts';
import { converse } from './conversation.ts';
import { bytesOf, hexOf } from './hex.ts';

interface Recorded {
  readonly messages: readonly { readonly from: 'client' | 'node'; readonly hex: string }[];
}
const { messages } = JSON.parse(
  readFileSync(new URL('vectors/conversation.json', import.meta.url), 'utf8'),
) as Recorded;

test("a node's answers are understood, also in two segments, and what is sent is what it understood", async () => {
  const rest = [...messages];
  const connection = new RpcConnection({
    send: (bytes) => {
      const said = rest.shift();
      expect({ from: 'client', hex: hexOf(bytes) }).toEqual(said);
      while (rest[0]?.from === 'node') connection.receive(bytesOf(rest.shift()?.hex ?? ''));
    },
  });
  const { echoed, testChain, unknownMethod } = await converse(connection);
  expect({ echoed: echoed > 9_000, testChain }).toEqual({ echoed: true, testChain: true });
  expect(unknownMethod).toMatchObject({ name: 'RpcError', type: 'unimplemented' });
  expect(rest).toEqual([]);
  expect(connection.stats).toMatchObject({ questions: 0, imports: 0 });
  expect(connection.ended).toBeUndefined();
});

test('the recorded answers are of one and of two segments', () => {
  const segments = messages.filter(({ from }) => from === 'node').map(({ hex }) => bytesOf(hex)[0]);
  expect(new Set(segments)).toEqual(new Set([0, 1]));
});
