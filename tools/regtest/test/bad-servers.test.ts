// What pools and devices make of servers that are not who they say they are.
import { mkdtempSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { mining, templateDistribution } from '@sv2kit/codec';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, Lab, ManInTheMiddle, type RoleHere, TestMiner, within } from '../src/index.ts';

const DAY = 86_400;
const SECOND = 1000;
const now = (): number => Math.floor(Date.now() / 1000);

let lab: Lab;
let provider: RoleHere<TemplateProvider>;
let port: number;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  provider = await lab.templateProvider();
  const pool = await lab.workingPool({ templateProviders: [lab.url(provider)] });
  port = pool.service.address.port;
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Certificates that a client must not take, and how it says so. */
const CERTIFICATES = [
  {
    name: 'another authority has signed',
    identity: () => new Authority(mkdtempSync(`${lab.folder}/other-`)).identity(),
    code: 'certificate-signature',
    words: /signed|authority|signature/,
  },
  {
    name: 'that has expired',
    identity: () => lab.authority.identity({ validFrom: now() - 2 * DAY, notValidAfter: now() - DAY }),
    code: 'certificate-expired',
    words: /expired.*clock|clock.*expired/,
  },
  {
    name: 'that is not valid yet',
    identity: () => lab.authority.identity({ validFrom: now() + DAY, notValidAfter: now() + 2 * DAY }),
    code: 'certificate-not-yet-valid',
    words: /not.*valid.*clock|clock.*valid/,
  },
] as const;

describe.each(CERTIFICATES)('a server with a certificate $name (§4.5.3)', ({ identity, code, words }) => {
  test('is told nothing by a mining client', async () => {
    const upstream = { host: '127.0.0.1', port };
    await using middle = await ManInTheMiddle.listen({ protocol: mining, upstream, identity: identity() });
    const connecting = TestMiner.connect({ port: middle.port, authority: lab.authority.publicKey });
    await expect(connecting).rejects.toMatchObject({ code });
    expect(middle.seen).toEqual([]);
  });

  test('is told nothing by a device, which says why and tries the next one', async () => {
    const upstream = { host: '127.0.0.1', port };
    await using middle = await ManInTheMiddle.listen({ protocol: mining, upstream, identity: identity() });
    await using device = await lab.device({
      channel: 'standard',
      upstreams: [lab.url(middle), lab.url({ port })],
      hashesPerShare: 1e9,
    });
    const refused = await device.log.line('upstream does not serve us');
    expect(refused.fields['reason']).toMatch(words);
    await device.log.line('upstream connected', (fields) => fields['port'] === port);
    expect(middle.seen).toEqual([]);
  });

  test('gives a pool no work, and the pool says so', async () => {
    const upstream = { host: '127.0.0.1', port: provider.service.address.port };
    const protocol = templateDistribution;
    await using middle = await ManInTheMiddle.listen({ protocol, upstream, identity: identity() });
    await using pool = await lab.pool({
      templateProviders: [lab.url(middle)],
      dataDir: `${lab.folder}/${code}`,
    });
    const refused = await pool.log.line('upstream does not serve us');
    expect(refused.fields['reason']).toMatch(words);
    lab.clock.skip(SECOND);
    expect(await pool.condition('templates', false)).toMatch(words);
    const { address, authorityPublicKey: authority } = pool.service;
    const connecting = TestMiner.connect({ port: address.port, authority });
    await expect(connecting).rejects.toMatchObject({
      code: 'setup-refused',
      cause: { details: { errorCode: 'no-work-available' } },
    });
    expect(middle.seen).toEqual([]);
  });
});

describe('a server that does not speak the protocol', () => {
  test.each([
    { name: 'says nothing', says: '', reason: /handshake-timeout/ },
    { name: 'speaks HTTP', says: 'HTTP/1.1 400 Bad Request\r\n'.repeat(20), reason: /data-during-handshake|MAC/ },
  ])('$name: a device goes on to the next', async ({ says, reason }) => {
    await using stack = new AsyncDisposableStack();
    const met = Promise.withResolvers<Socket>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(says);
      stack.defer(() => void socket.destroy());
      met.resolve(socket);
    }).listen(0, '127.0.0.1');
    stack.defer(() => void server.close());
    await once(server, 'listening');
    const silent = lab.url({ port: (server.address() as AddressInfo).port });
    const device = stack.use(
      await lab.device({ channel: 'extended', upstreams: [silent, lab.url({ port })], hashesPerShare: 1e9 }),
    );
    await within('the device at the strange server', met.promise);
    const refused = device.log.line('upstream does not serve us');
    expect((await lab.clock.until(SECOND, refused)).fields['reason']).toMatch(reason);
    await device.log.line('channel opened');
  });
});
