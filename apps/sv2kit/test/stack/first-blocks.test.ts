import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mineFirstBlocks } from '../../src/stack/first-blocks.ts';
import { Node } from '../node.ts';

let node: Node;
beforeEach(async () => {
  node = await Node.start();
}, 60_000);
afterEach(() => node[Symbol.asyncDispose]());

/** The node, with a socket over which it makes no templates. */
const facts = () => ({
  chain: 'regtest' as const,
  rpcUrl: node.rpcUrl,
  cookieFile: node.cookieFile,
  ipcSocket: join(node.folder, 'no.sock'),
});

test('the first 16 blocks of a chain are mined by RPC where a node makes no templates for them, once', async () => {
  let told = 0;
  const mine = () => mineFirstBlocks(facts(), new AbortController().signal, () => void (told += 1));
  expect(await mine()).toMatch(/no\.sock/);
  expect([await node.call('getblockcount'), told]).toEqual([16, 1]);
  expect(await mine()).toBeUndefined();
  expect([await node.call('getblockcount'), told]).toEqual([16, 1]);
}, 60_000);

test('nothing is mined without IPC, nor by somebody who has stopped it', async () => {
  const { ipcSocket: _, ...alone } = facts();
  const fail = (): never => {
    throw new Error('nobody is to be told');
  };
  await mineFirstBlocks(alone, new AbortController().signal, fail);
  await mineFirstBlocks(facts(), AbortSignal.abort(), fail);
  expect(await node.call('getblockcount')).toBe(0);
}, 60_000);
