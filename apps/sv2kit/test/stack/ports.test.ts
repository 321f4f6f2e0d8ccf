import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePorts } from '@sv2kit/bitcoind';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandError } from '../../src/command.ts';
import { PortClaims } from '../../src/stack/port-claims.ts';
import { choosePorts } from '../../src/stack/ports.ts';

const SERVICES = [
  { name: 'template-provider', words: 'the template provider', port: 8442 },
  { name: 'pool', words: 'the pool', port: 3336 },
];

const claims = new PortClaims();
let squatter: Server;
let taken = 0;
beforeEach(async () => {
  squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const address = squatter.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  taken = address.port;
});
afterEach(async () => {
  squatter.close();
  await claims[Symbol.asyncDispose]();
});

test('a port that was asked for and is taken is an error that names it and its holder', async () => {
  const choose = choosePorts({ services: new Map([['pool', taken]]) }, SERVICES, [], () => {}, claims);
  await expect(choose).rejects.toThrow(CommandError);
  const holder = process.platform === 'linux' ? `process ${process.pid} ` : 'another process or stack';
  await expect(choose).rejects.toThrow(`port ${taken} for the pool is taken by ${holder}`);
});

test('two roles never get one port', async () => {
  const [free = 0] = await freePorts(1);
  const services = new Map(SERVICES.map(({ name }) => [name, free]));
  await expect(choosePorts({ services }, SERVICES, [], () => {}, claims)).rejects.toThrow(
    `port ${free} for the pool is taken by another role of this stack`,
  );
});

test('defaults that are taken are replaced by free ports, with a notice each', async () => {
  const notices: string[] = [];
  const roles = ['pool', 'template-provider', 'device-1'];
  const nothing = { services: new Map() };
  await using others = new PortClaims();
  const first = await choosePorts(nothing, SERVICES, roles, (text) => notices.push(text), claims);
  const held = createServer().listen(first.services.get('pool'), '127.0.0.1');
  await once(held, 'listening');
  const second = await choosePorts(nothing, SERVICES, roles, (text) => notices.push(text), others);
  held.close();
  expect(second.services.get('pool')).not.toBe(first.services.get('pool'));
  const all = [...second.services.values(), ...second.monitoring.values()];
  expect(new Set(all).size).toBe(5);
  expect(notices.some((text) => /^port \d+ is taken by .+: the pool gets \d+$/.test(text))).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'two stacks that choose before either listens choose different ports',
  async () => {
    const [free = 0] = await freePorts(1);
    const asked = { services: new Map([['pool', free]]) };
    await using others = new PortClaims();
    const ports = await choosePorts(asked, SERVICES, [], () => {}, others);
    expect(ports.services.get('pool')).toBe(free);
    const later = choosePorts(asked, SERVICES, [], () => {}, claims);
    await expect(later).rejects.toThrow(`port ${free} for the pool is taken by another process or stack`);
    await others[Symbol.asyncDispose]();
    await expect(choosePorts(asked, SERVICES, [], () => {}, claims)).resolves.toBeDefined();
  },
);
