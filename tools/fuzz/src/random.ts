import type { Random } from '@sv2kit/codec';

/** A seeded source of numbers in [0, 1) (mulberry32): the same seed draws the same input for ever. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const integer = (random: Random, limit: number): number => Math.floor(random() * limit);
export const bytes = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);

/** Some bytes changed, cut off, repeated or inserted; interesting values preferred. */
export function mutate(random: Random, input: Uint8Array): Uint8Array {
  let result: Uint8Array = input.slice();
  const times = 1 + integer(random, 4);
  for (let i = 0; i < times; i += 1) {
    const at = integer(random, result.length + 1);
    switch (integer(random, 5)) {
      case 0:
        if (at < result.length) result[at] = [0, 1, 0x7f, 0x80, 0xff][integer(random, 5)] ?? 0;
        break;
      case 1:
        if (at < result.length) result[at] = (result[at] ?? 0) ^ (1 << integer(random, 8));
        break;
      case 2:
        result = result.slice(0, at);
        break;
      case 3:
        result = Uint8Array.of(
          ...result.subarray(0, at),
          ...bytes(random, integer(random, 16)),
          ...result.subarray(at),
        );
        break;
      default:
        result = Uint8Array.of(...result, ...result.subarray(at, at + integer(random, 64)));
    }
  }
  return result;
}

/** The same bytes in pieces of random sizes, as a socket might deliver them. */
export function* pieces(random: Random, input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < input.length; ) {
    const size = random() < 0.3 ? 1 : 1 + integer(random, input.length - at);
    yield input.slice(at, at + size);
    at += size;
  }
}
