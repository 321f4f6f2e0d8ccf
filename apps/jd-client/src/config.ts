import {
  address,
  checkCoinbase,
  choice,
  coinbaseFields,
  type ConfigOf,
  config,
  checkLedger,
  identitySection,
  ledgerSection,
  integer,
  number,
  optional,
  path,
  reloadable,
  required,
  section,
  sections,
  stratumUrl,
  text,
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
import { checkUpstreams } from './upstream-config.ts';

const EXAMPLE_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const EXAMPLE_PAYOUT = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const seconds = (sample: number, help: string) => number(sample, help, { min: 0.1, max: 86_400 });

/** Everything an operator can set. */
export const jdClientConfig = config(
  {
    listen: address('127.0.0.1:34265', 'Where miners connect.'),
    proxyProtocol: proxyProtocolField,
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', 'The chain to mine on.'),
    dataDir: path('jd-client-data', 'The ledger is kept in here: the journal of shares and blocks, and ledger.sqlite.'),
    identity: identitySection,
    ledger: ledgerSection,
    templateProviders: reloadable(
      sections(
        'Where block templates come from, the preferred one first: the next is used while it is away.',
        { url: required(stratumUrl(`stratum2+tcp://127.0.0.1:8442/${EXAMPLE_KEY}`, 'Address and authority key.')) },
        { atLeast: 1 },
      ),
    ),
    upstreams: sections(
      'Pools with their job declarator servers, the preferred one first. Without any, blocks pay the address below.',
      {
        poolUrl: required(
          stratumUrl(`stratum2+tcp://pool.example:3336/${EXAMPLE_KEY}`, "The pool's address and authority key."),
        ),
        jdsUrl: required(
          stratumUrl(`stratum2+tcp://pool.example:3337/${EXAMPLE_KEY}`, 'The same of its job declarator server.'),
        ),
        userIdentity: required(text('alice.rig', 'Who the pool shall credit.', { maxBytes: 255 })),
        mode: choice(
          ['full-template', 'coinbase-only'],
          'full-template',
          'Whether the server is shown the transactions, or the coinbase alone.',
        ),
        payoutAddress: optional(
          text(EXAMPLE_PAYOUT, 'Where the pool must want its payout; any address when left out.'),
        ),
        payoutScript: optional(text('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'The same as a script in hex.')),
      },
    ),
    coinbase: section('Where blocks pay while no pool is mined for: either an address or a descriptor.', {
      ...coinbaseFields,
      tag: text('/sv2kit/', `Text that marks the blocks, at most ${MAX_TAG_SIZE} bytes.`, { maxBytes: MAX_TAG_SIZE }),
    }),
    mining: section('How miners are served.', {
      ...miningFields,
      extranonceRoom: integer(8, 'Bytes of extranonce for each miner, to be had from every listed pool.', {
        min: 2,
        max: 16,
      }),
      frontEnd: integer(0, 'Differs between client processes that serve at the same time.', { min: 0, max: 255 }),
    }),
    acknowledgements: acknowledgementsSection,
    fallback: section('When a pool is left for the next one, or for solo mining. Times are in seconds.', {
      startWait: number(5, 'The first pool is waited for so long before miners mine solo.', { min: 0, max: 3600 }),
      retry: seconds(15, 'Longest pause between tries to reach a pool or server that is away.'),
      nextAfter: seconds(2, 'Without a pool, the next of the list is tried too after so long.'),
      token: seconds(10, 'A server may take so long to give a token.'),
      declare: seconds(10, 'A server may take so long to answer a declaration.'),
      customJob: seconds(10, 'A pool may take so long to answer a custom job, or to open the channel.'),
      shareAcknowledgement: seconds(300, 'A pool may take so long to answer a share.'),
      rejectedShares: integer(10, 'So many rejected shares are too many ...', { min: 1, max: 1000 }),
      ofLast: integer(20, '... of so many, each valid on the tip current when it was sent.', { min: 1, max: 1000 }),
      tipGrace: seconds(3, 'A refusal or rejection is forgiven when a new tip comes within so long.'),
      passOver: seconds(30, 'A pool that misbehaved is not tried for so long, twice as long each time.'),
      stable: seconds(60, 'A pool that served for so long has made up for it.'),
    }),
    extensions: extensionsSection,
    badShares: badSharesSection,
    workers: workersSection,
    limits: minerLimitsSection,
  },
  {
    check: ({ coinbase, chain, upstreams, mining, fallback, extensions, badShares, ledger }) => [
      ...checkCoinbase(coinbase, chain),
      ...checkUpstreams(upstreams, chain),
      ...(fallback.rejectedShares > fallback.ofLast
        ? [{ key: 'fallback.rejected_shares', wrong: 'is above of_last', example: 'rejected_shares = 10' }]
        : []),
      ...checkMiners({ mining, extensions, badShares }),
      ...checkLedger(ledger),
    ],
  },
);
export type JdClientConfig = ConfigOf<typeof jdClientConfig>;
