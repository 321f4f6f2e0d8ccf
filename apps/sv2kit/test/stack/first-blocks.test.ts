import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IpcLook, mineFirstBlocks } from '../../src/stack/first-blocks.ts';
import { Node } from '../node.ts';

let node: Node;
beforeEach(async () => {
  node = await Node.start();
}, 60_000);
afterEach(() => node[Symbol.asyncDispose]());

/** The node, with a socket that nobody listens on. */
const facts = () => ({
  chain: 'regtest' as const,
  rpcUrl: node.rpcUrl,
  cookieFile: node.cookieFile,
  ipcSocket: join(node.folder, 'no.sock'),
});
const running = new AbortController().signal;
const fail = (): never => {
  throw new Error('nobody is to be told');
};
/** A node that makes templates from a height on. */
const from =
  (height: number): IpcLook =>
  async () =>
    Number(await node.call('getblockcount')) < height ? { reason: 'bad-cb-length', isSpoken: true } : undefined;

test('the first 16 blocks of a chain are mined by RPC where a node makes no templates for them, once', async () => {
  let told = 0;
  const mine = () => mineFirstBlocks(facts(), running, () => void (told += 1), from(16));
  expect(await mine()).toBeUndefined();
  expect([await node.call('getblockcount'), told]).toEqual([16, 1]);
  expect(await mine()).toBeUndefined();
  expect([await node.call('getblockcount'), told]).toEqual([16, 1]);
}, 60_000);

test('a node that makes none for the blocks after them either is told, then and at the next start', async () => {
  const mine = () => mineFirstBlocks(facts(), running, () => {}, from(1_000));
  expect([await mine(), await mine()]).toEqual(['bad-cb-length', 'bad-cb-length']);
  expect(await node.call('getblockcount')).toBe(16);
}, 60_000);

test('nothing is mined where that cannot mend it: a node that nobody can speak to over IPC is told at once', async () => {
  expect(await mineFirstBlocks(facts(), running, fail)).toMatch(/no\.sock/);
  expect(await node.call('getblockcount')).toBe(0);
}, 60_000);

test('nothing is mined without IPC, nor by somebody who has stopped it', async () => {
  const { ipcSocket: _, ...alone } = facts();
  await mineFirstBlocks(alone, running, fail);
  await mineFirstBlocks(facts(), AbortSignal.abort(), fail);
  expect(await node.call('getblockcount')).toBe(0);
}, 60_000);
