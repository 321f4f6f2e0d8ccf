import { X509Certificate } from 'node:crypto';
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { selfSigned } from '../../../packages/net/test/certificates.ts';
import { openSite } from './site.ts';
import { V1Miner } from './v1-miner.ts';

test('shares beyond the limit end a connection, others do not notice', async () => {
  const site = await openSite({ tables: ['[limits]', 'shares_per_second = 3'] });
  const [flood, other] = [await site.miner(), await site.miner()];
  const share = flood.solve();
  for (let i = 0; i < 40; i += 1) void flood.submit(share).catch(() => {});
  await flood.ended();
  expect(await other.submit(other.solve())).toMatchObject({ result: true });
});

test('bytes beyond all reason end a connection', async () => {
  const site = await openSite({ tables: ['[limits]', 'shares_per_second = 1'] });
  const miner = await site.miner();
  const ping = `${JSON.stringify({ id: 1, method: 'mining.ping', params: ['x'.repeat(10_000)] })}\n`;
  for (let i = 0; i < 120 && !miner.closed; i += 1) {
    miner.socket.write(ping);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await miner.ended();
});

test('one bad share after another: new work, and in the end the miner is told to reconnect and let go', async () => {
  const tables = ['[limits]', 'shares_per_second = 1000', '[bad_shares]', 'stale_grace = 0'];
  const site = await openSite({ tables });
  const miner = await site.miner();
  const share = miner.solve();
  await miner.submit(share);
  const next = miner.nextJob();
  for (let i = 0; i < 64; i += 1)
    expect(await miner.submit(share)).toMatchObject({ error: [22, expect.any(String), null] });
  expect(await next).toMatchObject({ clean: true });
  for (let i = 0; i < 1_000; i += 1) void miner.submit(share).catch(() => {});
  await miner.ended();
  await expect
    .poll(
      async () => (await site.metrics.snapshot())['sv2_translator_connections_closed_total{reason="too-many-refused"}'],
    )
    .toBe(1);
});

test('a connection that never asks to be authorised is ended', async () => {
  const site = await openSite();
  const silent = await V1Miner.connect(site.port);
  const talker = await V1Miner.connect(site.port);
  await talker.ask('mining.subscribe', ['x']);
  await site.pass(12_000);
  await Promise.all([silent.ended(), talker.ended()]);
});

test('a line without an end, and lines that are no messages, end their connection only', async () => {
  const site = await openSite();
  const miner = await site.miner();
  const endless = await V1Miner.connect(site.port);
  endless.socket.write('x'.repeat(20_000));
  await endless.ended();
  const noise = await V1Miner.connect(site.port);
  noise.socket.write('{"id":\n[[\nhello\nworld\n');
  await noise.ended();
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('the same miners over TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-translator-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = selfSigned();
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key);
  const site = await openSite({
    tables: ['[tls]', 'listen = "127.0.0.1:0"', `cert_file = "${cert}"`, `key_file = "${key}"`],
  });
  const port = site.translator.tlsAddress?.port ?? 0;
  const socket = connectTls({ port, host: '127.0.0.1', ca: made.cert, checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  const miner = V1Miner.over(socket);
  expect(await miner.handshake()).toMatchObject({ result: true });
  await miner.until(() => miner.jobs.length > 0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  expect(site.status()['miners']).toMatchObject([{ encrypted: true }]);
  const plain = await site.miner();
  expect(await plain.submit(plain.solve())).toMatchObject({ result: true });
  miner.close();
});

test('a certificate that changes is used from then on; one that cannot be read is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-translator-'));
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const tls = ['[tls]', 'listen = "127.0.0.1:0"', `cert_file = "${files.cert}"`, `key_file = "${files.key}"`];
  await expect(openSite({ tables: tls })).rejects.toThrow(/^tls: the certificate and its key cannot be used: ENOENT/);
  const write = ({ cert, key }: { cert: string; key: string }, time: number): void => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    for (const file of Object.values(files)) utimesSync(file, time, time);
  };
  const shown = async (port: number): Promise<string> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return raw.toString('base64');
  };
  const rawOf = ({ cert }: { cert: string }): string => new X509Certificate(cert).raw.toString('base64');
  const [first, second] = [selfSigned(), selfSigned()];
  write(first, 1_000);
  const site = await openSite({ tables: tls });
  const port = site.translator.tlsAddress?.port ?? 0;
  expect(await shown(port)).toBe(rawOf(first));
  write({ ...second, cert: 'nonsense' }, 2_000);
  await site.pass(2_000);
  expect(await shown(port)).toBe(rawOf(first));
  write(second, 3_000);
  await site.pass(2_000);
  expect(await shown(port)).toBe(rawOf(second));
});

test('behind a load balancer the PROXY header names the miner, and none without it gets in', async () => {
  const site = await openSite({ top: ['proxy_protocol = ["127.0.0.0/8"]'] });
  const socket = connectTcp({ port: site.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const header = '0d0a0d0a000d0a515549540a' + '21' + '11' + '000c' + 'cb007107' + 'c6336401' + 'd431' + '85cf';
  socket.write(Buffer.from(header, 'hex'));
  const miner = V1Miner.over(socket);
  expect(await miner.handshake()).toMatchObject({ result: true });
  expect(site.status()['miners']).toMatchObject([{ remote: '203.0.113.7' }]);
  const bare = await V1Miner.connect(site.port);
  void bare.handshake().catch(() => {});
  await bare.ended();
  miner.close();
});

test('a share that cannot be read is told from one of a miner that is not authorised', async () => {
  const site = await openSite();
  const miner = await site.miner();
  const stranger = await V1Miner.connect(site.port);
  expect(await stranger.ask('mining.submit', ['x', '1', '00000000', '00000000', '00000000'])).toMatchObject({
    error: [25, 'Not subscribed', null],
  });
  expect(await miner.ask('mining.submit', [miner.username, 5])).toMatchObject({ error: [20, 'Invalid job id', null] });
  expect(site.status()['shares']).toMatchObject({ refusedBy: { 'not-authorised': 1, malformed: 1 } });
  stranger.close();
});

test('who comes and goes, or was ended, is in the status with the reason and how often', async () => {
  const site = await openSite();
  for (let i = 0; i < 3; i += 1) {
    const noise = await V1Miner.connect(site.port);
    noise.socket.write('{"id":\n[[\nhello\nworld\n');
    await noise.ended();
  }
  const miner = await site.miner({ username: 'account.rig' });
  await miner.submit(miner.solve());
  miner.close();
  const departed = () => site.status<{ departed: unknown[] }>().departed;
  await expect.poll(() => departed().length).toBe(2);
  expect(departed()).toMatchObject([
    { name: 'account.rig', remote: '127.0.0.1', reason: 'peer-closed', count: 1, accepted: 1 },
    { name: '', remote: '127.0.0.1', reason: 'too-many-malformed-lines', count: 3, accepted: 0 },
  ]);
});
