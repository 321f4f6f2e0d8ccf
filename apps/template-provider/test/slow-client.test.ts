import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  CoinbaseOutputConstraints,
  encodeFrame,
  RequestTransactionData,
  SetupConnection,
  templateDistribution,
} from '@sv2kit/codec';
import { afterEach, expect, test } from 'vitest';
import { hashOf, template } from './fake-node.ts';
import { type Harness, serving } from './server-harness.ts';
import { SMALL } from './test-client.ts';

let running: Harness | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});

const FOUR_MEGABYTES = 4_000_000;
const REQUESTS = 10;

/** A block of four megabytes. */
function hugeTemplate({ clock }: Harness) {
  const data = new Uint8Array(FOUR_MEGABYTES);
  const one = { txid: hashOf('a'), wtxid: hashOf('b'), data, fee: 0n, weight: 400, sigops: 0, depends: [] };
  return template(101, clock, { transactions: [one] });
}

/** Connects, asks for work and for a template's transactions over and over, and never reads. */
async function neverReading(port: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.add(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  const { number } = templateDistribution;
  const setup = { protocol: number, minVersion: 2, maxVersion: 2, flags: 0, endpointHost: '', endpointPort: 0 };
  const device = { vendor: '', hardwareVersion: '', firmware: '', deviceId: '' };
  socket.write(encodeFrame(SetupConnection, { type: 'SetupConnection', ...setup, ...device }));
  socket.write(encodeFrame(CoinbaseOutputConstraints, { type: 'CoinbaseOutputConstraints', ...SMALL }));
  const request = encodeFrame(RequestTransactionData, { type: 'RequestTransactionData', templateId: 1n });
  for (let i = 0; i < REQUESTS; i++) socket.write(request);
}

test('a client that never reads costs one answer, gets new tips alone, and is sent away; nobody else notices', async () => {
  const limits = { drainMs: 30_000, writeQueueBytes: 1_048_576 };
  running = await serving({ empty: true, emptyAhead: 'never', minIntervalMs: 0, limits });
  const { server, clock, port, client, ended } = running;
  server.onTemplate(hugeTemplate(running), 'node');
  await neverReading(port);
  const other = await client();
  await other.ask();
  const bytes = () => server.status()['transactionDataBytes'] ?? 0;
  while (bytes() === 0 || (server.status()['transactionDataRequests'] ?? 0) === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(bytes()).toBeLessThan(FOUR_MEGABYTES + 1000);
  for (let height = 102; height < 110; height++) server.onTemplate(template(height, clock), 'node');
  for (let height = 102; height < 110; height++) await other.next('activated');
  expect(server.status()).toMatchObject({ pausedClients: 1 });
  for (let second = 0; second < 40; second++) clock.advance(1000);
  expect(await ended).toBe('slow-reader');
  expect(bytes()).toBe(0);
  server.onTemplate(template(110, clock), 'node');
  await other.next('activated');
});
