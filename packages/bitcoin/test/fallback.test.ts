import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const forbidden = {
  Module: class {
    constructor() {
      throw new Error('refused by the content security policy');
    }
  },
};

test.each([
  ['missing', undefined],
  ['forbidden', forbidden],
])('where WebAssembly is %s, noble hashes', async (_, api) => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', api);
  const { displayHash, ExtendedShareHasher, hashBackend, sha256d } = await import('../src/index.ts');
  expect(hashBackend).toBe('noble');
  expect(displayHash(sha256d(new Uint8Array(64)))).toBe(
    'f98c4e9736d8eb8bb46299798906695c755369a3df99a93ffdded1713f1cf6e2',
  );
  const hasher = new ExtendedShareHasher({
    header: new Uint8Array(80),
    coinbasePrefix: new Uint8Array(60),
    coinbaseSuffix: new Uint8Array(60),
    extranonceSize: 4,
    merklePath: [new Uint8Array(32)],
  });
  const hash = (extranonce: number) =>
    hasher.hash(Uint8Array.of(0, 0), Uint8Array.of(0, extranonce), 1, 2, 3, new Uint8Array(32));
  expect(hash(1)).not.toEqual(hash(2));
  expect(hash(1)).toEqual(hash(1));
});
