import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, parseConfig, serviceExample } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { jdServerConfig } from '../src/index.ts';

const COINBASE = '[coinbase]\naddress = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"\n';
const KEY = '[job_declaration]\ntoken_key_file = "tokens.key"\n';
const NODE = '[[nodes]]\nurl = "http://127.0.0.1:8332"\ncookie_file = ".cookie"\n';
const read = (toml: string) => parseConfig(jdServerConfig, toml, { name: 'jd-server' });

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
    expect(readFileSync(file, 'utf8')).toBe(serviceExample({ name: 'jd-server', config: jdServerConfig }));
  });

  test('a payout and the key of the tokens are all that must be said', () => {
    expect(read(COINBASE + KEY)).toMatchObject({
      listen: { host: '127.0.0.1', port: 3337 },
      chain: 'mainnet',
      nodes: [],
      jobDeclaration: { leastPayoutShare: 0.5, requiredOutputs: [] },
      limits: { tokensPerMinute: 60, tokenLifetime: 86_400 },
    });
  });

  test.each([
    { name: 'no payout', toml: KEY, wrong: /^coinbase: needs either/ },
    { name: "another chain's address", toml: `chain = "regtest"\n${COINBASE}${KEY}`, wrong: /^coinbase\.address/ },
    { name: 'no key of the tokens', toml: COINBASE, wrong: /^job_declaration\.token_key_file: is missing/ },
    {
      name: 'a share of nothing',
      toml: `${COINBASE}${KEY}least_payout_share = 0\n`,
      wrong: /^job_declaration\.least_payout_share/,
    },
    {
      name: 'a node that lets nobody in',
      toml: `${COINBASE}${KEY}[[nodes]]\nurl = "http://127.0.0.1:8332"\n`,
      wrong: /^nodes\[0\]: lets nobody in/,
    },
    {
      name: 'a node that cannot be reached',
      toml: `${COINBASE}${KEY}[[nodes]]\n`,
      wrong: /^nodes\[0\]: cannot be reached/,
    },
    {
      name: 'a mempool to mirror without an RPC to ask',
      toml: `${COINBASE}${KEY}[[nodes]]\nipc = "/run/node.sock"\nzmq_sequence = "tcp://127.0.0.1:1"\n`,
      wrong: /^nodes\[0\]: has a zmq_sequence/,
    },
    {
      name: 'no client at all',
      toml: `${COINBASE}${KEY}${NODE}[limits]\nconnections = 0\n`,
      wrong: /^limits\.connections/,
    },
  ])('$name is refused, with the key', ({ toml, wrong }) => {
    expect(problems(toml)).toEqual([expect.stringMatching(wrong)]);
  });
});
