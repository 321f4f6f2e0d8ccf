import {
  address,
  boolean,
  type ConfigOf,
  checkRpcCredentials,
  choice,
  coinbaseFields,
  checkCoinbase,
  checkExtensions,
  config,
  identitySection,
  integer,
  integers,
  jobDeclarationFields,
  number,
  optional,
  path,
  secret,
  section,
  sections,
  stratumUrl,
  text,
  texts,
  url,
} from '@sv2kit/daemon';
import { MAX_TAG_SIZE, MINING_SERVER_DEFAULTS, MINING_SERVER_LIMITS } from '@sv2kit/mining-server';
import { DEFAULT_LIMITS } from '@sv2kit/net';
import { USER_POLICIES } from './users.ts';

const { targets, batch } = MINING_SERVER_DEFAULTS;
const EXAMPLE_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';

/** Everything an operator can set. */
export const poolConfig = config(
  {
    listen: address('127.0.0.1:3336', 'Where miners connect.'),
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', 'The chain to mine on.'),
    dataDir: path('pool-data', 'The journal of shares and blocks is kept in here, under journal.'),
    identity: identitySection,
    templateProviders: sections(
      'Where block templates come from, the preferred one first: the next is used while it is away.',
      { url: stratumUrl(`stratum2+tcp://127.0.0.1:8442/${EXAMPLE_KEY}`, 'Address and authority key.') },
      { atLeast: 1 },
    ),
    coinbase: section('The coinbase transaction: either an address or a descriptor.', {
      ...coinbaseFields,
      tag: text('/sv2kit/', `Text that marks the pool's blocks, at most ${MAX_TAG_SIZE} bytes.`, {
        maxBytes: MAX_TAG_SIZE,
      }),
    }),
    users: section('Who may mine. An identity is user or user.worker.', {
      policy: choice(USER_POLICIES, 'open', 'Anybody, users that are an address of the chain, or the users of a list.'),
      allow: texts([], 'The list: users, or whole identities.'),
    }),
    mining: section('How miners are served.', {
      sharesPerMinute: number(targets.sharesPerMinute, 'Wanted share rate of one channel.', { min: 0.1, max: 1e6 }),
      minDifficulty: number(targets.minDifficulty, 'No channel gets an easier target.', { min: 1e-12 }),
      maxDifficulty: number(targets.maxDifficulty, 'No channel gets a harder target.', { min: 1e-9, max: 1e18 }),
      assumedHashrate: number(targets.assumedHashrate, 'Hashes per second of a channel that states none.', { min: 1 }),
      versionRolling: boolean(true, 'Whether miners may roll the version bits of BIP323.'),
      refreshInterval: number(30, 'Seconds after which the latest template becomes new jobs.', { min: 1, max: 3600 }),
      staleWorkLimit: number(180, 'Seconds without any template provider, after which miners are sent away.', {
        min: 1,
      }),
      frontEnd: integer(0, 'Differs between pool processes that serve at the same time.', { min: 0, max: 255 }),
    }),
    acknowledgements: section('When accepted shares are acknowledged; never before they are on disk.', {
      count: integer(batch.count, 'As soon as so many wait.', { min: 1 }),
      delay: integer(batch.delayMs, 'Or as soon as one has waited so many milliseconds.', { min: 1, max: 60_000 }),
    }),
    extensions: section('Protocol extensions, by number.', {
      supported: integers([2], 'Extensions that miners may use; 2 names the worker behind each share.', {
        min: 0,
        max: 0x7fff,
      }),
      required: integers([], 'Extensions that miners must ask for.', { min: 0, max: 0x7fff }),
    }),
    nodes: sections('Bitcoin nodes that get each found block too, whole, and confirm it. May be none.', {
      url: url('http://127.0.0.1:8332', "The node's RPC."),
      cookieFile: optional(path('/var/lib/bitcoind/.cookie', "The node's cookie; or give user and password.")),
      user: optional(text('pool', 'RPC user.')),
      password: optional(secret('file:rpc-password', 'RPC password.')),
    }),
    jobDeclaration: section(
      'Jobs that miners bring themselves; without token_key_file there are none. The job declarator server of this ' +
        'pool must have the same file, and the same of the other keys.',
      jobDeclarationFields,
    ),
    jobDeclarators: sections(
      'Job declarator servers of this pool: each gets every block on a declared job. May be none.',
      {
        url: stratumUrl(`stratum2+tcp://127.0.0.1:3337/${EXAMPLE_KEY}`, 'Address and authority key.'),
      },
    ),
    limits: section('What miners may cost.', {
      connections: integer(DEFAULT_LIMITS.connections, 'Connections at once.', { min: 1 }),
      connectionsPerAddress: integer(DEFAULT_LIMITS.connectionsPerAddress, 'Of these from one address.', { min: 1 }),
      channelsPerConnection: integer(MINING_SERVER_LIMITS.channelsPerConnection, 'Channels of one connection.', {
        min: 1,
      }),
      firstChannel: number(60, 'Seconds until a connection must have opened a channel.', { min: 1 }),
      silence: number(3600, 'Seconds without a word after which a connection is ended; 0 for never.', { min: 0 }),
    }),
  },
  {
    check: ({ coinbase, chain, users, nodes, mining, extensions, jobDeclaration, jobDeclarators }) => [
      ...checkCoinbase(coinbase, chain),
      ...(users.policy === 'list' && users.allow.length === 0
        ? [{ key: 'users.allow', wrong: 'is empty, so that nobody could mine', example: 'allow = ["alice"]' }]
        : []),
      ...(mining.minDifficulty > mining.maxDifficulty
        ? [{ key: 'mining.min_difficulty', wrong: 'is above max_difficulty', example: 'min_difficulty = 0.001' }]
        : []),
      ...checkExtensions(extensions),
      ...checkRpcCredentials(nodes),
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
export type NodeConfig = PoolConfig['nodes'][number];
