import {
  address,
  boolean,
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
  secret,
  section,
  sections,
  stratum1Url,
  text,
  texts,
} from '@sv2kit/daemon';
import { REJECTION_POLICY } from '@sv2kit/declaration';
import {
  acknowledgementsSection,
  badSharesSection,
  checkMiners,
  extensionsSection,
  minerLimitsSection,
  proxyProtocolField,
  targetFields,
  workersSection,
} from '@sv2kit/mining-server';
import { checkReconnectHosts, checkUpstreams } from './config-checks.ts';

const seconds = (sample: number, help: string) => number(sample, help, { min: 0.1, max: 86_400 });
const MASK = /^[0-9a-f]{1,8}$/i;

/** Everything an operator can set. */
export const translatorToV1Config = config(
  {
    listen: address('127.0.0.1:34275', 'Where V2 devices connect.'),
    proxyProtocol: proxyProtocolField,
    dataDir: path(
      'translator-to-v1-data',
      'The ledger is kept in here: the journal of shares and blocks, and ledger.sqlite.',
    ),
    identity: identitySection,
    ledger: ledgerSection,
    upstreams: sections(
      'Stratum V1 pools, the preferred one first: the next is used while it is away or of no use.',
      {
        url: required(stratum1Url('stratum+tcp://pool.example:3333', 'Address; stratum+ssl:// for TLS.')),
        user: required(text('account.worker', 'User name at the pool, whom it pays.', { maxBytes: 128 })),
        password: optional(
          secret('x', 'Password at the pool; x when left out. Some pools take d=1024 for a difficulty.'),
        ),
        caFile: optional(
          path(
            'pool-ca.pem',
            "Certificates to trust in place of the system's, for stratum+ssl:// to a pool with its own; PEM.",
          ),
        ),
      },
      { atLeast: 1 },
    ),
    pool: section('What is said to pools.', {
      versionMask: text('1fffe000', 'Version bits to ask for, in hexadecimal digits; 0 for none.', {
        pattern: MASK,
        shape: 'up to eight hexadecimal digits',
      }),
      nameWorkers: boolean(
        false,
        "Whether each channel's shares go under account.worker, with the worker that its user_identity names.",
      ),
      suggestDifficulty: optional(number(65_536, 'Share difficulty to ask for; pools need not follow.', { min: 1e-9 })),
      reconnectHosts: texts(
        [],
        'Hosts that client.reconnect may lead to beside the own one; .example.com for all below.',
      ),
    }),
    extranonce: section("How the pool's extranonce2 is shared out among channels.", {
      indexBytes: optional(
        integer(
          2,
          'Bytes that tell channels apart: 1 for 256 channels, 2 for 65,536. As many as fit, up to 2, when left out.',
          {
            min: 1,
            max: 3,
          },
        ),
      ),
      room: integer(
        2,
        'Least bytes that extended channels can roll; a pool that leaves fewer is passed over. 0 where all devices open standard channels.',
        { min: 0, max: 16 },
      ),
    }),
    mining: section('How devices are served.', {
      ...targetFields,
      refreshInterval: reloadable(
        number(30, 'Seconds after which the job at hand becomes new jobs.', { min: 1, max: 3600 }),
      ),
    }),
    outage: section('When a pool is given up, and how long devices go on without any.', {
      keepWorking: seconds(60, 'Seconds without a pool, after which devices are sent away.'),
      jobs: seconds(300, 'Seconds without a job, after which a pool is left.'),
      answer: seconds(60, 'Seconds without an answer to a share, after which a pool is left.'),
      refusedShares: integer(REJECTION_POLICY.rejected, 'So many refused shares ...', { min: 1, max: 10_000 }),
      ofLast: integer(REJECTION_POLICY.ofLast, '... among the last so many, and a pool is left.', {
        min: 1,
        max: 10_000,
      }),
      tipGrace: seconds(5, 'Seconds around a new tip in which refusals do not count.'),
    }),
    acknowledgements: acknowledgementsSection,
    extensions: extensionsSection,
    badShares: badSharesSection,
    workers: workersSection,
    limits: minerLimitsSection,
  },
  {
    check: ({ mining, extensions, badShares, outage, upstreams, pool, ledger }) => [
      ...checkMiners({ mining, extensions, badShares }),
      ...checkLedger(ledger),
      ...checkUpstreams(upstreams),
      ...checkReconnectHosts(pool.reconnectHosts),
      ...(outage.refusedShares > outage.ofLast
        ? [{ key: 'outage.refused_shares', wrong: 'is above of_last', example: 'refused_shares = 10' }]
        : []),
    ],
  },
);
export type TranslatorToV1Config = ConfigOf<typeof translatorToV1Config>;
