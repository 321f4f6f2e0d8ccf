// How V1 miners come in: plainly, over TLS, through a load balancer.
import { writeFile } from 'node:fs/promises';
import { freePorts } from '@sv2kit/bitcoind';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, RawPeer, selfSigned, TestV1Miner } from '../src/index.ts';
import { mineOn, openSite, type Site, startLine } from './translating.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.[Symbol.asyncDispose]());

test('over TLS and plainly at the same time; a new certificate is shown from the next connection on', async () => {
  const { lab } = site;
  const [tlsPort = 0] = await freePorts(1);
  const certFile = `${lab.folder}/miners.pem`;
  const keyFile = `${lab.folder}/miners.key`;
  const show = async (name: string): Promise<string> => {
    const { cert, key } = selfSigned(name);
    await writeFile(certFile, cert);
    await writeFile(keyFile, key);
    return cert;
  };
  const first = await show('first');
  await using line = await startLine(site, { tls: { port: tlsPort, certFile, keyFile } });
  await using plain = await line.miner({ username: 'alice.plain' });
  await using secure = await TestV1Miner.connect({ port: tlsPort, ca: first, username: 'alice.secure' });
  await mineOn(site, secure);
  await mineOn(site, plain);

  const second = await show('second');
  const shown = eventually('the second certificate', () =>
    TestV1Miner.connect({ port: tlsPort, ca: second, username: 'alice.later' }).catch(() => undefined),
  );
  await using later = await lab.clock.until(1000, shown);
  expect(await later.mine({ wanted: 'share' })).toBe('accepted');
  expect(await secure.mine({ wanted: 'share' })).toBe('accepted');
});

test('through a load balancer: the limit for an address is for the one in its PROXY header (PROXY protocol 2.2)', async () => {
  const more = '[limits]\nconnections_per_address = 2\nexempt = []';
  await using line = await startLine(site, { proxyProtocol: ['127.0.0.0/8'], more });
  const { port } = line.translator.service.address;
  const from = (address: string) => line.miner({ proxied: { address, port: 4444 } });
  const devices = await Promise.all([from('192.0.2.1'), from('192.0.2.1'), from('192.0.2.2'), from('192.0.2.2')]);
  await expect(from('192.0.2.1')).rejects.toThrow(/cut off|ended/);
  for (const device of devices) expect(await device.mine({ wanted: 'share' })).toBe('accepted');

  // A header is a must from there.
  using stranger = await RawPeer.plain(port);
  stranger.write(Buffer.from('{"id":1,"method":"mining.subscribe","params":[]}\n'));
  await stranger.ended();
  using older = await RawPeer.plain(port);
  older.write(Buffer.from('PROXY TCP4 192.0.2.9 192.0.2.10 4444 3333\r\n'));
  await older.ended();
  for (const device of devices) expect(await device.mine({ wanted: 'share' })).toBe('accepted');
  await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
});

test('a header from whom we know nothing of is no line of Stratum V1', async () => {
  await using line = await startLine(site);
  await expect(line.miner({ proxied: { address: '192.0.2.1', port: 4444 } })).rejects.toThrow();
  await using miner = await line.miner();
  expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
});
