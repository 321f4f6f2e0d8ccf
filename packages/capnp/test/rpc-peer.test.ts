import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapnpError, MessageBuilder, MessageReader, RpcConnection, RpcError } from '../src/index.ts';
import { bytesOf, concat, frameOf } from './hex.ts';
import { messageOf, method, Peer, VOID, writeResults } from './peer.ts';
import { FULL, readSample, writeSample } from './sample.ts';

async function connected() {
  const peer = new Peer();
  const main = await peer.main();
  return { peer, connection: peer.connection, main };
}

describe('a peer that asks', () => {
  test.each([
    ['Call', 2, 3, 3],
    ['Bootstrap', 8, 1, 1],
  ])('with a %s is refused, and its question may be finished', async (_, kind, dataWords, pointers) => {
    const { peer, connection } = await connected();
    peer.say((root) => {
      root.u16(0, kind);
      root.struct(0, dataWords, pointers).u32(0, 77);
    });
    expect(peer.told()).toEqual([{ kind: 'return', id: 77, type: 3, reason: 'this side offers nothing to call' }]);
    peer.say((root) => {
      root.u16(0, 4);
      root.struct(0, 1, 0).u32(0, 77);
    });
    expect([peer.told(), connection.ended]).toEqual([[], undefined]);
  });

  test('to release what was never exported is heard and nothing more', async () => {
    const { peer, connection } = await connected();
    peer.say((root) => {
      root.u16(0, 6);
      root.struct(0, 1, 0).u32(4, 3);
    });
    expect([peer.told(), connection.ended]).toEqual([[], undefined]);
  });

  test('with an unimplemented echo of anything but a question is heard and nothing more', async () => {
    const { peer, connection } = await connected();
    for (const kind of [4, 6, 13]) {
      peer.say((root) => {
        root.u16(0, 0);
        root.struct(0, 1, 1).u16(0, kind);
      });
    }
    expect([peer.told(), connection.ended]).toEqual([[], undefined]);
  });
});

describe('messages of a kind that is not known', () => {
  const sent: Uint8Array[] = [];
  const connection = new RpcConnection({ send: (bytes) => sent.push(bytes) });
  const echo = (frame: Uint8Array) => {
    sent.length = 0;
    connection.receive(frame);
    expect([connection.ended, sent.length]).toEqual([undefined, 1]);
    const root = new MessageReader(sent[0] as Uint8Array).root;
    expect(root.u16(0)).toBe(0);
    return root.struct(0);
  };

  // Resolve, Disembargo, and one that does not exist.
  test.each([5, 13, 200])('come back whole: kind %i', (kind) => {
    const frame = messageOf((root) => {
      root.u16(0, kind);
      writeSample(root.struct(0, 5, 7), FULL);
    });
    expect(echo(frame).u16(0)).toBe(kind);
    expect(readSample(echo(frame).struct(0))).toEqual(FULL);
  });

  test('come back whole from several segments, whose far pointers lead where they led', () => {
    const message = echo(
      frameOf(
        '00000000 01000100  0d00000000000000  02000000 01000000',
        '04000000 00000100  0000000000000000  09000000 1a000000  0000000000000000  02000000 02000000',
        '01000000 1a000000  6869000000000000',
      ),
    );
    expect([message.u16(0), message.struct(0).has(0)]).toEqual([13, true]);
  });

  test('come back whole when their root is far, or double-far', () => {
    const far = echo(frameOf('02000000 01000000', '00000000 01000000  0d00000000000000'));
    expect(far.u16(0)).toBe(13);
    const doubleFar = echo(frameOf('06000000 01000000', '02000000 02000000  00000000 01000000', '0d00000000000000'));
    expect(doubleFar.u16(0)).toBe(13);
  });

  test('come back when their root lies behind other words', () => {
    const behind = echo(frameOf('08000000 01000000  ffffffffffffffff  ffffffffffffffff  0d00000000000000'));
    expect(behind.u16(0)).toBe(13);
  });
});

describe('a peer that breaks the rules', () => {
  const answerOf = (id: number) => messageOf((root) => writeResults(root, id, {}));

  test.each<[string, string, Uint8Array]>([
    ['an answer to no question', 'out-of-protocol', answerOf(9)],
    ['a second answer', 'out-of-protocol', concat(answerOf(0), answerOf(0))],
    ['a frame that is none', 'malformed', bytesOf('00000000 01000000 0100000000000000')],
    [
      'a message whose content is a list',
      'malformed',
      frameOf('00000000 01000100  0300000000000000  01000000 02000000'),
    ],
    [
      'an answer whose table of capabilities is a struct',
      'malformed',
      messageOf((root) => {
        root.u16(0, 3);
        root.struct(0, 2, 1).struct(0, 0, 2).struct(1, 1, 1);
      }),
    ],
  ])('with %s ends the connection: an Abort, and every call rejects', async (_, code, bytes) => {
    const { peer, connection, main } = await connected();
    const calls = [connection.call(main, VOID), connection.call(main, VOID)];
    peer.told();
    connection.receive(bytes);
    await expect(calls[1]).rejects.toMatchObject({ type: 'disconnected', reason: expect.stringContaining(code) });
    expect(connection.ended).toMatchObject({ name: 'CapnpError', code });
    expect(peer.told().at(-1)).toMatchObject({ kind: 'abort', type: 0, reason: expect.stringContaining(code) });
    expect(peer.ends).toEqual([connection.ended]);
    connection.receive(bytes);
    expect(peer.ends).toHaveLength(1);
  });

  test('with an exception of a megabyte has as much of it kept as is of use', async () => {
    const { peer, connection, main } = await connected();
    const call = connection.call(main, VOID);
    peer.exception(0, 0, 'x'.repeat(1_000_000));
    await expect(call).rejects.toMatchObject({ reason: 'x'.repeat(1_000) });
  });
});

describe('whatever a peer sends', () => {
  const seeds = [
    messageOf((root) =>
      writeResults(root, 0, {
        capabilities: [5, 6],
        content: (payload) => {
          const content = payload.struct(0, 5, 7);
          writeSample(content, { ...FULL, nested: undefined });
        },
      }),
    ),
    messageOf((root) => writeResults(root, 1, { capabilities: [7], noFinishNeeded: true })),
    messageOf((root) => {
      root.u16(0, 1);
      root.struct(0, 1, 2).text(0, 'over');
    }),
    messageOf((root) => {
      root.u16(0, 5);
      root.struct(0, 1, 1).text(0, 'resolve');
    }),
    messageOf((root) => {
      root.u16(0, 2);
      root.struct(0, 3, 3).struct(0, 1, 1);
    }),
    frameOf('02000000 01000000', '00000000 01000100  0300000000000000  02000000 02000000', '00000000 00000000'),
  ];
  const edit = fc.record({
    at: fc.nat(),
    value: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 6 })).map(([seed, edits]) => {
    const bytes = seed.slice();
    for (const { at, value } of edits) bytes[at % bytes.length] = value;
    return bytes;
  });

  test('nothing is thrown, each call has an outcome after the end, and all of them are of the kinds that are told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutated, { maxLength: 6 }),
        fc.array(fc.nat(200), { maxLength: 4 }),
        async (frames, cuts) => {
          const { connection, main } = await connected();
          const sample = method({
            results: (results, take) => {
              take(results.capability(0));
              return readSample(results);
            },
          });
          const calls = [connection.call(main, sample), connection.call(main, sample)];
          let rest = concat(...frames);
          for (const cut of cuts) {
            connection.receive(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          connection.receive(rest);
          connection.close('the end of the test');
          for (const outcome of await Promise.allSettled(calls)) {
            if (outcome.status === 'fulfilled') continue;
            expect(outcome.reason).toSatisfy((error) => error instanceof CapnpError || error instanceof RpcError);
          }
          expect(connection.ended).toSatisfy((error) => error instanceof CapnpError || error instanceof RpcError);
          expect(connection.stats).toMatchObject({ questions: 0, imports: 0 });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('every change of one byte of a message is read or refused', () => {
    const message = new MessageBuilder();
    writeSample(message.root(5, 7), FULL);
    const frame = message.frame();
    for (let at = 0; at < frame.length; at += 1) {
      for (const value of [0, 1, 2, 3, 5, 6, 7, 0x0e, 0x7f, 0x80, 0xff]) {
        const changed = frame.slice();
        changed[at] = value;
        try {
          readSample(new MessageReader(changed).root);
        } catch (error) {
          expect(error).toBeInstanceOf(CapnpError);
        }
      }
    }
  });
});
