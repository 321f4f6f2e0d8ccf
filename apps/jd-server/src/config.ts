import {
  address,
  type ConfigOf,
  chainGuardSection,
  checkCoinbase,
  checkNodes,
  choice,
  coinbaseFields,
  config,
  identitySection,
  integer,
  jobDeclarationFields,
  type Mismatch,
  nodeFields,
  number,
  optional,
  path,
  reloadable,
  section,
  sections,
  url,
} from '@sv2kit/daemon';
import { DECLARATION_LIMITS } from '@sv2kit/declaration';

/** Everything an operator can set. */
export const jdServerConfig = config(
  {
    listen: address('127.0.0.1:3337', 'Where job declarator clients connect.'),
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', 'The chain that is mined on.'),
    dataDir: path(
      'jd-server-data',
      'The journal of blocks is kept in here, under journal; blocks that a node cannot take, under blocks.',
    ),
    identity: identitySection,
    coinbase: section('The pool payout output: either an address or a descriptor, the same as the pool has.', {
      ...coinbaseFields,
    }),
    jobDeclaration: section(
      'What miners declare, and how the pool knows it: the pool must have the same.',
      jobDeclarationFields,
    ),
    nodes: sections(
      'Bitcoin nodes that check declared jobs, the preferred one first, and that get each block found on one. With none, ' +
        'only clients that show their coinbases alone are served.',
      {
        ...nodeFields('jobs checked, and from Bitcoin Core 32 on found blocks handed over'),
        zmqSequence: optional(
          url(
            'tcp://127.0.0.1:28333',
            'What the node has for zmqpubsequence: its mempool in step over RPC. IPC of Bitcoin Core 32 needs none.',
            ['tcp', 'ipc'],
          ),
        ),
      },
    ),
    chainGuard: chainGuardSection,
    limits: section('What clients may cost.', {
      connections: reloadable(integer(128, 'Connections at once.', { min: 1, max: 1024 })),
      connectionsPerAddress: reloadable(integer(16, 'Of these from one address.', { min: 1 })),
      tokensPerMinute: number(DECLARATION_LIMITS.tokensPerMinute, 'Tokens of one client: each is one job.', {
        min: 1,
        max: 100_000,
      }),
      declarationsPerMinute: number(DECLARATION_LIMITS.declarationsPerMinute, 'Declared jobs of one client.', {
        min: 1,
        max: 100_000,
      }),
      tokenLifetime: integer(DECLARATION_LIMITS.allocatedTokenSeconds, 'Seconds until an unused token is worthless.', {
        min: 1,
        max: 604_800,
      }),
      checksAtOnce: integer(2, 'Declared jobs that one node checks at once.', { min: 1, max: 16 }),
      firstUse: reloadable(number(60, 'Seconds until a connection must have asked for a token.', { min: 1 })),
      silence: reloadable(
        number(0, 'Seconds without a word after which a connection is ended; 0 for never.', { min: 0 }),
      ),
    }),
  },
  {
    check: ({ coinbase, chain, jobDeclaration, nodes }) => [
      ...checkCoinbase(coinbase, chain),
      ...checkNodes(nodes),
      ...nodes.flatMap(checkSequence),
      ...(jobDeclaration.tokenKeyFile === undefined
        ? [
            {
              key: 'job_declaration.token_key_file',
              wrong: 'is missing: the file that the pool has too, made by whichever of them starts first',
              example: 'token_key_file = "job-tokens.key"',
            },
          ]
        : []),
    ],
  },
);
export type JdServerConfig = ConfigOf<typeof jdServerConfig>;
export type NodeConfig = JdServerConfig['nodes'][number];

function checkSequence(
  { url: rpc, zmqSequence }: { readonly url?: string | undefined; readonly zmqSequence?: string | undefined },
  index: number,
): readonly Mismatch[] {
  if (rpc !== undefined || zmqSequence === undefined) return [];
  const wrong = 'has a zmq_sequence, which is for an RPC, and no url of one';
  return [{ key: `nodes[${index}]`, wrong, example: 'url = "http://127.0.0.1:8332"' }];
}
