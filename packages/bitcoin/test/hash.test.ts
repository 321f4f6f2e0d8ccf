import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeHeader,
  displayHash,
  ExtendedShareHasher,
  encodeHeader,
  fromDisplayHash,
  hashHeader,
  hashStandardShare,
  merklePathOf,
  merkleRoot,
  meetsTarget,
  sha256d,
  targetFromNbits,
} from '../src/index.ts';

const BLOCK_100000 = {
  name: '100,000',
  hash: '000000000003ba27aa200b1cecaad478d2b00432346c3f1f3986da1afd33e506',
  prevHash: '000000000002d01c1fccc21636b607dfd930d31d01c3a62104612a1719011250',
  merkleRoot: 'f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766',
  fields: { version: 1, ntime: 1293623863, nbits: 0x1b04864c, nonce: 274148111 },
};

const BLOCKS = [
  {
    name: 'genesis',
    hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    prevHash: '0000000000000000000000000000000000000000000000000000000000000000',
    merkleRoot: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
    fields: { version: 1, ntime: 1231006505, nbits: 0x1d00ffff, nonce: 2083236893 },
  },
  BLOCK_100000,
  {
    name: '125,552',
    hash: '00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d',
    prevHash: '00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81',
    merkleRoot: '2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3',
    fields: { version: 1, ntime: 1305998791, nbits: 0x1a44b9f2, nonce: 2504433986 },
  },
  {
    name: '839,900 (rolled version bits)',
    hash: '000000000000000000023dfafae2b6e6b5ecf9d1365fafa075dec49625721f37',
    prevHash: '000000000000000000015d7eee767c24abd355f70fb382d2ef47398610439ba3',
    merkleRoot: '088083f58ddef995494fec492880da49e3463cc73dee1306dbdf6cf3af77454c',
    fields: { version: 714498048, ntime: 1713511391, nbits: 386089497, nonce: 3529540887 },
  },
];

function headerOf(block: (typeof BLOCKS)[number]) {
  const hashes = { prevHash: fromDisplayHash(block.prevHash), merkleRoot: fromDisplayHash(block.merkleRoot) };
  return { ...block.fields, ...hashes };
}

describe.each(BLOCKS)('mainnet block $name', (block) => {
  const header = headerOf(block);
  test('its header hashes to its id and meets its own target', () => {
    const hash = hashHeader(encodeHeader(header));
    expect(displayHash(hash)).toBe(block.hash);
    expect(meetsTarget(hash, targetFromNbits(header.nbits))).toBe(true);
  });
  test('its header survives encode and decode', () => {
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
  });
  test('its solution is found by patching a standard job in place', () => {
    const job = encodeHeader({ ...header, version: 0, ntime: 0, nonce: 0 });
    const out = new Uint8Array(32);
    expect(hashStandardShare(job, header.version, header.ntime, header.nonce, out)).toBe(out);
    expect(displayHash(out)).toBe(block.hash);
  });
});

test('refuses a header that is not 80 bytes', () => {
  expect(() => hashHeader(new Uint8Array(79))).toThrow('80 bytes, not 79');
  expect(() => decodeHeader(new Uint8Array(81))).toThrow('80 bytes, not 81');
});

describe('merkle trees (§5.3.16)', () => {
  test.each([
    {
      name: 'block 170: two transactions',
      txids: [
        'b1fea52486ce0c62bb442b530a3f0132b826c74e473d1f2c220bfa78111c5082',
        'f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16',
      ],
      root: '7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff',
    },
    {
      name: 'block 100,000: four transactions',
      txids: [
        '8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87',
        'fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4',
        '6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4',
        'e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d',
      ],
      root: 'f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766',
    },
  ])('$name', ({ txids, root }) => {
    const [coinbase, ...others] = txids.map(fromDisplayHash);
    if (coinbase === undefined) throw new Error('no coinbase');
    expect(displayHash(merkleRoot(coinbase, merklePathOf(others)))).toBe(root);
  });

  test('the root is the coinbase txid when there is nothing else', () => {
    const txid = sha256d(new Uint8Array(3));
    expect(merklePathOf([])).toEqual([]);
    expect(merkleRoot(txid, [])).toEqual(txid);
  });

  test('folding the path gives the root of the whole tree, for any number of transactions', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 70 }), ([coinbase, ...others]) => {
        if (coinbase === undefined) throw new Error('no coinbase');
        expect(merkleRoot(coinbase, merklePathOf(others))).toEqual(wholeTree([coinbase, ...others]));
      }),
    );
  });
});

/** The root as consensus defines it: pair level by level, the last hash of an odd level with itself. */
function wholeTree(row: readonly Uint8Array[]): Uint8Array {
  const [first] = row;
  if (first === undefined) throw new Error('an empty tree');
  if (row.length === 1) return first;
  const next: Uint8Array[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const left = row[i] ?? first;
    next.push(sha256d(Uint8Array.of(...left, ...(row[i + 1] ?? left))));
  }
  return wholeTree(next);
}

describe('ExtendedShareHasher (§5.3.16)', () => {
  const header = encodeHeader(headerOf(BLOCK_100000));
  const job = {
    header,
    coinbasePrefix: new Uint8Array(70).fill(1),
    coinbaseSuffix: new Uint8Array(90).fill(2),
    extranonceSize: 12,
    merklePath: [sha256d(Uint8Array.of(1)), sha256d(Uint8Array.of(2))],
  };
  test('hashes what coinbase, path and header hash to step by step', () => {
    const prefix = new Uint8Array(4).fill(3);
    const extranonce = new Uint8Array(8).fill(4);
    const coinbase = Uint8Array.of(...job.coinbasePrefix, ...prefix, ...extranonce, ...job.coinbaseSuffix);
    const root = merkleRoot(sha256d(coinbase), job.merklePath);
    const fields = { version: 0x20000000, ntime: 1293623900, nonce: 77 };
    const expected = hashHeader(encodeHeader({ ...decodeHeader(header), ...fields, merkleRoot: root }));
    const hasher = new ExtendedShareHasher(job);
    expect(hasher.hash(prefix, extranonce, fields.version, fields.ntime, fields.nonce, new Uint8Array(32))).toEqual(
      expected,
    );
  });
  test('refuses an extranonce that does not fill the job', () => {
    const hasher = new ExtendedShareHasher(job);
    const hash = () => hasher.hash(new Uint8Array(4), new Uint8Array(7), 0, 0, 0, new Uint8Array(32));
    expect(hash).toThrow('12 bytes');
  });
});
