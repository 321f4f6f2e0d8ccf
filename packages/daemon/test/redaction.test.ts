import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openLogger, redactAddresses, Secret } from '../src/index.ts';
import { isSecretName, withoutSecrets } from '../src/redaction/secrets.ts';

const SEGWIT = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';
const TAPROOT = 'bcrt1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqvg32hk';
const LEGACY = '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa';
const SCRIPT_HASH = '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy';
const TESTNET = 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn';

describe('the rule for addresses', () => {
  test.each([
    ['a public IPv4 address', '203.0.113.7', '203.0.113.x', '[ip]'],
    ['one with a port', 'connect ECONNREFUSED 203.0.113.7:8333', 'connect ECONNREFUSED 203.0.113.x:8333', undefined],
    ['one in a URL', 'stratum+tcp://203.0.113.7:3333', 'stratum+tcp://203.0.113.x:3333', 'stratum+tcp://[ip]:3333'],
    ['a public IPv6 address', '2001:db8:1:2::7', '2001:db8:1::x', '[ip]'],
    ['one in brackets', '[2001:db8::7]:3333', '[2001:db8::x]:3333', '[[ip]]:3333'],
    ['one before a colon of the sentence', 'at 2001:db8:0:1::7: refused', 'at 2001:db8::x: refused', undefined],
    ['an IPv4 address mapped to IPv6', '::ffff:203.0.113.7', '::ffff:203.0.113.x', '::ffff:[ip]'],
    ['one as URLs have it', 'at [::ffff:cb00:7107]:3333', 'at [::ffff:203.0.113.x]:3333', 'at [::ffff:[ip]]:3333'],
    ['one written out', '0:0:0:0:0:ffff:203.0.113.7', '::ffff:203.0.113.x', '::ffff:[ip]'],
    ['one that is translated', '::ffff:0:203.0.113.7', '::ffff:203.0.113.x', undefined],
    ['one behind a translator', '64:ff9b::203.0.113.7', '64:ff9b::x', '[ip]'],
    ['a segwit address', SEGWIT, 'bc1qar…5mdq', '[payout address]'],
    ['one in capitals', SEGWIT.toUpperCase(), 'BC1QAR…5MDQ', '[payout address]'],
    ['a taproot address of regtest', TAPROOT, 'bcrt1p…32hk', '[payout address]'],
    ['a legacy address', LEGACY, '1A1zP1…ivfNa'.replace('ivfNa', 'vfNa'), '[payout address]'],
    ['a script-hash address', SCRIPT_HASH, '3J98t1…WNLy', '[payout address]'],
    ['a testnet address', TESTNET, 'mipcBb…JRfn', '[payout address]'],
    ['a worker of an address', `${SEGWIT}.rig7`, 'bc1qar…5mdq.rig7', '[payout address].rig7'],
    ['a worker behind an underscore', `${LEGACY}_rig7`, '1A1zP1…vfNa_rig7', '[payout address]_rig7'],
    ['an identity of another kind', `sri/solo/${SEGWIT}/rig7`, 'sri/solo/bc1qar…5mdq/rig7', undefined],
    ['several at once', `${SEGWIT} at 203.0.113.7`, 'bc1qar…5mdq at 203.0.113.x', '[payout address] at [ip]'],
  ])('%s', (_, text, short, hidden) => {
    expect(redactAddresses(text, 'short')).toBe(short);
    if (hidden !== undefined) expect(redactAddresses(text, 'hidden')).toBe(hidden);
    expect(redactAddresses(text, 'full')).toBe(text);
  });

  test.each([
    '127.0.0.1:3333',
    '10.1.2.3',
    '192.168.1.5',
    '172.31.255.255',
    '100.64.0.9',
    '169.254.1.1',
    '0.0.0.0:3333',
    '224.0.0.1',
    '::1',
    '[::]:3333',
    'fe80::1%eth0',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '0:0:0:0:0:0:0:1',
    '12:34:56',
    'aa:bb:cc:dd:ee:ff',
    '999.1.2.3',
    'cgminer/4.11.1',
    'pool.example.org:3336',
    '0000000000000000000171f2e3b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5',
    '9bDuixKmZqAJnrmP746n8zU1wyAQRrus7th9dxnkPg6RzQvCnan',
    'noTemplateProviderForTooLongX',
    'd41d8cd98f00b204e9800998ecf8427e',
    'at Object.<anonymous> (file:///srv/sv2kit/packages/net/src/tls.ts:86:7)',
    '2026-11-23T15:38:03.123Z',
    '',
  ])('leaves %s alone', (text) => {
    expect(redactAddresses(text, 'short')).toBe(text);
    expect(redactAddresses(text, 'hidden')).toBe(text);
  });

  test('no public IPv4 address passes, wherever it stands', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const around = fc.constantFrom('', ' ', '/', '"', "'", '(', ')', ',', '=', ':', '@', '_', '-', '[', ']');
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 99 }), byte, byte, byte, around, around, (a, b, c, d, before, after) => {
        const address = `${a}.${b}.${c}.${d}`;
        expect(redactAddresses(`x${before === '' ? ' ' : before}${address}${after} y`, 'hidden')).not.toContain(
          address,
        );
      }),
    );
  });
});

describe('the rule for secrets', () => {
  test.each([
    ['postgres://ledger:s3cret@db.example.org/ledger', 'postgres://[redacted]@db.example.org/ledger'],
    ['postgres://ledger:p@ss/w@db/ledger failed', 'postgres://[redacted]@db/ledger failed'],
    ['http://__cookie__:0123abcd@127.0.0.1:8332', 'http://[redacted]@127.0.0.1:8332'],
    ['stratum+tcp://user.rig:x@pool:3333', 'stratum+tcp://[redacted]@pool:3333'],
    ['https://token@ntfy.example.org/farm', 'https://[redacted]@ntfy.example.org/farm'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [redacted]'],
    ['sent basic dXNlcjpwYXNz as header', 'sent basic [redacted] as header'],
    [
      'https://api.example.org/bot123456789:AAExampleExampleExampleExample_x-1/sendMessage',
      'https://api.example.org/bot[redacted]/sendMessage',
    ],
    ['GET /x?token=abc&n=1', 'GET /x?token=[redacted]&n=1'],
    ['GET /x?access_token=abc', 'GET /x?access_token=[redacted]'],
    ["host=db password='a b' dbname=l", 'host=db password=[redacted] dbname=l'],
    ['password="cut off in the mid', 'password=[redacted]'],
    ['{"rpcpassword":"a\\"b","n":1}', '{"rpcpassword":"[redacted]","n":1}'],
  ])('%s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  test.each([
    'stratum2+tcp://pool.example.org:3336/9bDuixKmZqAJnrmP746n8zU1wyAQRrus7th9dxnkPg6RzQvCnan',
    'at Module (file:///srv/node_modules/.pnpm/@noble+hashes@2.2.0/node_modules/@noble/hashes/sha2.js:12:3)',
    'basic work',
    'a token that nobody asked for',
    'difficulty=4096',
  ])('leaves %s alone', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  test.each([
    ['password', 'rpcPassword', 'rpc_password', 'botToken', 'TOKEN', 'x-auth-token', 'secretKey', 'authoritySecret'],
    ['cookie', 'Authorization', 'api_key', 'credentials', 'passphrase', 'staticSecret', 'tokens'],
  ])('knows these names: %s …', (...names) => {
    for (const name of names) expect([name, isSecretName(name)]).toEqual([name, true]);
  });

  test.each([['tokenFile', 'cookie_file', 'publicKey', 'authorityKey', 'key', 'secretKind', 'user', 'hash']])(
    'and not these: %s …',
    (...names) => {
      for (const name of names) expect([name, isSecretName(name)]).toEqual([name, false]);
    },
  );
});

class Holder {
  readonly password = 'deep-secret';
  readonly peer = '203.0.113.7';
}

function logged(format: 'json' | 'pretty', write: (log: ReturnType<typeof openLogger>['log']) => void): string {
  const lines: string[] = [];
  const { log } = openLogger({
    name: 'x',
    level: 'debug',
    format,
    destination: { write: (line) => void lines.push(line) },
  });
  write(log);
  return lines.join('');
}

describe.each(['json', 'pretty'] as const)('a %s line', (format) => {
  test.each<[string, Parameters<typeof logged>[1]]>([
    ['a field', (log) => log.info('x', { password: 'deep-secret', peer: '203.0.113.7' })],
    ['a field at any depth', (log) => log.info('x', { a: { b: [{ c: { password: 'deep-secret' } }] } })],
    ['bytes under a secret name', (log) => log.info('x', { secretKey: new TextEncoder().encode('deep-secret') })],
    ['a field of a child logger', (log) => log.child({ token: 'deep-secret', peer: '203.0.113.7' }).warn('x')],
    ['an instance of a class', (log) => log.info('x', { holder: new Holder() })],
    ['a Secret', (log) => log.info('x', { any: new Secret('deep-secret') })],
    ['a URL', (log) => log.info('x', { url: new URL('postgres://u:deep-secret@203.0.113.7/l') })],
    ['an error', (log) => log.error('x', { error: new Error('postgres://u:deep-secret@203.0.113.7/l') })],
    [
      'the cause and the details of an error',
      (log) => {
        const cause = Object.assign(new Error('Bearer deep-secret'), { details: { address: '203.0.113.7' } });
        log.error('x', { error: Object.assign(new Error('outer', { cause }), { token: 'deep-secret' }) });
      },
    ],
    [
      'the errors of an error',
      (log) => log.error('x', { error: new AggregateError([new Error('Bearer deep-secret at 203.0.113.7')], 'all') }),
    ],
    ['the sentence itself', (log) => log.info('postgres://u:deep-secret@203.0.113.7/l')],
    ['what turns itself into JSON for ever', (log) => log.info('x', { endless: endless() })],
  ])('has no secret and no address from %s', (_, write) => {
    const line = logged(format, write);
    expect(line).not.toBe('');
    expect(line).not.toContain('deep-secret');
    expect(line).not.toContain(Buffer.from('deep-secret').toString('hex'));
    expect(line).not.toContain('203.0.113.7');
  });
});

function endless(): object {
  return { toJSON: endless };
}

test.each([
  ['letters', 'a'.repeat(100_000)],
  ['dashes', 'a-'.repeat(50_000)],
  ['colons', 'a:'.repeat(50_000)],
  ['half URLs', 'a://a:'.repeat(20_000)],
  ['quotes', '"a'.repeat(50_000)],
  ['dots and digits', '1.'.repeat(50_000)],
  ['base58', `1A${'1a'.repeat(50_000)}`],
])('a peer that sends many %s holds nothing up, and its words are cut off', (_, text) => {
  const lines = Array.from({ length: 50 }, () => logged('json', (log) => log.info('x', { text: `@${text}` })));
  expect(lines.every((line) => line.length < 40_000)).toBe(true);
});

test('many bytes are cut off as long texts are', () => {
  const line = logged('json', (log) => log.debug('x', { payload: new Uint8Array(16_000_000) }));
  expect(line.length).toBeLessThan(10_000);
});

test('why each address of a name could not be reached is told', () => {
  const error = new AggregateError([new Error('one is away'), new Error('two is away')]);
  expect(JSON.parse(logged('json', (log) => log.warn('x', { error })))).toMatchObject({
    error: { errors: [{ message: 'one is away' }, { message: 'two is away' }] },
  });
});

test('what a peer says makes no line of its own for readers of the log', () => {
  const said = 'bye\n[12:00:00.000] INFO: block found';
  const line = logged('pretty', (log) => log.warn('x', { said, error: Object.assign(new Error(said), { said }) }));
  expect(line.split('\n').filter((each) => each.startsWith('['))).toHaveLength(1);
});

test('counts and switches are told whatever they are called', () => {
  expect(JSON.parse(logged('json', (log) => log.info('x', { tokens: 5, cookie: true })))).toMatchObject({
    tokens: 5,
    cookie: true,
  });
});

test.each([
  ['full', '203.0.113.7'],
  ['hidden', '[ip]'],
] as const)('[log] addresses = "%s" is obeyed', (addresses, expected) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const { log } = openLogger({ name: 'x', level: 'info', format: 'json', addresses, destination });
  log.child({ peer: '203.0.113.7' }).info('x', { at: '203.0.113.7' });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ peer: expected, at: expected });
});
