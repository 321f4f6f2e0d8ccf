// Configurations of roles that cannot be used, and what each role says of them.
import { SOCKET_PATH_LIMIT } from '@sv2kit/daemon';

const KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const URL_OF_SERVER = `stratum2+tcp://127.0.0.1:8442/${KEY}`;
const URL_OF_V1_POOL = 'stratum+tcp://pool.example:3333';
/** One character of the key is mistyped. */
const BAD_URL = `stratum2+tcp://127.0.0.1:8442/${KEY.replace('9bXi', '9bXj')}`;
const HERE = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const ELSEWHERE = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';

const LONG_PATH = `/${'x'.repeat(110)}/node.sock`;

export type Role = 'template-provider' | 'pool' | 'mining-device' | 'translator' | 'translator-to-v1';

/** A whole configuration, of which a scenario takes a part away or puts another in its place. */
export const TABLES: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  'template-provider': {
    top: 'chain = "regtest"',
    identity: '[identity]\nauthority_secret_file = "authority.key"',
    nodes: '[[nodes]]\nurl = "http://127.0.0.1:8332"\nuser = "me"\npassword = "secret"',
  },
  pool: {
    top: 'chain = "regtest"',
    identity: '[identity]\nauthority_secret_file = "authority.key"',
    providers: `[[template_providers]]\nurl = "${URL_OF_SERVER}"`,
    coinbase: `[coinbase]\naddress = "${HERE}"`,
  },
  translator: { top: 'chain = "regtest"', upstreams: `[[upstreams]]\nurl = "${URL_OF_SERVER}"` },
  'translator-to-v1': {
    identity: '[identity]\nauthority_secret_file = "authority.key"',
    upstreams: `[[upstreams]]\nurl = "${URL_OF_V1_POOL}"\nuser = "account.worker"`,
  },
  'mining-device': { top: 'threads = 1', upstreams: `[[upstreams]]\nurl = "${URL_OF_SERVER}"` },
};

interface Wrong {
  readonly role: Role;
  readonly name: string;
  readonly change: Readonly<Record<string, string>>;
  /** Behind the file's name. FOLDER is the folder of the file. */
  readonly says: string;
}

const BAD_KEY =
  `"${BAD_URL.slice(0, 79)}… cannot be used: bad-authority-key: the authority key cannot be read: its checksum ` +
  'does not match: a character is missing or mistyped';
const NO_PORT =
  "cannot be used: bad-url: cannot read 'stratum2+tcp://pool.example': what follows the scheme is not host:port or " +
  'host:port/KEY; an example of right: stratum2+tcp://pool.example:3336/9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const MAKE_KEY = 'authority_secret_file = "authority.key", made by: sv2kit keys new authority.key';

export const wrongs: readonly Wrong[] = [
  {
    role: 'template-provider',
    name: 'an unknown key',
    change: { limits: '[limits]\nconnection = 3' },
    says: 'limits.connection: is not a known key; did you mean connections?',
  },
  {
    role: 'template-provider',
    name: 'an unknown key in a table',
    change: { nodes: '[[nodes]]\nurl = "http://127.0.0.1:1"\ncookiefile = ".cookie"' },
    says: 'nodes[0].cookiefile: is not a known key; did you mean cookie_file?',
  },
  {
    role: 'template-provider',
    name: 'a wrong type',
    change: { limits: '[limits]\nconnections = "many"' },
    says: 'limits.connections: "many" is not a number; for example: connections = 1024',
  },
  {
    role: 'template-provider',
    name: 'a bad address',
    change: { nodes: '[[nodes]]\nurl = "127.0.0.1:8332"\ncookie_file = ".cookie"' },
    says: 'nodes[0].url: "127.0.0.1:8332" is not a URL; for example: url = "http://127.0.0.1:8332"',
  },
  {
    role: 'template-provider',
    name: 'a secret that cannot be read',
    change: { nodes: '[[nodes]]\nurl = "http://127.0.0.1:1"\nuser = "me"\npassword = "file:rpc-secret"' },
    says:
      'nodes[0].password: the value names the file FOLDER/rpc-secret, which cannot be read: there is no such file or folder; ' +
      'for example: password = "file:rpc-password"',
  },
  {
    role: 'template-provider',
    name: 'a key file that is a folder',
    change: { identity: '[identity]\nauthority_secret_file = "not-a-file"' },
    says: `identity: FOLDER/not-a-file: is a folder, not a file; for example: ${MAKE_KEY}`,
  },
  {
    role: 'template-provider',
    name: 'nobody who may use the node',
    change: { nodes: '[[nodes]]\nurl = "http://127.0.0.1:1"' },
    says:
      'nodes[0]: lets nobody in by its url: that needs cookie_file, or user and password; ' +
      'for example: cookie_file = "/var/lib/bitcoind/.cookie"',
  },
  {
    role: 'template-provider',
    name: 'a node that is nowhere',
    change: { nodes: '[[nodes]]' },
    says: 'nodes[0]: cannot be reached: it needs ipc, url, or both; for example: ipc = "/var/lib/bitcoind/node.sock"',
  },
  ...(['template-provider', 'pool'] as const).map((role) => ({
    role,
    name: "the path of a node's socket is longer than a socket's may be",
    change: { nodes: `[[nodes]]\nipc = "${LONG_PATH}"` },
    says:
      `nodes[0].ipc: "${LONG_PATH.slice(0, 79)}… is ${LONG_PATH.length} bytes long as a whole path, and a Unix socket's ` +
      `may have ${SOCKET_PATH_LIMIT}: start the node with a shorter one, say -ipcbind=unix:/run/bitcoin/node.sock, and ` +
      'name that; for example: ipc = "/var/lib/bitcoind/node.sock"',
  })),
  {
    role: 'pool',
    name: 'an unknown key',
    change: { coinbase: `[coinbase]\nadress = "${HERE}"` },
    says: 'coinbase.adress: is not a known key; did you mean address?',
  },
  {
    role: 'pool',
    name: 'a wrong type',
    change: { mining: '[mining]\nshares_per_minute = "fast"' },
    says: 'mining.shares_per_minute: "fast" is not a number; for example: shares_per_minute = 6',
  },
  {
    role: 'pool',
    name: 'a bad key',
    change: { providers: `[[template_providers]]\nurl = "${BAD_URL}"` },
    says: `template_providers[0].url: ${BAD_KEY}; for example: url = "${URL_OF_SERVER}"`,
  },
  {
    role: 'pool',
    name: 'both an address and a descriptor',
    change: { coinbase: `[coinbase]\naddress = "${HERE}"\ndescriptor = "raw(51)"` },
    says: `coinbase: has both an address and a descriptor: remove one; for example: address = "${HERE}"`,
  },
  {
    role: 'pool',
    name: 'an address of another network',
    change: { coinbase: `[coinbase]\naddress = "${ELSEWHERE}"` },
    says:
      `coinbase.address: cannot be paid on regtest: '${ELSEWHERE}' is no regtest address: its prefix is 'bc', ` +
      `regtest uses 'bcrt'; '${HERE}' would be one; for example: address = "${HERE}"`,
  },
  {
    role: 'pool',
    name: 'a secret that cannot be read',
    change: { nodes: '[[nodes]]\nurl = "http://127.0.0.1:1"\nuser = "me"\npassword = "file:not-a-file"' },
    says:
      'nodes[0].password: the value names the file FOLDER/not-a-file, which cannot be read: is a folder, not a file; ' +
      'for example: password = "file:rpc-password"',
  },
  {
    role: 'pool',
    name: 'a key file that is not there',
    change: { identity: '[identity]\nauthority_secret_file = "lost.key"' },
    says: `identity: FOLDER/lost.key: there is no such file or folder; for example: ${MAKE_KEY}`,
  },
  {
    role: 'pool',
    name: 'no key at all',
    change: { identity: '' },
    says:
      'identity.static_key_file: is missing: without it (or authority_secret_file) the service cannot prove who it is; ' +
      'for example: static_key_file = "pool.key"',
  },
  {
    role: 'mining-device',
    name: 'an unknown key',
    change: { top: 'thraeds = 2' },
    says: 'thraeds: is not a known key; did you mean threads?',
  },
  {
    role: 'mining-device',
    name: 'a wrong type',
    change: { top: 'channel = 3' },
    says: 'channel: 3 is not one of standard, extended; for example: channel = "standard"',
  },
  {
    role: 'mining-device',
    name: 'a bad address',
    change: { upstreams: '[[upstreams]]\nurl = "stratum2+tcp://pool.example"' },
    says: `upstreams[0].url: "stratum2+tcp://pool.example" ${NO_PORT}; for example: url = "${URL_OF_SERVER.replace('8442', '3336')}"`,
  },
  {
    role: 'mining-device',
    name: 'a bad key',
    change: { upstreams: `[[upstreams]]\nurl = "${BAD_URL}"` },
    says: `upstreams[0].url: ${BAD_KEY}; for example: url = "${URL_OF_SERVER.replace('8442', '3336')}"`,
  },
  {
    role: 'mining-device',
    name: 'no server',
    change: { upstreams: '' },
    says: 'upstreams: needs at least 1; for example: [[upstreams]]',
  },
  {
    role: 'translator',
    name: 'a V1 pool, which is what the other translator is for',
    change: { upstreams: `[[upstreams]]\nurl = "${URL_OF_V1_POOL}"` },
    says:
      `upstreams[0].url: "${URL_OF_V1_POOL}" is a Stratum V1 URL; a Stratum V2 server's begins with stratum2+tcp://; ` +
      `for example: url = "stratum2+tcp://pool.example:3336/${KEY}"`,
  },
  {
    role: 'translator',
    name: 'half of what TLS needs',
    change: { tls: '[tls]\nlisten = "127.0.0.1:1"\ncert_file = "miners.pem"' },
    says: 'tls.key_file: is missing: TLS needs all three keys',
  },
  {
    role: 'translator',
    name: 'an extranonce2 that no firmware could use',
    change: { top: 'extranonce2_size = 1' },
    says: 'extranonce2_size: 1 is below 2; for example: extranonce2_size = 4',
  },
  {
    role: 'translator-to-v1',
    name: 'a V2 pool, which is what the other translator is for',
    change: { upstreams: '[[upstreams]]\nurl = "stratum2+tcp://pool.example:3333"\nuser = "account.worker"' },
    says:
      `upstreams[0].url: "stratum2+tcp://pool.example:3333" is a Stratum V2 URL; a Stratum V1 pool's begins with ` +
      `stratum+tcp://, or stratum+ssl:// for TLS; for example: url = "${URL_OF_V1_POOL}"`,
  },
  {
    role: 'translator-to-v1',
    name: 'nobody whom the pool would pay',
    change: { upstreams: `[[upstreams]]\nurl = "${URL_OF_V1_POOL}"` },
    says: 'upstreams[0].user: is missing; for example: user = "account.worker"',
  },
];
