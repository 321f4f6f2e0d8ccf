import { expect, test } from 'vitest';
import { fuzz, targets } from '../src/index.ts';

const SEED = 20_260_820;

/** So many inputs; those that open sockets, or files, have few. */
const RUNS: Readonly<Record<string, number>> = {
  'noise:handshake': 20,
  'net:tls': 20,
  'translator:miners': 10,
  'translator:pool': 3,
};

test.each(Object.keys(targets))('%s stands its first inputs', async (name) => {
  const target = targets[name];
  if (target === undefined) throw new Error(name);
  const runs = RUNS[name] ?? (name.startsWith('decode:') ? 400 : 200);
  expect(await fuzz(name, target, SEED, (iteration) => iteration < runs)).toBe(runs);
});

test('a target that throws anything else is a finding that says how to bring it back', async () => {
  const broken = () => {
    throw new TypeError('ours');
  };
  const finding = 'npm run fuzz -- --seed 7 --iteration 0 broken';
  await expect(fuzz('broken', broken, 7, () => true)).rejects.toThrow(finding);
});
