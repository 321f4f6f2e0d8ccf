import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  address,
  addresses,
  boolean,
  type ConfigOf,
  ConfigError,
  choice,
  config,
  configHelp,
  exampleToml,
  integer,
  integers,
  loadConfig,
  number,
  optional,
  parseConfig,
  path,
  required,
  secret,
  section,
  sections,
  text,
  texts,
  url,
  urls,
} from '../src/index.ts';

const poolConfig = config({
  listen: address('127.0.0.1:3336', 'Where miners connect.'),
  sharesPerMinute: number(6, 'Wanted share rate per channel.', { min: 0.1 }),
  chain: choice(['mainnet', 'regtest'], 'mainnet', 'Which chain.'),
  tag: text('sv2kit', 'Text in the coinbase.', { maxBytes: 20 }),
  rewards: required(text('bc1qexample', 'Where the rewards go.')),
  rpcPassword: optional(secret('correct horse', 'Password of the node.')),
  data: path('data', 'Folder of the journal.'),
  strict: boolean(false, 'Whether to be strict.'),
  extensions: integers([2], 'Extensions offered.', { min: 0, max: 65_535 }),
  tags: texts([], 'Tags.'),
  nodes: urls(['http://127.0.0.1:8332'], 'Nodes that get the blocks.'),
  peers: addresses([], 'Peers.'),
  limits: section('Limits.', { maxConnections: integer(5000, 'Connections at most.', { min: 1 }) }),
  templateProviders: sections('Where templates come from, best first.', {
    address: required(address('127.0.0.1:8442', 'Address of the template provider.')),
    authority: optional(text('9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72', 'Its authority key.')),
  }),
});
type PoolConfig = ConfigOf<typeof poolConfig>;

const read = (toml: string, environment: Record<string, string> = {}): PoolConfig =>
  parseConfig(poolConfig, toml, { name: 'pool', file: 'pool.toml', workingFolder: '/srv', environment });

/** The lines of the error that reading raises. */
function problems(toml: string, environment: Record<string, string> = {}): string[] {
  try {
    read(toml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('a declaration', () => {
  test('yields the type of the configuration', () => {
    expectTypeOf<PoolConfig['listen']>().toEqualTypeOf<{ readonly host: string; readonly port: number }>();
    expectTypeOf<PoolConfig['chain']>().toEqualTypeOf<'mainnet' | 'regtest'>();
    expectTypeOf<PoolConfig['limits']['maxConnections']>().toEqualTypeOf<number>();
    expectTypeOf<PoolConfig['templateProviders'][number]['authority']>().toEqualTypeOf<string | undefined>();
  });

  test('yields the defaults for what the file leaves out', () => {
    const values = read('rewards = "bc1q"');
    expect(values).toMatchObject({
      listen: { host: '127.0.0.1', port: 3336 },
      sharesPerMinute: 6,
      chain: 'mainnet',
      rpcPassword: undefined,
      data: '/srv/data',
      extensions: [2],
      nodes: ['http://127.0.0.1:8332'],
      limits: { maxConnections: 5000 },
      templateProviders: [],
    });
  });

  test('yields an example file that reads back as the defaults', () => {
    const toml = exampleToml('pool', poolConfig);
    expect(toml).toMatchSnapshot();
    const uncommented = toml.replace(/^#(?=[a-z[])/gm, '');
    expect(() => parse(uncommented)).not.toThrow();
    const { templateProviders, rpcPassword, ...rest } = read(uncommented);
    expect(templateProviders).toHaveLength(1);
    expect(rpcPassword?.reveal()).toBe('correct horse');
    const { templateProviders: _none, rpcPassword: _nothing, ...defaults } = read(toml);
    expect(rest).toEqual(defaults);
  });

  test('yields help that names every key', () => {
    const help = configHelp('pool', poolConfig);
    for (const key of ['listen', 'limits.max_connections', 'template_providers[].address']) expect(help).toContain(key);
  });
});

describe('the environment', () => {
  test('overlays the file, nests by double underscores and splits lists at commas', () => {
    const values = read('rewards = "x"\n[[template_providers]]\naddress = "a:1"', {
      SV2KIT_POOL__LISTEN: '[::1]:5',
      SV2KIT_POOL__SHARES_PER_MINUTE: '2.5',
      SV2KIT_POOL__STRICT: 'true',
      SV2KIT_POOL__EXTENSIONS: '1, 2',
      SV2KIT_POOL__LIMITS__MAX_CONNECTIONS: '7',
      SV2KIT_POOL__TEMPLATE_PROVIDERS__0__AUTHORITY: 'key',
      SV2KIT_POOL__TEMPLATE_PROVIDERS__1__ADDRESS: 'b:2',
      SV2KIT_OTHER__LISTEN: 'ignored',
    });
    expect(values).toMatchObject({
      listen: { host: '::1', port: 5 },
      sharesPerMinute: 2.5,
      strict: true,
      extensions: [1, 2],
      limits: { maxConnections: 7 },
      templateProviders: [
        { address: { host: 'a', port: 1 }, authority: 'key' },
        { address: { host: 'b', port: 2 }, authority: undefined },
      ],
    });
  });
});

describe('the environment, too,', () => {
  const file = 'rewards = "x"\nrpc_password = "y"\n[[template_providers]]\naddress = "a:1"';

  test('leaves out what may be left out with an empty variable, as ${NAME:-} in a compose file is', () => {
    const environment = { SV2KIT_POOL__RPC_PASSWORD: '', SV2KIT_POOL__TEMPLATE_PROVIDERS: '' };
    expect(read(file, environment)).toMatchObject({ rpcPassword: undefined, templateProviders: [] });
    expect(problems(file, { SV2KIT_POOL__LISTEN: '' })).toHaveLength(1);
  });

  test('gives lists in brackets where their items hold commas, and IPv6 addresses are no such lists', () => {
    const given = { SV2KIT_POOL__TAGS: '["a,b", "c"]', SV2KIT_POOL__EXTENSIONS: '[1, 2]' };
    const values = read(file, { ...given, SV2KIT_POOL__PEERS: '[::1]:5, [::2]:6' });
    expect(values).toMatchObject({ tags: ['a,b', 'c'], extensions: [1, 2] });
    expect(values.peers.map(({ host }) => host)).toEqual(['::1', '::2']);
  });

  test('can give everything, without a file', () => {
    const environment = { SV2KIT_POOL__REWARDS: 'x', SV2KIT_POOL__TEMPLATE_PROVIDERS__0__ADDRESS: 'b:2' };
    const values = loadConfig(poolConfig, { name: 'pool', environment });
    expect(values).toMatchObject({ rewards: 'x', templateProviders: [{ address: { host: 'b', port: 2 } }] });
  });
});

describe('a wrong configuration is answered with source, key, fault and an example of right:', () => {
  const ok = 'rewards = "x"\n';
  test.each([
    ['a missing key', '', 'pool.toml: rewards: is missing; for example: rewards = "bc1qexample"'],
    [
      'a wrong type',
      `${ok}shares_per_minute = "fast"`,
      'pool.toml: shares_per_minute: "fast" is not a number; for example: shares_per_minute = 6',
    ],
    [
      'a number out of range',
      `${ok}shares_per_minute = 0`,
      'pool.toml: shares_per_minute: 0 is below 0.1; for example: shares_per_minute = 6',
    ],
    [
      'an address without a port',
      `${ok}listen = "localhost"`,
      'pool.toml: listen: "localhost" has no port; for example: listen = "127.0.0.1:3336"',
    ],
    [
      'a port out of range',
      `${ok}listen = "localhost:65536"`,
      'pool.toml: listen: "localhost:65536" has the port 65536, which is above 65535; for example: listen = "127.0.0.1:3336"',
    ],
    [
      'IPv6 without brackets',
      `${ok}listen = "::1:3336"`,
      'pool.toml: listen: "::1:3336" looks like IPv6, which is written in brackets: [::1]:port; for example: listen = "127.0.0.1:3336"',
    ],
    [
      'a URL as an address',
      `${ok}listen = "tcp://h:1"`,
      'pool.toml: listen: "tcp://h:1" is a URL where host:port is wanted; for example: listen = "127.0.0.1:3336"',
    ],
    [
      'an unknown choice',
      `${ok}chain = "main"`,
      'pool.toml: chain: "main" is not one of mainnet, regtest; for example: chain = "mainnet"',
    ],
    [
      'a URL of another scheme',
      `${ok}nodes = ["ftp://x"]`,
      'pool.toml: nodes: ["ftp://x"] at [0]: does not begin with http:// or https://; for example: nodes = ["http://127.0.0.1:8332"]',
    ],
    ['an unknown key', `${ok}lisen = "x:1"`, 'pool.toml: lisen: is not a known key; did you mean listen?'],
    [
      'an unknown key in a table',
      `${ok}[limits]\nqqqqqqq = 1`,
      'pool.toml: limits.qqqqqqq: is not a known key; known here: max_connections',
    ],
    [
      'a missing key in a list of tables',
      `${ok}[[template_providers]]`,
      'pool.toml: template_providers[0].address: is missing; for example: address = "127.0.0.1:8442"',
    ],
    [
      'a value where a table is wanted',
      `${ok}limits = 3`,
      'pool.toml: limits: 3 is not a table; for example: [limits]',
    ],
    [
      'a value in a list of tables',
      `${ok}template_providers = [3]`,
      'pool.toml: template_providers[0]: 3 is not a table; for example: [[template_providers]]',
    ],
    [
      'a number that is none',
      `${ok}shares_per_minute = nan`,
      'pool.toml: shares_per_minute: NaN is not a number; for example: shares_per_minute = 6',
    ],
    [
      'a path that no system can have',
      `${ok}data = "a\\u0000b"`,
      'pool.toml: data: "a\\u0000b" contains a character that no path can have; for example: data = "data"',
    ],
    [
      'text that is too long',
      `${ok}tag = "a coinbase tag that is far too long"`,
      'pool.toml: tag: "a coinbase tag that is far too long" is longer than 20 bytes; for example: tag = "sv2kit"',
    ],
  ])('%s', (_name, toml, message) => {
    expect(problems(toml)).toEqual([message]);
  });

  test('every fault at once, and the environment by its variable', () => {
    expect(problems('strict = 1\nx = 2', { SV2KIT_POOL__LISTEN: 'nowhere', SV2KIT_POOL__LIMIT__MAX: '1' })).toEqual([
      expect.stringContaining('x: is not a known key'),
      'SV2KIT_POOL__LIMIT__MAX: limit: is not a known key; did you mean limits?',
      'SV2KIT_POOL__LISTEN: listen: "nowhere" has no port; for example: listen = "127.0.0.1:3336"',
      'pool.toml: rewards: is missing; for example: rewards = "bc1qexample"',
      'pool.toml: strict: 1 is neither true nor false; for example: strict = false',
    ]);
  });

  test.each([
    ['no number', { SV2KIT_POOL__TEMPLATE_PROVIDERS__ADDRESS: 'a:1' }, 'ADDRESS', 'is no number of a table'],
    [
      'another way to write one',
      { SV2KIT_POOL__TEMPLATE_PROVIDERS__00__ADDRESS: 'a:1' },
      '00__ADDRESS',
      'is no number of a table',
    ],
    [
      'infinity',
      { SV2KIT_POOL__TEMPLATE_PROVIDERS__INFINITY__ADDRESS: 'a:1' },
      'INFINITY__ADDRESS',
      'is no number of a table',
    ],
    ['a gap', { SV2KIT_POOL__TEMPLATE_PROVIDERS__1__ADDRESS: 'a:1' }, '1__ADDRESS', 'leaves out table 0'],
    [
      'a long way',
      { SV2KIT_POOL__TEMPLATE_PROVIDERS__999999999__ADDRESS: 'a:1' },
      '999999999__ADDRESS',
      'leaves out table 0',
    ],
  ])('tables in a list that the environment counts with %s', (_how, environment, variable, wrong) => {
    const [problem, ...others] = problems('rewards = "x"', environment);
    expect(problem).toBe(
      `SV2KIT_POOL__TEMPLATE_PROVIDERS__${variable}: template_providers: "${variable.split('__')[0]?.toLowerCase()}" ${wrong}` +
        '; for example: SV2KIT_POOL__TEMPLATE_PROVIDERS__0__ADDRESS=127.0.0.1:8442',
    );
    expect(others).toEqual([]);
  });

  test('TOML that does not parse, by line and column', () => {
    for (const toml of ['rewards = \n', 'chain = "signet\n', '[log]\n[log]\n']) {
      expect(problems(toml)[0]).toMatch(/^pool\.toml: line \d, column \d+: .*$/);
      expect(problems(toml)[0]).not.toContain('for example');
    }
  });

  test('a file that is not there', () => {
    expect(() => loadConfig(poolConfig, { name: 'pool', file: '/no/such.toml' })).toThrow(
      '/no/such.toml: there is no such file',
    );
  });

  test('a rule between keys', () => {
    const declared = config(
      { low: integer(1, 'Low.'), high: integer(2, 'High.') },
      { check: ({ low, high }) => (low <= high ? [] : [{ key: 'low', wrong: 'is above high', example: 'low = 1' }]) },
    );
    expect(() => parseConfig(declared, 'low = 3', { name: 'x', file: 'x.toml' })).toThrow(
      'x.toml: low: is above high; for example: low = 1',
    );
  });

  test('never echoes a secret', () => {
    expect(problems(`${ok}rpc_password = 12345`)).toEqual([
      expect.stringContaining('rpc_password: the value is not text in quotes'),
    ]);
  });
});

test('a secret may be read from a file and does not show itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-config-'));
  writeFileSync(join(folder, 'pw'), 'hunter2\n');
  writeFileSync(join(folder, 'pool.toml'), 'rewards = "x"\nrpc_password = "file:pw"\n');
  const { rpcPassword } = loadConfig(poolConfig, { name: 'pool', file: join(folder, 'pool.toml') });
  expect(rpcPassword?.reveal()).toBe('hunter2');
  expect(`${rpcPassword} ${JSON.stringify({ rpcPassword })}`).toBe('[redacted] {"rpcPassword":"[redacted]"}');
});

test('reading never throws anything but ConfigError, whatever the values', () => {
  const field = fc.constantFrom(
    'listen',
    'shares_per_minute',
    'chain',
    'nodes',
    'limits',
    'template_providers',
    'data',
  );
  fc.assert(
    fc.property(field, fc.jsonValue(), fc.string(), (key, value, env) => {
      const toml = Array.isArray(value) || typeof value === 'string' ? `${key} = ${JSON.stringify(value)}` : '';
      try {
        read(toml, { [`SV2KIT_POOL__${key.toUpperCase()}`]: env });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});

test('url accepts only its schemes', () => {
  const declared = config({ node: url('http://x', 'Node.') });
  expect(() => parseConfig(declared, 'node = "nonsense"', { name: 'x' })).toThrow('node: "nonsense" is not a URL');
});
