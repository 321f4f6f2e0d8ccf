import { ConfigError, parseConfig } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { translatorConfig } from '../src/index.ts';

const KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const UPSTREAM = ['[[upstreams]]', `url = "stratum2+tcp://pool.example:3336/${KEY}"`];
const parse = (...lines: readonly string[]) => parseConfig(translatorConfig, lines.join('\n'), { name: 'translator' });

test('the least that has to be said is one upstream', () => {
  const config = parse(...UPSTREAM);
  expect(config).toMatchObject({
    listen: { host: '127.0.0.1', port: 34255 },
    aggregateChannels: false,
    extranonce2Size: 4,
    upstreams: [{ url: { host: 'pool.example', port: 3336 }, userIdentity: undefined }],
    extensions: { supported: [2], required: [] },
  });
});

describe('what is wrong is said by its key', () => {
  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['no upstream', [], 'upstreams'],
    ['an upstream without an address', ['[[upstreams]]', 'user_identity = "alice"'], 'upstreams[0].url'],
    ['a V1 upstream', ['[[upstreams]]', 'url = "stratum+tcp://pool.example:3333"'], 'upstreams[0].url'],
    ['a share of the payout, but no payee', [...UPSTREAM, '[payout]', 'share = 0.5'], 'payout.share'],
    ['half of TLS', [...UPSTREAM, '[tls]', 'listen = "0.0.0.0:1"', 'cert_file = "a"'], 'tls.key_file'],
    [
      'TLS files that are not there',
      [...UPSTREAM, '[tls]', 'listen = "0.0.0.0:1"', 'cert_file = "/nowhere.pem"', 'key_file = "/nowhere.key"'],
      'tls',
    ],
    [
      'two payouts',
      [...UPSTREAM, '[payout]', 'script = "51"', 'address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"'],
      'payout.script',
    ],
    [
      "another chain's payout",
      ['chain = "regtest"', ...UPSTREAM, '[payout]', 'address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"'],
      'payout.address',
    ],
    ['too large an extranonce2', ['extranonce2_size = 17', ...UPSTREAM], 'extranonce2_size'],
    ['a balancer that is no address', ['proxy_protocol = ["10.0.0.0/40"]', ...UPSTREAM], 'proxy_protocol'],
    ['a mask that is no mask', [...UPSTREAM, '[miners]', 'version_mask = "bits"'], 'miners.version_mask'],
    [
      'an extension that is required and not supported',
      [...UPSTREAM, '[extensions]', 'required = [7]'],
      'extensions.required',
    ],
  ];
  test.for(wrong)('%s', ([, lines, key]) => {
    let thrown: unknown;
    try {
      parse(...lines);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(String(thrown)).toContain(key);
  });
});
