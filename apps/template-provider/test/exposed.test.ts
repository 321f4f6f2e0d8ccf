import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSecretFile } from '@sv2kit/daemon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RunningProvider } from './regtest.ts';
import { SMALL, TestClient } from './test-client.ts';

let folder: string;
let running: RunningProvider | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-tp-'));
  writeSecretFile(join(folder, 'authority.key'), 'authority-secret', randomBytes(32), []);
});
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A template provider whose node is not there: who may connect does not depend on it. */
async function providing(...lines: readonly string[]): Promise<RunningProvider> {
  const toml = [
    'listen = "127.0.0.1:0"',
    'chain = "regtest"',
    `data_dir = "${join(folder, 'data')}"`,
    ...lines,
    '[identity]',
    `authority_secret_file = "${join(folder, 'authority.key')}"`,
    '[[nodes]]',
    `ipc = "${join(folder, 'node.sock')}"`,
  ].join('\n');
  running = await RunningProvider.start(toml);
  return running;
}

const refused = async ({ metrics }: RunningProvider, limit: string) =>
  (await metrics.snapshot())[`sv2_template_provider_connections_refused_total{limit="${limit}"}`];

describe('a template provider that anybody could reach', () => {
  test('shows the authority that clients are configured with (§4)', async () => {
    const provider = await providing();
    await using client = await provider.connect();
    client.send(client.templates.constraints(SMALL));
    client.send(client.templates.requestTransactionData(1n));
    await client.next('transaction-data-refused');
  });

  test('is not taken for another: a client with another authority key goes away (§4.5)', async () => {
    const { provider } = await providing();
    const other = await providing();
    const authority = new Uint8Array(provider.authorityPublicKey).map((byte, index) =>
      index === 31 ? byte ^ 1 : byte,
    );
    await expect(TestClient.connect({ port: other.provider.address.port, authority })).rejects.toThrow();
    await provider.close();
  });

  test('lets in the addresses of its allow-list alone', async () => {
    const provider = await providing('allow = ["10.0.0.0/8", "192.0.2.7"]');
    await expect(provider.connect()).rejects.toThrow();
    expect(await refused(provider, 'not-allowed')).toBe(1);
    expect(provider.provider.status?.()).toMatchObject({ refusedConnections: { 'not-allowed': 1 } });
  });

  test('has as many connections as it may, of an address and in all', async () => {
    const provider = await providing('limits = { connections = 3, connections_per_address = 2, exempt = [] }');
    const clients = [await provider.connect(), await provider.connect()];
    await expect(provider.connect()).rejects.toThrow();
    expect(await refused(provider, 'connections-per-address')).toBe(1);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test('shakes hands with one address no oftener than a client has to', async () => {
    const provider = await providing('limits = { exempt = [] }');
    const sockets = Array.from({ length: 100 }, () => connect(provider.provider.address.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {}).on('close', () => {});
    while ((await refused(provider, 'accept-rate-per-address')) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const socket of sockets) socket.destroy();
  });

  test('says who its node is, and what it waits for, while that is away', async () => {
    const provider = await providing();
    while ((await provider.condition(/^node /, false)) === 'no answer from the node yet') {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await provider.condition(/^node /, false)).toContain('node.sock');
    expect(provider.provider.status?.()).toMatchObject({
      phase: 'waiting',
      emptyAhead: false,
      nodes: [{ backEnd: null, takesBlocks: false, heldTemplates: 0, reserves: [] }],
    });
  });
});
