import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  checkNodes,
  config,
  nodeFields,
  nodeSettings,
  parseConfig,
  SOCKET_PATH_LIMIT,
  sections,
} from '../src/index.ts';

const declared = config(
  { nodes: sections('Nodes.', nodeFields('templates pushed')) },
  { check: ({ nodes }) => checkNodes(nodes) },
);
const read = (...lines: readonly string[]) =>
  parseConfig(declared, ['[[nodes]]', ...lines].join('\n'), {
    name: 'x',
    file: '/etc/sv2kit/x.toml',
    workingFolder: '/srv',
    environment: {},
  }).nodes.map(nodeSettings);

const URL = 'url = "http://127.0.0.1:8332"';
const COOKIE = 'cookie_file = ".cookie"';

/** What reading says is wrong. */
function problem(...lines: readonly string[]): string {
  try {
    read(...lines);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('a node', () => {
  test('is reached over its IPC socket alone, which wants no credentials', () => {
    expect(read('ipc = "/run/node.sock"')).toEqual([{ ipc: '/run/node.sock' }]);
  });

  test('may be written as Bitcoin Core writes its socket, or relative to the file', () => {
    expect(read('ipc = "unix:/run/node.sock"')).toEqual([{ ipc: '/run/node.sock' }]);
    expect(read('ipc = "unix:node.sock"')).toEqual([{ ipc: '/etc/sv2kit/node.sock' }]);
    expect(read('ipc = "node.sock"')).toEqual([{ ipc: '/etc/sv2kit/node.sock' }]);
  });

  test('is reached over RPC alone, or over both', () => {
    const rpc = { url: 'http://127.0.0.1:8332', cookieFile: '/etc/sv2kit/.cookie' };
    expect(read(URL, COOKIE)).toEqual([rpc]);
    expect(read(URL, COOKIE, 'ipc = "/run/node.sock"')).toEqual([{ ...rpc, ipc: '/run/node.sock' }]);
    const settings = read(URL, 'user = "u"', 'password = "p"', 'zmq_hash_block = "tcp://127.0.0.1:28332"');
    expect(settings).toEqual([{ url: rpc.url, user: 'u', password: 'p', zmqHashBlock: 'tcp://127.0.0.1:28332' }]);
  });

  test.each([
    [[], /nodes\[0\]: cannot be reached: it needs ipc, url, or both; for example: ipc = /],
    [[COOKIE], /nodes\[0\]: has a cookie_file, which is for an RPC, and no url of one; for example: url = /],
    [['ipc = "/n.sock"', COOKIE], /has a cookie_file, which is for an RPC/],
    [['ipc = "/n.sock"', 'user = "u"'], /has a user, which is for an RPC/],
    [['ipc = "/n.sock"', 'password = "p"'], /has a password, which is for an RPC/],
    [['ipc = "/n.sock"', 'zmq_hash_block = "tcp://h:1"'], /has a zmq_hash_block, which is for an RPC/],
    [[URL], /lets nobody in by its url: that needs cookie_file, or user and password/],
    [['ipc = "/n.sock"', URL, 'user = "u"'], /lets nobody in by its url/],
    [[URL, COOKIE, 'user = "u"'], /has both a cookie_file and a user or password/],
    [['ipc = ""'], /is empty where a path is wanted/],
    [['ipc = "unix"'], /"unix" names no file: write the socket's whole path/],
    [['ipc = 5'], /is not text in quotes/],
    [['ipc = "http://127.0.0.1:8332"'], /is a URL and no path of a Unix socket/],
  ] as const)('with %j is refused in one line', (lines, message) => {
    expect(problem(...lines)).toMatch(message);
  });

  test('is refused for a path that names a file or a folder, where a node may yet make its socket', () => {
    expect(problem('ipc = "/"')).toMatch(/"\/" is a folder, not a socket: name the node's, which is node\.sock/);
    expect(problem(`ipc = ${JSON.stringify(import.meta.filename)}`)).toMatch(/is a file, not a socket/);
    expect(read('ipc = "/nobody/node.sock"')).toEqual([{ ipc: '/nobody/node.sock' }]);
  });

  test('is refused for a socket whose path no socket can have, counted in bytes, with the remedy', () => {
    const longest = `/${'s'.repeat(SOCKET_PATH_LIMIT - 1)}`;
    expect(read(`ipc = "${longest}"`)).toEqual([{ ipc: longest }]);
    expect(problem(`ipc = "${longest}s"`)).toMatch(
      new RegExp(`is ${SOCKET_PATH_LIMIT + 1} bytes long as a whole path, .* start the node with a shorter one`),
    );
    expect(problem(`ipc = "/${'é'.repeat(60)}"`)).toMatch(/is 121 bytes long/);
  });
});
