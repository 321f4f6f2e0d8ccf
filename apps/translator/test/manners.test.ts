import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { targetFromDifficulty, meetsTarget } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { selfSigned } from './certificate.ts';
import { EASY, openSite } from './site.ts';
import { startUpstream } from './scripted-upstream.ts';
import { V1Miner } from './v1-miner.ts';

test('several names may be authorised on one connection, and only those', async () => {
  const site = await openSite();
  const miner = await site.miner({ username: 'a.one' });
  expect(await miner.ask('mining.authorize', ['a.two', ''])).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(), 'a.two')).toMatchObject({ result: true });
  expect(await miner.submit(miner.solve(), 'a.three')).toMatchObject({ error: [24, expect.any(String), null] });
});

test('authorize may come before subscribe', async () => {
  const site = await openSite();
  const miner = await V1Miner.connect(site.port);
  expect(await miner.ask('mining.authorize', ['account.rig', 'x'])).toMatchObject({ result: true });
  const { result } = await miner.ask('mining.subscribe', ['test']);
  [, miner.extranonce1, miner.extranonce2Size] = result as [unknown, string, number];
  await miner.until(() => miner.jobs.length > 0);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
  miner.close();
});

test('names: account.worker under an account of the operator, as they are without one', async () => {
  const site = await openSite({ identities: [undefined] });
  await site.miner({ username: 'someone.rig' });
  await site.miner({ username: 'bc1qexample' });
  expect(site.pool.identities).toEqual(['someone.rig', 'bc1qexample']);
  const other = await openSite({ identities: ['alice'] });
  await other.miner({ username: 'someone_rig' });
  await other.miner({ username: '' });
  expect(other.pool.identities).toEqual(['alice.rig', 'alice.miner2']);
});

test("the password's difficulty holds, as a power of two, down to the floor and up to the upstream's", async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -20 }, miners: [] });
  expect((await site.miner({ password: `d=${3 * 2 ** -24}` })).job.difficulty).toBe(2 ** -23);
  expect((await site.miner({ password: 'd=1' })).job.difficulty).toBe(2 ** -20);
  expect((await site.miner({ password: `x,md=${2 ** -22}` })).job.difficulty).toBe(2 ** -22);
});

test('a suggestion is heard at once: the job goes out again with it', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -16, config: { refreshMs: 3_600_000 } } });
  const miner = await site.miner({ password: `d=${2 ** -17}` });
  const next = miner.nextJob();
  expect(await miner.ask('mining.suggest_difficulty', [2 ** -26])).toMatchObject({ result: true });
  await site.pass(5_000);
  expect(await next).toMatchObject({ difficulty: 2 ** -26, clean: false });
  expect(miner.jobs.length).toBe(2);
});

test('a session that comes back goes on with its difficulty', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -16 } });
  const miner = await site.miner({ password: `d=${2 ** -20}` });
  const subscribed = miner.lines.find(({ id, result }) => id === 1 && result !== undefined)?.result as [
    [[string, string]],
  ];
  const session = subscribed[0][0][1];
  miner.close();
  await expect.poll(() => site.status()['connections']).toBe(0);
  const again = await V1Miner.connect(site.port);
  const { result } = await again.ask('mining.subscribe', ['test', session]);
  [, again.extranonce1, again.extranonce2Size] = result as [unknown, string, number];
  await again.ask('mining.authorize', ['account.rig', 'x']);
  await again.until(() => again.jobs.length > 0);
  expect(again.job.difficulty).toBe(2 ** -20);
  expect(again.extranonce1).not.toBe(miner.extranonce1);
  again.close();
});

test('extranonce1 is never the one that another miner has just had', async () => {
  const site = await openSite({ aggregate: true });
  const seen = new Set<string>();
  for (let i = 0; i < 4; i += 1) {
    const miner = await site.miner();
    seen.add(miner.extranonce1);
    miner.close();
    await expect.poll(() => site.status()['connections']).toBe(0);
  }
  expect(seen.size).toBe(4);
});

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

test('one bad share after another: the job goes out again, and in the end the miner is let go', async () => {
  const site = await openSite({ tables: ['[limits]', 'shares_per_second = 1000'] });
  const miner = await site.miner();
  const share = miner.solve();
  await miner.submit(share);
  const next = miner.nextJob();
  for (let i = 0; i < 64; i += 1)
    expect(await miner.submit(share)).toMatchObject({ error: [22, expect.any(String), null] });
  expect(await next).toMatchObject({ clean: false });
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

test('a job that does not pay the operator is not mined on: the upstream is left for the next', async () => {
  const script = '51';
  const stranger = Uint8Array.of(0x52);
  const thief = await startUpstream({
    outputs: [
      { value: 90n, script: stranger },
      { value: 10n, script: Uint8Array.of(0x51) },
    ],
  });
  const honest = await startUpstream({
    outputs: [
      { value: 10n, script: stranger },
      { value: 90n, script: Uint8Array.of(0x51) },
    ],
  });
  const site = await openSite({
    urls: [thief.url, honest.url],
    identities: ['alice', 'bob'],
    tables: ['[payout]', `script = "${script}"`, 'share = 0.9'],
  });
  const miner = await site.miner();
  expect(miner.jobs.length).toBe(1);
  expect(thief.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(honest.of('OpenExtendedMiningChannel').length).toBe(1);
  expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
});

test('a coinbase larger than the firmware holds, or an extranonce2 that it does not take, is told of in the status', async () => {
  const outputs = Array.from({ length: 30 }, (_, i) => ({ value: 1n, script: new Uint8Array(25).fill(i) }));
  const upstream = await startUpstream({ outputs });
  const site = await openSite({ urls: [upstream.url] });
  await site.miner({ agent: 'bmminer/1.0' });
  await site.miner({ agent: 'NerdQAxe/1.0' });
  expect(site.status()['misfits']).toEqual([
    { family: 'antminer', kind: 'coinbase-too-large', size: expect.any(Number), limit: 750 },
  ]);
  await site.miner({ agent: 'braiins-hashpower/1' });
  expect(site.status()['misfits']).toContainEqual({
    family: 'hashpower-market',
    kind: 'extranonce2-size',
    size: 4,
    least: 7,
    most: 16,
  });
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
  const [first, second] = [selfSigned(), selfSigned()];
  write(first, 1_000);
  const site = await openSite({ tables: tls });
  const port = site.translator.tlsAddress?.port ?? 0;
  expect(first.cert).toContain(await shown(port));
  write({ ...second, cert: 'nonsense' }, 2_000);
  await site.pass(2_000);
  expect(first.cert).toContain(await shown(port));
  write(second, 3_000);
  await site.pass(2_000);
  expect(second.cert).toContain(await shown(port));
});

test('behind a load balancer the PROXY header names the miner, and none without it gets in', async () => {
  const site = await openSite({ top: ['proxy_protocol = ["127.0.0.0/8"]'] });
  const socket = connectTcp({ port: site.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const header = '0d0a0d0a000d0a515549540a' + '21' + '11' + '000c' + 'cb007107' + 'c6336401' + 'd431' + '85cf';
  socket.write(Buffer.from(header, 'hex'));
  const miner = V1Miner.over(socket);
  expect(await miner.handshake()).toMatchObject({ result: true });
  expect(site.status()['miners']).toMatchObject([{ address: '203.0.113.7' }]);
  const bare = await V1Miner.connect(site.port);
  void bare.handshake().catch(() => {});
  await bare.ended();
  miner.close();
});

test('the difficulty follows the share rate, and no share is refused on the way', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -22 }, miners: ['shares_per_minute = 600'] });
  const miner = await site.miner();
  let refused = 0;
  // Fifty shares a second where ten are wanted.
  for (let i = 0; i < 100; i += 1) {
    const share = miner.solve();
    const { result } = await miner.submit(share);
    if (result !== true) refused += 1;
    await site.pass(20, 20);
  }
  expect(refused).toBe(0);
  expect(miner.job.difficulty).toBeGreaterThan(EASY);
  expect(Number.isInteger(Math.log2(miner.job.difficulty))).toBe(true);
});

test('what is below the upstream target is answered with yes and goes no further', async () => {
  const site = await openSite({ pool: { difficulty: 2 ** -20 } });
  const miner = await site.miner();
  const upstream = targetFromDifficulty(2 ** -20);
  for (let i = 0; i < 4; i += 1) {
    expect(await miner.submit(miner.solve(miner.job, (hash) => !meetsTarget(hash, upstream)))).toMatchObject({
      result: true,
    });
  }
  expect(await miner.submit(miner.solve(miner.job, (hash) => meetsTarget(hash, upstream)))).toMatchObject({
    result: true,
  });
  await expect.poll(() => site.pool.shares.length).toBe(1);
  expect(site.status()).toMatchObject({
    shares: { accepted: 5 },
    upstreamShares: { forwarded: 1, accepted: 1, lost: 0, rejected: 0 },
  });
});
