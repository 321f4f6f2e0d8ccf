import fc from 'fast-check';
import { type MessageDefinition, protocols, type Random } from '../src/index.ts';

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
export const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Every declared message once, whatever the side. */
export const everyDefinition: readonly MessageDefinition[] = [
  ...new Set(
    protocols.flatMap((p) => [...p.fromClient.definitions, ...p.fromServer.definitions] as MessageDefinition[]),
  ),
];

/** A seeded source of numbers in [0, 1) (mulberry32), drawn by fast-check. */
export const anyRandom: fc.Arbitrary<Random> = fc.integer().map((seed) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
});
