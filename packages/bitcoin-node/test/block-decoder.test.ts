import { encodeBlock, identifyTransaction } from '@sv2kit/bitcoin';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { BlockAssembler } from '../src/decoding/block-assembler.ts';
import { BadBlockError, BlockDecoder } from '../src/decoding/block-decoder.ts';
import { DecoderThread } from '../src/decoding/decoder-thread.ts';

const HEADER = new Uint8Array(80).fill(7);
const IN = [...Array<number>(36).fill(3), 2, 0x51, 0x51, 0xff, 0xff, 0xff, 0xff];
const OUT = [9, 0, 0, 0, 0, 0, 0, 0, 1, 0x51];

/** Of `inputs` and `outputs`; its last output tells it from others. */
function transaction(tag: number, { inputs = 1, outputs = 1, witness = false } = {}): Uint8Array {
  const list = (of: readonly number[], count: number): number[] => Array.from({ length: count }, () => of).flat();
  const marker = witness ? [0, 1] : [];
  const witnesses = witness ? list([2, 1, 0xaa, 0], inputs) : [];
  const body = [inputs, ...list(IN, inputs), outputs + 1, ...list(OUT, outputs), tag, 0, 0, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([2, 0, 0, 0, ...marker, ...body, ...witnesses, 0, 0, 0, 0]);
}

const COINBASE = transaction(0, { witness: true });
const block = (...transactions: readonly Uint8Array[]): Uint8Array => encodeBlock(HEADER, COINBASE, transactions);

/** What the far side makes of block after block. */
class Reader {
  readonly #decoder = new BlockDecoder();
  readonly #assembler = new BlockAssembler();

  read(bytes: Uint8Array) {
    return this.#assembler.assemble(structuredClone(this.#decoder.decode(bytes)));
  }
}

describe('a block of the node', () => {
  test('is its transactions in block order, without the coinbase', () => {
    const list = [transaction(1), transaction(2, { witness: true, inputs: 3 }), transaction(3, { outputs: 2 })];
    const read = new Reader().read(block(...list));
    expect(read.map(({ data }) => data)).toEqual(list);
    for (const { txid, wtxid, data } of read) expect({ txid, wtxid }).toMatchObject(pick(identifyTransaction(data)));
  });

  test('without transactions is none', () => {
    expect(new Reader().read(block())).toEqual([]);
  });

  test('shares what the block before had, and sends only the rest', () => {
    const reader = new Reader();
    const first = reader.read(block(transaction(1), transaction(2)));
    const second = reader.read(block(transaction(3), transaction(2), transaction(1)));
    expect(second[1]).toBe(first[1]);
    expect(second[2]).toBe(first[0]);
    expect(second[0]?.data).toEqual(transaction(3));
  });

  test('sends everything anew when little would keep much alive', () => {
    const reader = new Reader();
    const big = Array.from({ length: 40 }, (_, tag) => transaction(tag + 1, { outputs: 200, inputs: 200 }));
    const many = Array.from({ length: 3 }, () => big).flat();
    const [first] = reader.read(block(...many));
    expect(many.length * (big[0]?.length ?? 0)).toBeGreaterThan(1024 * 1024);
    expect(reader.read(block(big[0] ?? COINBASE))[0]).not.toBe(first);
  });

  test('that ends early, goes on, or holds nonsense is refused with one error', () => {
    const whole = block(transaction(1, { witness: true }), transaction(2));
    const decoder = new BlockDecoder();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(() => decoder.decode(whole.subarray(0, length))).toThrow(BadBlockError);
      }),
    );
    expect(() => decoder.decode(Uint8Array.from([...whole, 0]))).toThrow(BadBlockError);
    fc.assert(
      fc.property(fc.integer({ min: 80, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        try {
          decoder.decode(whole.with(at, value));
        } catch (error) {
          expect(error).toBeInstanceOf(BadBlockError);
        }
      }),
    );
  });
});

describe('the thread that decodes', () => {
  let thread: DecoderThread;
  afterEach(() => thread.close());

  test('answers one after another, each series against itself', async () => {
    thread = new DecoderThread();
    const [a, b] = [thread.series(), thread.series()];
    const bodies = [block(transaction(1)), block(transaction(1), transaction(2)), block(transaction(1))];
    const answers = await Promise.all([
      thread.decode('block', a, bodies[0] ?? COINBASE),
      thread.decode('block', a, bodies[1] ?? COINBASE),
      thread.decode('block', b, bodies[2] ?? COINBASE),
    ]);
    const reused = answers.map((answer) => (answer.kind === 'block' ? Array.from(answer.packed.reused) : answer));
    expect(reused).toEqual([[-1], [0, -1], [-1]]);
  });

  test('says what is wrong with a block, and goes on', async () => {
    thread = new DecoderThread();
    const series = thread.series();
    expect(await thread.decode('block', series, HEADER.slice())).toMatchObject({ kind: 'bad-block' });
    expect(await thread.decode('block', series, block())).toMatchObject({ kind: 'block' });
  });

  test('takes nothing of what shares a buffer with the body', async () => {
    thread = new DecoderThread();
    const pool = Uint8Array.from([...block(transaction(1)), 1, 2, 3]);
    await thread.decode('block', thread.series(), pool.subarray(0, -3));
    expect(pool.subarray(-3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('refuses when it was closed', async () => {
    thread = new DecoderThread();
    await thread.close();
    await expect(thread.decode('block', 1, block())).rejects.toThrow('closed');
  });
});

function pick({ txid, wtxid }: { readonly txid: Uint8Array; readonly wtxid: Uint8Array }) {
  return { txid, wtxid };
}
