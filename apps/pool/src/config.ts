import {
  address,
  type ConfigOf,
  chainGuardSection,
  checkNodes,
  choice,
  coinbaseFields,
  checkCoinbase,
  config,
  checkLedger,
  identitySection,
  ledgerSection,
  integer,
  jobDeclarationFields,
  nodeFields,
  path,
  reloadable,
  required,
  section,
  sections,
  stratumUrl,
  text,
  texts,
} from '@sv2kit/daemon';
import {
  acknowledgementsSection,
  badSharesSection,
  checkMiners,
  extensionsSection,
  MAX_TAG_SIZE,
  minerLimitsSection,
  miningFields,
  proxyProtocolField,
  workersSection,
} from '@sv2kit/mining-server';
import { checkPayout, payoutSection } from './payout/payout-config.ts';
import { USER_POLICIES } from './users.ts';

const EXAMPLE_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';

/** Everything an operator can set. */
export const poolConfig = config(
  {
    listen: address('127.0.0.1:3336', 'Where miners connect.'),
    proxyProtocol: proxyProtocolField,
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', 'The chain to mine on.'),
    dataDir: path('pool-data', 'The ledger is kept in here: the journal of shares and blocks, and ledger.sqlite.'),
    identity: identitySection,
    ledger: ledgerSection,
    templateProviders: reloadable(
      sections(
        'Where block templates come from, the preferred one first: the next is used while it is away.',
        { url: required(stratumUrl(`stratum2+tcp://127.0.0.1:8442/${EXAMPLE_KEY}`, 'Address and authority key.')) },
        { atLeast: 1 },
      ),
    ),
    coinbase: section('The coinbase transaction: either an address or a descriptor.', {
      ...coinbaseFields,
      tag: text('/sv2kit/', `Text that marks the pool's blocks, at most ${MAX_TAG_SIZE} bytes.`, {
        maxBytes: MAX_TAG_SIZE,
      }),
    }),
    payout: payoutSection,
    users: reloadable(
      section('Who may mine. An identity is user or user.worker.', {
        policy: choice(
          USER_POLICIES,
          'open',
          'Anybody, users that are an address of the chain, or the users of a list.',
        ),
        allow: texts([], 'The list: users, or whole identities.'),
      }),
    ),
    mining: section('How miners are served.', {
      ...miningFields,
      frontEnd: integer(0, 'Differs between pool processes that serve at the same time.', { min: 0, max: 255 }),
    }),
    acknowledgements: acknowledgementsSection,
    extensions: extensionsSection,
    nodes: sections(
      'Bitcoin nodes that get each found block too, whole, and confirm it. May be none.',
      nodeFields('found blocks confirmed, and from Bitcoin Core 32 on handed over whole'),
    ),
    chainGuard: chainGuardSection,
    jobDeclaration: section(
      'Jobs that miners bring themselves; without token_key_file there are none. The job declarator server of this ' +
        'pool must have the same file, and the same of the other keys.',
      jobDeclarationFields,
    ),
    jobDeclarators: sections(
      'Job declarator servers of this pool: each gets every block on a declared job. May be none.',
      {
        url: required(stratumUrl(`stratum2+tcp://127.0.0.1:3337/${EXAMPLE_KEY}`, 'Address and authority key.')),
      },
    ),
    limits: minerLimitsSection,
    badShares: badSharesSection,
    workers: workersSection,
  },
  {
    check: ({
      coinbase,
      chain,
      users,
      nodes,
      chainGuard,
      mining,
      extensions,
      jobDeclaration,
      jobDeclarators,
      ledger,
      payout,
      badShares,
    }) => [
      ...checkCoinbase(coinbase, chain),
      ...(users.policy === 'list' && users.allow.length === 0
        ? [{ key: 'users.allow', wrong: 'is empty, so that nobody could mine', example: 'allow = ["alice"]' }]
        : []),
      ...checkMiners({ mining, extensions, badShares }),
      ...checkLedger(ledger),
      ...checkPayout(payout, ledger),
      ...checkNodes(nodes),
      ...(chainGuard.blocks.length > 0 && nodes.length === 0
        ? [
            {
              key: 'chain_guard.blocks',
              wrong: 'cannot be checked without a [[nodes]] of the pool, which is asked for them',
              example:
                '[[nodes]] with ipc or url; or give the blocks to the template provider, in its own configuration',
            },
          ]
        : []),
      ...(jobDeclarators.length > 0 && jobDeclaration.tokenKeyFile === undefined
        ? [
            {
              key: 'job_declaration.token_key_file',
              wrong: 'is missing, without which there are no blocks for the job_declarators',
              example: 'token_key_file = "job-tokens.key"',
            },
          ]
        : []),
    ],
  },
);
export type PoolConfig = ConfigOf<typeof poolConfig>;
