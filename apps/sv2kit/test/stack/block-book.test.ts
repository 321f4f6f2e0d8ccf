import { expect, test } from 'vitest';
import { awaitedWays, BlockBook, enough } from '../../src/stack/block-book.ts';
import type { FoundBlock } from '../../src/stack/status.ts';
import { block } from './support.ts';

class FakeChain {
  hashes: string[] = [];
  asked: number[] = [];

  get height(): number {
    return this.hashes.length - 1;
  }

  hashAt(height: number): Promise<string | undefined> {
    this.asked.push(height);
    return Promise.resolve(this.hashes[height]);
  }
}

const found = (height: number, hash: string, device = 'device-1'): FoundBlock => ({
  height,
  hash,
  path: 'pool-template',
  via: 'sv2-extended',
  userIdentity: `stack.${device}`,
});

test('a block counts once the best chain holds it, and is told once', async () => {
  const chain = new FakeChain();
  const book = new BlockBook([chain]);
  chain.hashes = ['genesis'];
  expect(await book.update([found(1, 'a')])).toEqual([]);
  chain.hashes = ['genesis', 'a'];
  const expected = { height: 1, hash: 'a', path: 'pool-template', via: 'sv2-extended', device: 'device-1' };
  expect(await book.update([found(1, 'a')])).toEqual([expected]);
  expect(await book.update([found(1, 'a')])).toEqual([]);
  expect(book.confirmed).toEqual([expected]);
});

test('a block that a reorganisation took away does not count any more', async () => {
  const chain = new FakeChain();
  const book = new BlockBook([chain]);
  chain.hashes = ['genesis', 'a', 'b'];
  await book.update([found(2, 'b', 'device-2'), found(1, 'a')]);
  expect(book.confirmed.map(({ hash, device }) => [hash, device])).toEqual([
    ['a', 'device-1'],
    ['b', 'device-2'],
  ]);
  chain.hashes = ['genesis', 'a', 'c', 'd'];
  await book.update([found(2, 'b')]);
  expect(book.confirmed.map(({ hash }) => hash)).toEqual(['a']);
});

test('deep blocks are not asked about again until the last word', async () => {
  const chain = new FakeChain();
  const book = new BlockBook([chain]);
  chain.hashes = Array.from({ length: 20 }, (_, height) => `h${height}`);
  await book.update([found(2, 'h2'), found(19, 'h19')]);
  chain.asked = [];
  await book.update([]);
  expect(chain.asked).toEqual([19]);
  chain.hashes[2] = 'other';
  await book.verifyAll();
  expect(book.confirmed.map(({ hash }) => hash)).toEqual(['h19']);
});

test.each([
  { name: 'too few', vias: 'sss', wanted: 4, ways: 's', expected: undefined },
  { name: 'as many as wanted', vias: 'sesesss', wanted: 5, ways: 'se', expected: 5 },
  { name: 'one kind is missing', vias: 'sssss', wanted: 5, ways: 'se', expected: undefined },
  { name: 'the missing kind came late', vias: 'ssssssees', wanted: 5, ways: 'se', expected: 7 },
  { name: 'one kind is all there is', vias: 'ssssss', wanted: 5, ways: 's', expected: 5 },
  { name: 'fewer are wanted than there are kinds', vias: 'ss', wanted: 1, ways: 'se', expected: 1 },
  { name: 'one path is missing', vias: 'sesess', wanted: 5, ways: 'sed', expected: undefined },
  { name: 'the missing path came late', vias: 'sesessd', wanted: 5, ways: 'sed', expected: 7 },
])('blocks are enough when there are $wanted with one of each kind in use: $name', (row) => {
  const via = (letter: string): string => (letter === 'e' ? 'sv2-extended' : 'sv2-standard');
  const path = (letter: string): string => (letter === 'd' ? 'declared-full-template' : 'pool-template');
  const blocks = row.vias.split('').map((letter, height) => block(height, { via: via(letter), path: path(letter) }));
  const ways = row.ways.split('');
  const inUse = { vias: new Set(ways.map(via)), paths: new Set(ways.map(path)) };
  expect(enough(blocks, row.wanted, inUse)?.length).toBe(row.expected);
});

test('what keeps as many blocks as wanted from being enough is named', () => {
  const ways = { vias: new Set(['sv2-standard', 'sv2-extended']), paths: new Set(['pool-template', 'solo']) };
  const blocks = [block(1), block(2), block(3)];
  expect(awaitedWays(blocks, 3, ways)).toEqual(['solo', 'sv2-extended']);
  expect(awaitedWays(blocks, 4, ways)).toEqual([]);
  expect(awaitedWays([block(1)], 1, ways)).toEqual([]);
  expect(awaitedWays([...blocks, block(4, { via: 'sv2-extended', path: 'solo' })], 3, ways)).toEqual([]);
});

test('a block counts once every node holds it, and is told as the first who knows it has it', async () => {
  const chains = [new FakeChain(), new FakeChain()] as const;
  const book = new BlockBook(chains);
  const relayed = found(1, 'a', 'jd-client');
  const declared = { ...found(1, 'a', 'device-3'), path: 'declared-full-template', via: 'sv2-standard' };
  for (const chain of chains) chain.hashes = ['genesis'];
  chains[0].hashes = ['genesis', 'a'];
  expect(await book.update([relayed])).toEqual([]);
  chains[1].hashes = ['genesis', 'a'];
  const { userIdentity: _, ...block } = { ...declared, device: 'device-3' };
  expect(await book.update([declared, relayed])).toEqual([block]);
  expect(await book.update([relayed])).toEqual([]);
  expect(book.confirmed).toEqual([block]);
});

test('a block that came through a translator is told as its device is connected, which nobody behind it sees', async () => {
  const chain = new FakeChain();
  const book = new BlockBook([chain], new Map([['device-4', 'sv1']]));
  chain.hashes = ['genesis', 'a', 'b'];
  const told = await book.update([found(1, 'a', 'device-4'), found(2, 'b', 'device-2')]);
  expect(told.map(({ device, via }) => `${device} ${via}`)).toEqual(['device-4 sv1', 'device-2 sv2-extended']);
});

test('a stranger’s name cannot steer the terminal that shows it', async () => {
  const chain = new FakeChain();
  const book = new BlockBook([chain]);
  chain.hashes = ['genesis', 'a'];
  const userIdentity = '\u001B[2Jred\n\u009B31m\u202E';
  const [told] = await book.update([{ ...found(1, 'a'), userIdentity }]);
  expect(told?.device).toBe('?[2Jred??31m?');
});
