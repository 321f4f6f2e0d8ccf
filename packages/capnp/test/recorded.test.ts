import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MessageReader, RpcConnection } from '../src/index.ts';
import { conversations } from './conversations.ts';
import { bytesOf, hexOf } from './hex.ts';

interface Recorded {
  readonly messages: readonly { readonly from: 'client' | 'peer'; readonly hex: string }[];
}
const recorded = (name: string): Recorded =>
  JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8')) as Recorded;
const framesOfPeer = (name: string) =>
  recorded(name).messages.flatMap(({ from, hex }) => (from === 'peer' ? [bytesOf(hex)] : []));

/** Has a conversation again: what is sent must be what was sent then, and is answered as it was answered then. */
async function replay(name: keyof typeof conversations) {
  const rest = [...recorded(name).messages];
  const connection = new RpcConnection({
    send: (bytes) => {
      expect({ from: 'client', hex: hexOf(bytes) }).toEqual(rest.shift());
      while (rest[0]?.from === 'peer') connection.receive(bytesOf(rest.shift()?.hex ?? ''));
    },
  });
  const found = await conversations[name](connection, async () => {});
  expect(rest).toEqual([]);
  expect(connection.stats).toMatchObject({ questions: 0, imports: 0 });
  expect(connection.ended).toBeUndefined();
  return found;
}

describe('a Bitcoin node', () => {
  test('is understood and understands what is sent', async () => {
    expect(await replay('node')).toEqual({
      echoed: true,
      testChain: true,
      unknownMethod: expect.objectContaining({ name: 'RpcError', type: 'unimplemented' }),
    });
  });

  test('answers in one and in two segments', () => {
    expect(new Set(framesOfPeer('node').map((frame) => frame[0]))).toEqual(new Set([0, 1]));
  });
});

describe('a peer that promises', () => {
  test('has its capability used before and after it is resolved, and gets every reference back', async () => {
    const found = await replay('probe');
    expect(found).toEqual({ early: 'before it is resolved', late: 'after it is resolved', alive: 1 });
  });

  test('sent a Resolve, which came back as unimplemented, and answers that need no Finish', () => {
    const roots = framesOfPeer('probe').map((frame) => new MessageReader(frame).root);
    expect(roots.map((root) => root.u16(0))).toContain(5);
    expect(roots.some((root) => root.u16(0) === 3 && root.struct(0).bool(33))).toBe(true);
  });
});
