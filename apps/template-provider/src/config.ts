import {
  address,
  type ConfigOf,
  checkRpcCredentials,
  choice,
  config,
  identitySection,
  integer,
  number,
  optional,
  path,
  secret,
  section,
  sections,
  text,
  url,
} from '@sv2kit/daemon';

const HASH = /^[0-9a-f]{64}$/;
const HALVING_840_000 = '0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5';

/** Everything an operator can set. */
export const templateProviderConfig = config(
  {
    listen: address('127.0.0.1:8442', 'Where pools and job declarator clients connect.'),
    chain: choice(
      ['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'],
      'mainnet',
      'The chain; a node on another one is not used.',
    ),
    dataDir: path('template-provider-data', 'Solved blocks are kept in here, under solved-blocks.'),
    identity: identitySection,
    nodes: sections(
      'Bitcoin nodes, the preferred one first: its templates are used while it is there. Solved blocks go to all.',
      {
        url: url('http://127.0.0.1:8332', "The node's RPC."),
        cookieFile: optional(path('/var/lib/bitcoind/.cookie', "The node's cookie; or give user and password.")),
        user: optional(text('template-provider', 'RPC user.')),
        password: optional(secret('file:rpc-password', 'RPC password.')),
        zmqHashBlock: optional(
          url('tcp://127.0.0.1:28332', 'What the node has for zmqpubhashblock: new tips at once.', ['tcp', 'ipc']),
        ),
      },
      { atLeast: 1 },
    ),
    knownBlocks: sections(
      "Blocks that a node's chain must hold once it is that high; for telling apart the sides of a chain split.",
      {
        height: integer(840_000, 'Height of the block.', { min: 0 }),
        hash: text(HALVING_840_000, 'Its hash, as explorers show it.', {
          pattern: HASH,
          shape: '64 lower-case hex digits',
        }),
      },
    ),
    templates: section('What clients get, and how often.', {
      feeThreshold: integer(1000, 'Satoshis by which fees must rise for a new template on the same tip.', { min: 0 }),
      feeInterval: number(5, 'Seconds, at least, between two templates on the same tip. A new tip never waits.', {
        min: 0,
      }),
      emptyAhead: choice(
        ['named', 'always', 'never'],
        'named',
        'Send an empty template for the next height ahead of its tip, for a faster start. named: to clients that give ' +
          'a vendor in SetupConnection, as the protocol demands; those that do not may take it for the current tip.',
      ),
      nodeAwayLimit: integer(180, 'Seconds without any node, after which clients are sent away.', { min: 1 }),
    }),
    maxClients: integer(64, 'Connections at once, at most.', { min: 1, max: 10_000 }),
  },
  { check: ({ nodes }) => checkRpcCredentials(nodes) },
);
export type TemplateProviderConfig = ConfigOf<typeof templateProviderConfig>;
export type NodeConfig = TemplateProviderConfig['nodes'][number];
