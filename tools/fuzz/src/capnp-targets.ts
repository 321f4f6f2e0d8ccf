// Cap'n Proto as a node's socket might deliver it: messages of every shape with bytes changed, and answers to calls.
import {
  CapnpError,
  MessageBuilder,
  MessageReader,
  RpcConnection,
  RpcError,
  type StructBuilder,
  type StructReader,
} from '@sv2kit/capnp';
import type { Random } from '@sv2kit/codec';
import { bytes, integer, mutate, pieces } from './random.ts';
import type { Target } from './target.ts';

const DEEPEST = 4;
const POINTERS = 6;

/** Pointers to something of every kind. */
function fill(random: Random, struct: StructBuilder, depth: number): void {
  for (let index = 0; index < POINTERS; index += 1) {
    const count = integer(random, 5);
    switch (integer(random, 7)) {
      case 0:
        if (depth < DEEPEST) fill(random, struct.struct(index, 2, POINTERS), depth + 1);
        break;
      case 1:
        struct.data(index, bytes(random, integer(random, 40)));
        break;
      case 2:
        struct.text(index, 'x'.repeat(count));
        break;
      case 3:
        struct.dataList(
          index,
          Array.from({ length: count }, () => bytes(random, count)),
        );
        break;
      case 4:
        struct.int64List(
          index,
          Array.from({ length: count }, () => -1n),
        );
        break;
      case 5:
        if (depth < DEEPEST) {
          for (const item of struct.structList(index, count, 2, POINTERS)) fill(random, item, DEEPEST);
        }
        break;
      default:
        struct.capability(index, { id: count });
    }
  }
}

/** Reads every field as everything that it might be. */
function readAll(struct: StructReader): number {
  let read = 1;
  struct.u64(0);
  struct.f64(8, 1);
  for (let index = 0; index < POINTERS; index += 1) {
    const attempts: readonly (() => unknown)[] = [
      () => struct.text(index),
      () => struct.data(index).length,
      () => struct.dataList(index).length,
      () => struct.int64List(index).length,
      () => struct.capability(index),
      () => struct.structList(index).forEach((item) => void (read += readAll(item))),
      () => void (read += struct.has(index) ? readAll(struct.struct(index)) : 0),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch (error) {
        if (!(error instanceof CapnpError)) throw error;
        if (error.code !== 'malformed') throw error;
      }
    }
  }
  return read;
}

/** The most structs that may be read of a message of so many words. */
const mostStructs = (words: number): number => 1_024 + 5 * words;

/** Reading ends, in values or in one kind of error, after so much as the message can honestly hold. */
const messageTarget: Target = (random) => {
  const message = new MessageBuilder();
  fill(random, message.root(2, POINTERS), 0);
  const frame = mutate(random, message.frame());
  try {
    const read = readAll(new MessageReader(frame).root);
    if (read > mostStructs(frame.length / 8)) throw new Error(`${read} structs in ${frame.length} bytes`);
  } catch (error) {
    if (!(error instanceof CapnpError)) throw error;
  }
};

/** A message of any kind, most often an answer to one of the first questions. */
function sample(random: Random): Uint8Array {
  const message = new MessageBuilder();
  const root = message.root(1, 1);
  const kind = random() < 0.7 ? 3 : integer(random, 15);
  root.u16(0, kind);
  const body = root.struct(0, 3, 3);
  body.u32(0, integer(random, 3));
  if (random() < 0.3) body.u16(6, integer(random, 6));
  body.bool(33, random() < 0.3);
  if (kind === 1) body.text(0, 'over');
  const payload = body.struct(kind === 2 ? 1 : 0, 0, 2);
  fill(random, payload.struct(0, 2, POINTERS), 2);
  for (const descriptor of payload.structList(1, integer(random, 5), 1, 1)) {
    descriptor.u16(0, random() < 0.9 ? 1 : integer(random, 6));
    descriptor.u32(4, integer(random, 4));
  }
  const frame = message.frame();
  return random() < 0.4 ? mutate(random, frame) : frame;
}

/** A connection throws nothing, whatever it is sent, and every call on it has an outcome of the kinds that are told. */
const connectionTarget: Target = async (random) => {
  const connection = new RpcConnection({ send: () => {} });
  const call = { name: 'fuzz', interfaceId: 1n, id: 1, results: readAll };
  const outcomes: Promise<unknown>[] = [];
  const ask = async (): Promise<void> => {
    const main = await connection.bootstrap();
    await Promise.all([connection.call(main, call), connection.call(main, call)]);
    main.release();
  };
  for (let i = 0; i < 3; i += 1) {
    outcomes.push(ask());
    for (const piece of pieces(random, sample(random))) connection.receive(piece);
    await Promise.resolve();
  }
  connection.close('the end');
  for (const outcome of await Promise.allSettled(outcomes)) {
    const { reason } = outcome as { readonly reason?: unknown };
    const told = reason === undefined || reason instanceof CapnpError || reason instanceof RpcError;
    if (!told) throw reason;
  }
  const { questions, imports } = connection.stats;
  if (questions + imports > 0) throw new Error(`${questions} questions and ${imports} imports are left`);
};

export const capnpTargets: Readonly<Record<string, Target>> = {
  'capnp:message': messageTarget,
  'capnp:connection': connectionTarget,
};
