import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePorts } from '@sv2kit/bitcoind';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandError } from '../../src/command.ts';
import { choosePorts } from '../../src/stack/ports.ts';

let squatter: Server;
let taken = 0;
beforeEach(async () => {
  squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const address = squatter.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  taken = address.port;
});
afterEach(() => {
  squatter.close();
});

test('a port that was asked for and is taken is an error that names it and its holder', async () => {
  const choose = choosePorts({ pool: taken }, [], () => {});
  await expect(choose).rejects.toThrow(CommandError);
  const holder = process.platform === 'linux' ? `process ${process.pid} ` : 'another process';
  await expect(choose).rejects.toThrow(`port ${taken} for the pool is taken by ${holder}`);
});

test('two roles never get one port', async () => {
  const [free = 0] = await freePorts(1);
  await expect(choosePorts({ templateProvider: free, pool: free }, [], () => {})).rejects.toThrow(
    `port ${free} for the pool is taken by another role of this stack`,
  );
});

test('defaults that are taken are replaced by free ports, with a notice each', async () => {
  const notices: string[] = [];
  const roles = ['pool', 'template-provider', 'device-1'];
  const first = await choosePorts({}, roles, (text) => notices.push(text));
  const held = createServer().listen(first.pool, '127.0.0.1');
  await once(held, 'listening');
  const second = await choosePorts({}, roles, (text) => notices.push(text));
  held.close();
  expect(second.pool).not.toBe(first.pool);
  const all = [second.templateProvider, second.pool, ...second.monitoring.values()];
  expect(new Set(all).size).toBe(5);
  expect(notices.some((text) => /^port \d+ is taken by .+: the pool gets \d+$/.test(text))).toBe(true);
});
