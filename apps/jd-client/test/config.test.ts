import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scriptFromAddress } from '@sv2kit/bitcoin';
import { ConfigError, parseConfig, serviceExample } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { jdClientConfig } from '../src/index.ts';
import { knobsOf } from '../src/knobs.ts';
import { listedUpstream } from '../src/upstream-config.ts';

const KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const LEAST = `[[template_providers]]\nurl = "stratum2+tcp://127.0.0.1:8442/${KEY}"\n[coinbase]\naddress = "${ADDRESS}"\n`;
const UPSTREAM = [
  '[[upstreams]]',
  `pool_url = "stratum2+tcp://127.0.0.1:3336/${KEY}"`,
  `jds_url = "stratum2+tcp://127.0.0.1:3337/${KEY}"`,
  'user_identity = "alice"\n',
].join('\n');
const read = (toml: string) => parseConfig(jdClientConfig, toml, { name: 'jd-client' });

function problems(toml: string): readonly string[] {
  try {
    read(toml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, wrong }) => `${key}: ${wrong}`);
    throw error;
  }
  return [];
}

describe('configuration', () => {
  test('the example file is what the declaration says', () => {
    const file = fileURLToPath(new URL('../example.toml', import.meta.url));
    expect(readFileSync(file, 'utf8')).toBe(serviceExample({ name: 'jd-client', config: jdClientConfig }));
  });

  test('a template provider and where to pay is all that must be said: solo mining', () => {
    expect(read(LEAST)).toMatchObject({ listen: { port: 34265 }, chain: 'mainnet', upstreams: [] });
  });

  test('an upstream is a pool, a server and a user; full-template unless said otherwise', () => {
    const [upstream] = read(LEAST + UPSTREAM).upstreams;
    if (upstream === undefined) throw new Error('no upstream');
    expect(listedUpstream(upstream, 'mainnet')).toMatchObject({
      name: '127.0.0.1:3336',
      pool: { port: 3336 },
      declarator: { port: 3337 },
      mode: 'full-template',
      expectedPayout: undefined,
    });
  });

  test.each([
    ['address', `payout_address = "${ADDRESS}"`],
    ['script', 'payout_script = "0014751e76e8199196d454941c45d1b3a323f1433bd6"'],
  ])('the agreed payout may be an %s', (_kind, line) => {
    const [upstream] = read(`${LEAST}${UPSTREAM}${line}\n`).upstreams;
    if (upstream === undefined) throw new Error('no upstream');
    expect(listedUpstream(upstream, 'mainnet').expectedPayout).toEqual(scriptFromAddress(ADDRESS, 'mainnet'));
  });

  test('figures of fallback become milliseconds, and every miner needs two bytes of the pool beside its room', () => {
    expect(knobsOf(read(LEAST))).toMatchObject({
      startWaitMs: 5_000,
      tokens: { wanted: 3, answerMs: 10_000 },
      declaration: { graceMs: 3_000 },
      pool: { minExtranonceSize: 10, rejections: { rejected: 10, ofLast: 20, graceMs: 3_000 } },
    });
  });

  test.each([
    { name: 'nowhere to pay solo', toml: LEAST.split('[coinbase]')[0] ?? '', wrong: /^coinbase: needs either/ },
    {
      name: 'a payout address of another chain',
      toml: `${LEAST}${UPSTREAM}payout_address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"\n`,
      wrong: /^upstreams\S*payout_address: is no address of mainnet/,
    },
    {
      name: 'a payout script that is no hex',
      toml: `${LEAST}${UPSTREAM}payout_script = "OP_TRUE"\n`,
      wrong: /^upstreams\S*payout_script: is not a script in hexadecimal digits/,
    },
    {
      name: 'a payout twice',
      toml: `${LEAST}${UPSTREAM}payout_script = "51"\npayout_address = "${ADDRESS}"\n`,
      wrong: /^upstreams\S*payout_script: is given beside payout_address/,
    },
    {
      name: 'more rejected shares than are looked at',
      toml: `${LEAST}[fallback]\nrejected_shares = 30\n`,
      wrong: /^fallback\.rejected_shares: is above of_last/,
    },
  ])('says what is wrong with $name', ({ toml, wrong }) => {
    expect(problems(toml)).toEqual([expect.stringMatching(wrong)]);
  });
});
