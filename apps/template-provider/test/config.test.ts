import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, parseConfig, serviceExample } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { templateProviderConfig } from '../src/index.ts';

const NODE = '[[nodes]]\nurl = "http://127.0.0.1:8332"\n';
const COOKIE = 'cookie_file = ".cookie"\n';
const read = (toml: string) => parseConfig(templateProviderConfig, toml, { name: 'template-provider' });

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
    const example = serviceExample({ name: 'template-provider', config: templateProviderConfig });
    expect(readFileSync(file, 'utf8')).toBe(example);
  });

  test('a node and who may use it is all that must be said', () => {
    expect(read(NODE + COOKIE)).toMatchObject({
      listen: { host: '127.0.0.1', port: 8442 },
      chain: 'mainnet',
      allow: [],
      limits: { connections: 1024, connectionsPerAddress: 64, exempt: ['127.0.0.0/8', '::1'] },
      templates: { feeThreshold: 1000, feeInterval: 5, emptyAhead: 'named', nodeAwayLimit: 180 },
    });
  });

  test('a node may be reached over IPC alone, or beside RPC', () => {
    const ipc = 'ipc = "/run/bitcoin/node.sock"\n';
    expect(read(`[[nodes]]\n${ipc}`).nodes).toMatchObject([{ ipc: '/run/bitcoin/node.sock', url: undefined }]);
    expect(read(`${NODE}${COOKIE}${ipc}`).nodes).toMatchObject([{ ipc: '/run/bitcoin/node.sock' }]);
  });

  test.each([
    { name: 'no node', toml: '', wrong: /^nodes/ },
    { name: 'no credentials', toml: NODE, wrong: /^nodes\[0\]: lets nobody in/ },
    { name: 'half of the credentials', toml: `${NODE}user = "me"\n`, wrong: /^nodes\[0\]: lets nobody in/ },
    { name: 'both kinds of credentials', toml: `${NODE}${COOKIE}user = "me"\n`, wrong: /^nodes\[0\]: has both/ },
    {
      name: 'another protocol for ZMQ',
      toml: `${NODE}${COOKIE}zmq_hash_block = "http://x"\n`,
      wrong: /zmq_hash_block/,
    },
    { name: 'a node that nothing leads to', toml: '[[nodes]]\n', wrong: /^nodes\[0\]: cannot be reached/ },
    {
      name: 'an address that is none in the allow-list',
      toml: `allow = ["10.0.0.0/33"]\n${NODE}${COOKIE}`,
      wrong: /^allow: .*prefix/,
    },
    {
      name: 'the limit of connections where it was once',
      toml: `max_clients = 5\n${NODE}${COOKIE}`,
      wrong: /^max_clients: is not a known key/,
    },
    { name: 'an unknown chain', toml: `chain = "litecoin"\n${NODE}${COOKIE}`, wrong: /^chain/ },
    {
      name: 'a known block that is none',
      toml: `${NODE}${COOKIE}[chain_guard]\nblocks = ["1:00"]\n`,
      wrong: /^chain_guard\.blocks: .*HEIGHT:HASH/,
    },
  ])('$name is refused, with the key', ({ toml, wrong }) => {
    expect(problems(toml)).toEqual([expect.stringMatching(wrong)]);
  });
});
