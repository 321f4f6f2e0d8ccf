import type { DataType } from './data-types.ts';
import type { MessageDefinition, MessageOf } from './declare.ts';

/** Numbers in [0, 1), for example from a seeded generator. */
export type Random = () => number;

/**
 * A valid value of a declared message, drawn from its data types: for fuzzers, property tests and benches.
 * Lengths favour the short and the extreme; `largest` bounds each byte array and `most` each sequence.
 */
export function sampleMessage<D extends MessageDefinition>(
  definition: D,
  random: Random,
  limits: { readonly largest: number; readonly most: number } = { largest: 300, most: 20 },
): MessageOf<D> {
  const values: Record<string, unknown> = { type: definition.name };
  for (const [name, type] of definition.fieldList) values[name] = sample(type, random, limits);
  for (const [name, field] of definition.tlvList) {
    if (random() < 0.5) values[name] = bytes(random, Math.floor(random() * (field.max + 1)));
  }
  return values as MessageOf<D>;
}

function sample(type: DataType<unknown>, random: Random, limits: { largest: number; most: number }): unknown {
  const { shape } = type;
  switch (shape.kind) {
    case 'bool':
      return random() < 0.5;
    case 'float':
      return Math.fround(random() < 0.1 ? 0 : random() * 10 ** Math.floor(random() * 38));
    case 'uint':
      return shape.bits === 64 ? sampleU64(random) : sampleUint(random, shape.bits);
    case 'fixed':
      return bytes(random, shape.length);
    case 'bytes':
      return bytes(random, extreme(random, Math.min(shape.max, limits.largest)));
    case 'text':
      return text(random, extreme(random, shape.max));
    case 'sequence': {
      if (shape.optional) return random() < 0.5 ? undefined : sample(shape.of, random, limits);
      const count = extreme(random, Math.min(shape.max, limits.most));
      return Array.from({ length: count }, () => sample(shape.of, random, limits));
    }
  }
}

function sampleUint(random: Random, bits: number): number {
  const limit = 2 ** bits;
  const pick = random();
  if (pick < 0.1) return 0;
  if (pick < 0.2) return limit - 1;
  return Math.floor(random() * limit);
}

function sampleU64(random: Random): bigint {
  return (BigInt(sampleUint(random, 32)) << 32n) | BigInt(sampleUint(random, 32));
}

/** 0 and the maximum often, short lengths mostly. */
function extreme(random: Random, max: number): number {
  const pick = random();
  if (pick < 0.1) return 0;
  if (pick < 0.15) return max;
  return Math.floor(random() * Math.min(max + 1, pick < 0.9 ? 33 : max + 1));
}

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** Printable ASCII, so that the same text is a legal code. */
function text(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(32 + Math.floor(random() * 95))).join('');
}
