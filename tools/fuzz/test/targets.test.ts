import { expect, test } from 'vitest';
import { fuzz, targets } from '../src/index.ts';

const SEED = 20_260_820;

test.each(Object.keys(targets))('%s stands its first inputs', (name) => {
  const target = targets[name];
  if (target === undefined) throw new Error(name);
  const runs = name.startsWith('decode:') ? 400 : name === 'noise:handshake' ? 20 : 200;
  expect(fuzz(name, target, SEED, (iteration) => iteration < runs)).toBe(runs);
});

test('a target that throws anything else is a finding that says how to bring it back', () => {
  const broken = () => {
    throw new TypeError('ours');
  };
  expect(() => fuzz('broken', broken, 7, () => true)).toThrow('npm run fuzz -- --seed 7 --iteration 0 broken');
});
