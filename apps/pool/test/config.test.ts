import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scriptFromAddress } from '@sv2kit/bitcoin';
import { ConfigError, parseConfig, serviceExample } from '@sv2kit/daemon';
import { payTo } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import { poolConfig } from '../src/index.ts';
import { openPayouts } from '../src/payout/open-payouts.ts';
import { userPolicy } from '../src/users.ts';
import { payoutsDeps } from './payouts-support.ts';

const PROVIDER =
  '[[template_providers]]\nurl = "stratum2+tcp://127.0.0.1:8442/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh"\n';
const ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const COINBASE = `[coinbase]\naddress = "${ADDRESS}"\n`;
const read = (toml: string) => parseConfig(poolConfig, toml, { name: 'pool' });

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
    expect(readFileSync(file, 'utf8')).toBe(serviceExample({ name: 'pool', config: poolConfig }));
  });

  test('a template provider and where to pay is all that must be said', () => {
    const config = read(PROVIDER + COINBASE);
    expect(config).toMatchObject({ listen: { port: 3336 }, chain: 'mainnet', users: { policy: 'open' }, nodes: [] });
    const payouts = openPayouts(config, payoutsDeps());
    expect(payouts.payoutOf({ kind: 'malformed', reason: '' })?.outputs(5n)).toEqual([
      { value: 5n, script: scriptFromAddress(ADDRESS, 'mainnet') },
    ]);
    expect(payouts.constraints).toEqual({ coinbaseOutputMaxAdditionalSize: 31, coinbaseOutputMaxAdditionalSigops: 0 });
  });

  test('a descriptor pays as well as an address', () => {
    const payouts = openPayouts(read(`${PROVIDER}[coinbase]\ndescriptor = "raw(51)"\n`), payoutsDeps());
    expect(payouts.terms.poolScript).toEqual(Uint8Array.of(0x51));
  });

  test.each([
    { name: 'no template provider', toml: COINBASE, wrong: /^template_providers/ },
    { name: 'nowhere to pay', toml: PROVIDER, wrong: /^coinbase: needs either/ },
    {
      name: 'two places to pay',
      toml: `${PROVIDER}${COINBASE}descriptor = "raw(51)"`,
      wrong: /^coinbase: has both/,
    },
    {
      name: 'an address of another chain',
      toml: `chain = "regtest"\n${PROVIDER}${COINBASE}`,
      wrong: /^coinbase\.address: cannot be paid on regtest/,
    },
    {
      name: 'a broken descriptor',
      toml: `${PROVIDER}[coinbase]\ndescriptor = "wpkh(12)"`,
      wrong: /^coinbase\.descriptor: cannot be paid/,
    },
    {
      name: 'a tag that does not fit',
      toml: `${PROVIDER}${COINBASE}tag = "${'x'.repeat(56)}"`,
      wrong: /^coinbase\.tag/,
    },
    {
      name: 'blocks of a chain guard that no node is asked for',
      toml: `${PROVIDER}${COINBASE}[chain_guard]\nblocks = ["1:${'00'.repeat(32)}"]`,
      wrong: /^chain_guard\.blocks: cannot be checked without a \[\[nodes\]\]/,
    },
    { name: 'an empty list of users', toml: `${PROVIDER}${COINBASE}[users]\npolicy = "list"`, wrong: /^users\.allow/ },
    {
      name: 'a required extension that is not supported',
      toml: `${PROVIDER}${COINBASE}[extensions]\nrequired = [3]`,
      wrong: /^extensions\.required: holds 3/,
    },
    {
      name: 'bounds that cross',
      toml: `${PROVIDER}${COINBASE}[mining]\nmin_difficulty = 8\nmax_difficulty = 4`,
      wrong: /^mining\.min_difficulty/,
    },
    {
      name: 'a node that lets nobody in',
      toml: `${PROVIDER}${COINBASE}[[nodes]]\nurl = "http://127.0.0.1:8332"`,
      wrong: /^nodes\[0\]/,
    },
    {
      name: 'a job declarator without a key for its tokens',
      toml: `${PROVIDER}${COINBASE}[[job_declarators]]\nurl = "stratum2+tcp://127.0.0.1:3337/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh"`,
      wrong: /^job_declaration\.token_key_file: is missing/,
    },
    {
      name: 'a fee of a pool that keeps everything',
      toml: `${PROVIDER}${COINBASE}[payout]\nfee = 1`,
      wrong: /^payout\.fee: is of no use/,
    },
    {
      name: 'PPLNS without a database',
      toml: `${PROVIDER}${COINBASE}[ledger]\ndatabase = "none"\n[payout]\nmode = "pplns"`,
      wrong: /^payout\.mode: is pplns/,
    },
    {
      name: 'a share rate of nothing',
      toml: `${PROVIDER}${COINBASE}[mining]\nshares_per_minute = 0`,
      wrong: /^mining\.shares_per_minute/,
    },
  ])('$name is refused, with the key', ({ toml, wrong }) => {
    expect(problems(toml)).toEqual([expect.stringMatching(wrong)]);
  });
});

describe('users', () => {
  const payout = payTo(Uint8Array.of(0x51), 'pool');
  const admits = async (policy: 'open' | 'address' | 'list', identity: string, allow: string[] = []) => {
    const setup = {
      type: 'SetupConnection',
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags: 0,
      endpointHost: '',
      endpointPort: 0,
      vendor: '',
      hardwareVersion: '',
      firmware: '',
      deviceId: '',
    } as const;
    const remote = { address: '192.0.2.1', port: 1 };
    const userIdentity = new TextEncoder().encode(identity);
    const answer = await userPolicy(
      { policy, allow },
      'mainnet',
      () => payout,
    )({ userIdentity, kind: 'standard', nominalHashRate: 1, remote, setup });
    return answer.kind === 'admitted' ? 'admitted' : answer.code;
  };

  test.each([
    ['open', 'anybody at all', [], 'admitted'],
    ['open', '', [], 'admitted'],
    ['address', ADDRESS, [], 'admitted'],
    ['address', `${ADDRESS}.rig-1`, [], 'admitted'],
    ['address', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', [], 'invalid-user-identity'],
    ['address', 'alice', [], 'invalid-user-identity'],
    ['list', 'alice', ['alice'], 'admitted'],
    ['list', 'alice.rig-1', ['alice'], 'admitted'],
    ['list', 'bob.rig-1', ['bob.rig-1'], 'admitted'],
    ['list', 'bob.rig-2', ['bob.rig-1'], 'unknown-user'],
    ['list', 'alic', ['alice'], 'unknown-user'],
  ] as const)('policy %s answers %j with allow %j: %s', async (policy, identity, allow, answer) => {
    expect(await admits(policy, identity, [...allow])).toBe(answer);
  });
});
