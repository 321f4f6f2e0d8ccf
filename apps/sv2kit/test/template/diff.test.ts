import { Health, silentLogger, systemClock } from '@sv2kit/daemon';
import { Events, openMonitor } from '@sv2kit/monitor';
import { formatUrl } from '@sv2kit/noise';
import { createTemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, type Result } from '../scene.ts';
import { Node, type Payment } from '../node.ts';
import { ownFolder, quoted, startRole } from '../roles-here.ts';

let mine: Node;
let other: Node;
let both: Payment;
let child: Payment;
let cheap: Payment;
let theirs: Payment;
beforeAll(async () => {
  [mine, other] = await Promise.all([Node.start(), Node.start()]);
  await mine.mine(110);
  await other.copy(mine);
  both = await mine.pay(40_000n);
  await other.take(both);
  child = await mine.pay(9_000n, both);
  cheap = await mine.pay(1_000n);
  theirs = await mine.payment(50_000n);
  await other.take(theirs);
}, 60_000);
afterAll(async () => {
  await Promise.all([mine[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

const diff = (theOther: string, ...argv: string[]): Promise<Result> =>
  call(['template', 'diff', theOther, ...mine.options, ...argv]);

test('two nodes: what only one has, what it pays, and why', async () => {
  const { code, out } = await diff(other.rpcUrl, '--other-cookie', other.cookieFile);
  const tip = String(await mine.call('getbestblockhash'));
  expect(out.replaceAll(/ +/g, ' ')).toBe(
    ` mine theirs
from ${mine.rpcUrl} ${other.rpcUrl}
height 111 111
tip ${tip} the same
transactions 3 2
weight 1,143, 0.0 % of a block 762, 0.0 % of a block
fees 50,000 sat 90,000 sat

By fee
 both ████████████████························ 40.0 % 40,000 sat 1 transaction
 only mine ████···································· 10.0 % 10,000 sat 2 transactions
 only theirs ████████████████████···················· 50.0 % 50,000 sat 1 transaction

Only mine
 ${child.txid} 9,000 sat 94.5 sat/vB not in its mempool
 ${cheap.txid} 1,000 sat 10.5 sat/vB not in its mempool

Only theirs
 ${theirs.txid} 50,000 sat 525 sat/vB not in your mempool

They differ: mine pays 40,000 sat less.
`,
  );
  expect(code).toBe(3);
});

test('as JSON, and from the other side', async () => {
  const { out } = await call([
    ...['template', 'diff', other.rpcUrl, mine.rpcUrl, '--cookie', other.cookieFile],
    ...['--other-cookie', mine.cookieFile, '--json'],
  ]);
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'different',
    mine: { from: other.rpcUrl, chain: 'regtest', height: 111, count: 2, weight: 762, fees: 90_000 },
    other: { count: 3, fees: 50_000 },
    both: { count: 1, weight: 381, fees: 40_000 },
    onlyMine: { count: 1, transactions: [{ txid: theirs.txid, fee: 50_000, weight: 381, note: 'not in its mempool' }] },
    onlyOther: { count: 2, fees: 10_000, transactions: [{ txid: child.txid }, { txid: cheap.txid }] },
  });
});

test('a template provider, whose transactions say no fee: what the own node can tell is reckoned (§7.4)', async () => {
  await using provider = await templateProvider(other);
  const { code, out } = await diff(provider.url, '--json');
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'different',
    other: { from: provider.url, height: 111, count: 2, weight: 762, fees: 90_000 },
    both: { count: 1, fees: 40_000 },
    onlyOther: { fees: 50_000, transactions: [{ txid: theirs.txid, fee: 50_000, note: 'not in your mempool' }] },
  });
  expect(code).toBe(3);
  const mistaken = await diff(provider.url.replace(/\/[^/]*$/, '/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh'));
  expect([mistaken.code, mistaken.error]).toEqual([1, expect.stringContaining('certificate')]);
});

test('the same template ends with 0, another tip with 4', async () => {
  await using provider = await templateProvider(mine);
  expect(await diff(provider.url)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\n\nThe same transactions\.\n$/),
  });
  await other.mine(2);
  const ahead = await diff(other.rpcUrl, '--other-cookie', other.cookieFile);
  const words = 'Another tip: they are 2 blocks ahead, on a block that your node does not know.\n';
  expect([ahead.code, ahead.out]).toEqual([4, expect.stringContaining(words)]);
});

test.each([
  ['stratum2+tcp://nowhere', 2, "bad-url: cannot read 'stratum2+tcp://nowhere'"],
  ['stratum2+tcp://127.0.0.1:9', 1, 'the template provider at stratum2+tcp://127.0.0.1:9: connect ECONNREFUSED'],
  ['nonsense', 2, "'nonsense' is not a node's RPC"],
])('%s cannot be compared with', async (theOther, code, error) => {
  const result = await diff(theOther);
  expect([result.code, result.error]).toEqual([code, expect.stringContaining(error)]);
});

test("a role's monitoring address names no transactions, and it is said so", async () => {
  const health = new Health(systemClock);
  const notAsked = () => Promise.reject(new Error('not asked for'));
  const monitoring = await openMonitor({
    address: { host: '127.0.0.1', port: 0 },
    name: 'pool',
    version: '0.1.0',
    startedAtMs: 0,
    clock: systemClock,
    log: silentLogger,
    events: new Events(),
    api: () => ({}),
    metricsText: notAsked,
    health: () => health.report(),
    status: notAsked,
  });
  const { code, error } = await diff(`http://a:b@127.0.0.1:${monitoring.address.port}`);
  await monitoring.close();
  expect([code, error]).toEqual([
    1,
    expect.stringContaining('The monitoring address of a role names no transactions.'),
  ]);
});

/** One of ours, for a node. */
async function templateProvider(node: Node): Promise<AsyncDisposable & { readonly url: string }> {
  const { dataDir, identity } = ownFolder(node.folder);
  const toml = `listen = "127.0.0.1:0"
chain = "regtest"
${dataDir}
[identity]
${identity}
[[nodes]]
url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}
`;
  const role = await startRole('template-provider', templateProviderConfig, toml, createTemplateProvider);
  const { address, authorityPublicKey } = role.service;
  const url = formatUrl({ ...address, authority: authorityPublicKey });
  return { url, [Symbol.asyncDispose]: () => role[Symbol.asyncDispose]() };
}
