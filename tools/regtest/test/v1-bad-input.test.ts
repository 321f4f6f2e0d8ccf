// V1 peers that break rules, at a translator that serves others: each is told or cut off, and nobody else notices.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, RawPeer, TestV1Miner, type V1Line } from '../src/index.ts';
import { type Line, mineOn, openSite, type Site, startLine } from './translating.ts';

const SECOND = 1000;

let site: Site;
let line: Line;
let bystander: TestV1Miner;
beforeAll(async () => {
  site = await openSite();
  line = await startLine(site);
  bystander = await line.miner({ username: 'alice.bystander' });
});
afterAll(() => site?.[Symbol.asyncDispose]());

const open = (username = 'alice.bad'): Promise<TestV1Miner> =>
  TestV1Miner.open({ port: line.translator.service.address.port, username });
const unnoticed = async (): Promise<void> => {
  expect(bystander.lines.open).toBe(true);
  expect(await bystander.mine({ wanted: 'share' })).toBe('accepted');
};
const error = (code: number) => expect.objectContaining({ error: expect.arrayContaining([code]) });

describe('what is wrong and harmless is answered, and its miner served', () => {
  test.each<{ name: string; text: string; hears: unknown }>([
    { name: 'a line that is no JSON', text: 'hello?\n', hears: error(20) },
    { name: 'a method that nobody knows', text: '{"id":9,"method":"mining.nonsense","params":[]}\n', hears: error(20) },
    {
      name: 'params that are an object',
      text: '{"id":9,"method":"mining.subscribe","params":{"a":1}}\n',
      hears: expect.anything(),
    },
    {
      name: 'a share before anything else',
      text: '{"id":9,"method":"mining.submit","params":["a","1","00000000","00000000","00000000"]}\n',
      hears: error(25),
    },
  ])('$name', async ({ text, hears }) => {
    await using miner = await open();
    miner.lines.write(text);
    expect(await miner.lines.heard.first('an answer', () => true)).toEqual(hears);
    await miner.start();
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    await unnoticed();
  });

  test.each<{ name: string; wrong: (params: readonly string[]) => readonly unknown[]; code: number }>([
    { name: 'another job', wrong: ([user, , ...rest]) => [user, 'ffffffff', ...rest], code: 21 },
    { name: 'another user', wrong: ([, ...rest]) => ['mallory', ...rest], code: 24 },
    {
      name: 'an extranonce2 that is too long',
      wrong: ([user, job, , ...rest]) => [user, job, '00'.repeat(9), ...rest],
      code: 20,
    },
    { name: 'numbers that are none', wrong: ([user, job, en2, ntime]) => [user, job, en2, ntime, 'xyz'], code: 20 },
    { name: 'half of its parameters', wrong: ([user, job]) => [user, job], code: 20 },
  ])('a share with $name', async ({ wrong, code }) => {
    await using miner = await open();
    await miner.start();
    const { jobId, extranonce2, ntime, nonce } = await miner.solve({ wanted: 'share' });
    const hex = (value: number): string => value.toString(16).padStart(8, '0');
    const params = [miner.username, jobId, Buffer.from(extranonce2).toString('hex'), hex(ntime), hex(nonce)];
    expect(await miner.request('mining.submit', wrong(params))).toEqual(error(code));
    expect(await miner.mine({ wanted: 'share' })).toBe('accepted');
    await unnoticed();
  });

  test.each([
    { name: 'before its job', ntime: (job: number) => job - 7_200 },
    { name: 'far ahead', ntime: (job: number) => job + 8_000 },
  ])('a share with an ntime $name', async ({ ntime }) => {
    await using miner = await open();
    await miner.start();
    const job = await miner.job();
    expect(await miner.mine({ job, ntime: ntime(job.ntime), wanted: 'share' })).toMatchObject({ code: 20 });
    expect(await miner.mine({ job, ntime: job.ntime + 60, wanted: 'share' })).toBe('accepted');
    await unnoticed();
  });

  test('a share that comes twice, in another spelling', async () => {
    await using miner = await open();
    await miner.start();
    const share = await miner.solve({ wanted: 'share' });
    expect(await miner.submit(share)).toBe('accepted');
    expect(await miner.submit(share)).toMatchObject({ code: 22 });
    const { jobId, extranonce2, ntime, nonce, versionBits = 0 } = share;
    const hex = (value: number): string => value.toString(16).padStart(8, '0').toUpperCase();
    const params = [
      miner.username,
      jobId,
      Buffer.from(extranonce2).toString('hex').toUpperCase(),
      hex(ntime),
      hex(nonce),
      hex(versionBits),
    ];
    expect(await miner.request('mining.submit', params)).toEqual(error(22));
  });
});

const nest = (depth: number): string =>
  `{"id":1,"method":"mining.subscribe","params":${'['.repeat(depth)}${']'.repeat(depth)}}\n`;

describe('what no miner would say ends its connection alone', () => {
  test.each<{ name: string; bytes: string | Uint8Array }>([
    { name: 'nonsense, line after line', bytes: 'hello?\n'.repeat(200) },
    { name: 'a line of a megabyte', bytes: 'x'.repeat(1024 * 1024) },
    { name: 'brackets within brackets', bytes: nest(5000).repeat(20) },
    {
      name: 'a request of a web browser',
      bytes:
        'GET / HTTP/1.1\r\nHost: pool\r\nAccept: */*\r\nUser-Agent: x\r\nAccept-Language: en\r\nConnection: close\r\nCache-Control: no-cache\r\nPragma: no-cache\r\nDNT: 1\r\nA: b\r\nC: d\r\nE: f\r\n\r\n',
    },
    { name: 'zeros', bytes: new Uint8Array(1024 * 1024) },
  ])('$name', async ({ bytes }) => {
    using peer = await RawPeer.plain(line.translator.service.address.port);
    peer.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    await peer.ended();
    await unnoticed();
  });

  test.each<{ name: string; text: string }>([
    { name: 'nothing at all', text: '' },
    { name: 'half a line', text: '{"id":1,"method":"mining.subs' },
    {
      name: 'ten thousand configures and no name',
      text: '{"id":1,"method":"mining.configure","params":[["info"],{}]}\n'.repeat(10_000),
    },
    { name: 'a subscription and no name', text: '{"id":1,"method":"mining.subscribe","params":[]}\n' },
  ])('$name, for too long', async ({ text }) => {
    using peer = await RawPeer.plain(line.translator.service.address.port);
    peer.write(Buffer.from(text));
    await site.lab.clock.until(5 * SECOND, peer.ended());
    await unnoticed();
  });

  test('a byte at a time does not keep it', async () => {
    using peer = await RawPeer.plain(line.translator.service.address.port);
    let over = false;
    const ended = peer.ended().finally(() => {
      over = true;
    });
    const dripping = eventually('the end', () => {
      peer.write(Buffer.from(' '));
      return over || undefined;
    });
    await site.lab.clock.until(SECOND, ended);
    await dripping;
    await unnoticed();
  });

  test('a flood of bad shares', async () => {
    await using miner = await open();
    await miner.start();
    await miner.job();
    const flood: V1Line = {
      id: 1,
      method: 'mining.submit',
      params: [miner.username, 'x', '00000000', '00000000', '00000000'],
    };
    for (let count = 0; count < 5_000; count += 1) miner.lines.send(flood);
    await miner.ended();
    await unnoticed();
  });

  test('who never reads what it is told is let go before it costs much', async () => {
    await using miner = await open();
    await miner.start();
    miner.lines.pause();
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 200_000 && miner.lines.open; count += 1) {
      miner.lines.send({ id: 1, method: 'mining.extranonce.subscribe', params: [] });
    }
    await unnoticed();
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });
});

test('after all that the bystander finds a block', async () => {
  await mineOn(site, bystander);
});
