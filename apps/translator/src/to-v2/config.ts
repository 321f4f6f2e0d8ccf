import { BitcoinError, type Network, scriptFromAddress } from '@sv2kit/bitcoin';
import {
  type Address,
  address,
  addressRanges,
  boolean,
  checkExtensions,
  choice,
  type ConfigOf,
  config,
  integer,
  integers,
  type Mismatch,
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
import { badSharesSection, proxyProtocolField } from '@sv2kit/mining-server';
import { DEFAULT_LIMITS } from '@sv2kit/net';
import { tlsProblem } from './tls-files.ts';

const EXAMPLE_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const EXAMPLE_PAYOUT = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const HEX = /^(?:[0-9a-f]{2})+$/i;

/** Everything that an operator can set of the role `translator`. */
export const translatorConfig = config(
  {
    listen: address('127.0.0.1:34255', 'Where Stratum V1 miners connect.'),
    tls: section('A second port for miners that speak Stratum V1 over TLS; all three keys, or none.', {
      listen: optional(address('0.0.0.0:34256', 'Where they connect.')),
      certFile: optional(path('translator.pem', 'Certificate chain, PEM; read anew when it changes.')),
      keyFile: optional(path('translator.key', 'Its secret key, PEM.')),
    }),
    proxyProtocol: proxyProtocolField,
    upstreams: sections(
      'Where the shares go, the preferred one first: pools, or job declarator clients of your own.',
      {
        url: required(stratumUrl(`stratum2+tcp://pool.example:3336/${EXAMPLE_KEY}`, 'Address and authority key.')),
        userIdentity: optional(
          text('alice', 'Account there: a miner is account.worker then. Left out, each miner names itself in full.', {
            maxBytes: 200,
          }),
        ),
      },
      { atLeast: 1 },
    ),
    aggregateChannels: boolean(
      false,
      'One channel for all miners instead of one for each: less traffic; the pool tells workers apart by extension 2.',
    ),
    extranonce2Size: integer(4, "Bytes of each miner's own extranonce2; more than 8 is too much for some firmware.", {
      min: 2,
      max: 16,
    }),
    chain: choice(['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'], 'mainnet', "The payout address's chain."),
    payout: section(
      'Look into every job whether it pays you; an upstream whose jobs do not is left. For solo pools, or your own.',
      {
        address: optional(text(EXAMPLE_PAYOUT, 'Has to be paid.')),
        script: optional(
          text('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'The same as a script in hex.', {
            pattern: HEX,
            shape: 'a script in hexadecimal digits',
          }),
        ),
        share: number(1, 'At least this part of the whole coinbase.', { min: 0.000001, max: 1 }),
      },
    ),
    miners: section('How miners are served.', {
      sharesPerMinute: reloadable(number(6, 'Wanted share rate of one miner.', { min: 0.1, max: 1e6 })),
      minDifficulty: reloadable(
        number(0.0001, 'None gets an easier one, unless the upstream wants it.', { min: 1e-12 }),
      ),
      startDifficulty: reloadable(
        optional(
          number(8192, 'For every miner whose password names none; guessed from the firmware otherwise.', {
            min: 1e-12,
          }),
        ),
      ),
      keepAlive: number(45, 'Seconds without a job after which the last is sent anew: some firmware gives up at 120.', {
        min: 1,
        max: 600,
      }),
      versionMask: text('1fffe000', 'Version bits that miners may roll, in hex; 00000000 for none.', {
        pattern: /^[0-9a-f]{8}$/i,
        shape: '8 hexadecimal digits',
      }),
    }),
    outage: section('When no upstream is there, or none of use. Times are in seconds.', {
      keepWorking: number(
        60,
        'Miners keep their last work for so long; then they are let go, so that they turn to a pool of their own list.',
        { min: 0, max: 3600 },
      ),
      retry: number(15, 'Longest pause between tries to reach an upstream.', { min: 0.1, max: 3600 }),
      probe: number(
        60,
        'How often a preferred upstream is looked for while another is used; one that was lost is passed over at first.',
        {
          min: 0.1,
          max: 86_400,
        },
      ),
      passOver: number(60, 'An upstream that is of no use is not tried for so long, twice as long each time.', {
        min: 0.1,
        max: 86_400,
      }),
      mostRejected: number(0.5, 'An upstream that rejects more than this part of its shares is left; 1 for never.', {
        min: 0.01,
        max: 1,
      }),
      answer: number(300, 'An upstream that says nothing at all for so long after a share was sent is left.', {
        min: 1,
        max: 86_400,
      }),
      silence: number(0, 'An upstream that says nothing for so long is taken for dead; 0: TCP decides.', {
        min: 0,
        max: 86_400,
      }),
    }),
    extensions: section('Protocol extensions, by number.', {
      supported: integers([2], 'Extensions to ask upstreams for; 2 names the worker behind each share.', {
        min: 0,
        max: 0x7fff,
      }),
      required: integers([], 'Extensions without which an upstream is of no use.', { min: 0, max: 0x7fff }),
    }),
    badShares: badSharesSection,
    limits: reloadable(
      section('What miners may cost.', {
        connections: integer(DEFAULT_LIMITS.connections, 'Connections at once.', { min: 1, max: 65_000 }),
        connectionsPerAddress: integer(DEFAULT_LIMITS.connectionsPerAddress, 'Of these from one address.', { min: 1 }),
        exempt: addressRanges(DEFAULT_LIMITS.exempt, 'Addresses and subnets without a limit of their own.'),
        authorise: number(10, 'Seconds until a connection must have asked for authorisation.', { min: 0.1, max: 3600 }),
        silence: number(3600, 'Seconds without a word after which a connection is ended; 0 for never.', { min: 0 }),
        sharesPerSecond: number(500, 'Shares a second of one connection; more ends it.', { min: 1 }),
      }),
    ),
  },
  {
    check: (values) => [
      ...checkTls(values.tls),
      ...checkPayout(values.payout, values.chain),
      ...checkExtensions(values.extensions),
      ...checkBadShares(values.badShares),
    ],
  },
);
export type TranslatorConfig = ConfigOf<typeof translatorConfig>;

/** `[tls]` as it is read. */
interface Tls {
  readonly listen: Address | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** `[payout]` as it is read. */
interface Payout {
  readonly address: string | undefined;
  readonly script: string | undefined;
  readonly share: number;
}

function checkBadShares({ newWork, sendAway }: { readonly newWork: number; readonly sendAway: number }): Mismatch[] {
  if (sendAway > newWork) return [];
  return [{ key: 'bad_shares.send_away', wrong: 'is not above new_work', example: 'send_away = 512' }];
}

function checkTls(tls: Tls): Mismatch[] {
  const keys = { listen: tls.listen, cert_file: tls.certFile, key_file: tls.keyFile };
  const missing = Object.entries(keys).filter(([, value]) => value === undefined);
  if (tls.listen !== undefined && tls.certFile !== undefined && tls.keyFile !== undefined) {
    const wrong = tlsProblem(tls.certFile, tls.keyFile);
    return wrong === undefined ? [] : [{ key: 'tls', wrong }];
  }
  if (missing.length === 3) return [];
  return missing.map(([key]) => ({ key: `tls.${key}`, wrong: 'is missing: TLS needs all three keys' }));
}

function checkPayout(payout: Payout, chain: Network): Mismatch[] {
  if (payout.address !== undefined && payout.script !== undefined) {
    const wrong = 'is given beside address: remove one';
    return [{ key: 'payout.script', wrong, example: `address = "${payout.address}"` }];
  }
  if (payout.share !== 1 && payout.address === undefined && payout.script === undefined) {
    const wrong = 'is a share of what nobody is named for: give address or script beside it';
    return [{ key: 'payout.share', wrong, example: `address = "${EXAMPLE_PAYOUT}"` }];
  }
  try {
    payoutScript(payout, chain);
    return [];
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    return [{ key: 'payout.address', wrong: `is no address of ${chain}: ${error.message}`, example: 'leave it out' }];
  }
}

/**
 * The script that every job has to pay, if there is one.
 *
 * @throws BitcoinError for an address of another chain, which the configuration's check says before
 */
export function payoutScript(payout: Omit<Payout, 'share'>, chain: Network): Uint8Array | undefined {
  if (payout.address !== undefined) return scriptFromAddress(payout.address, chain);
  return payout.script === undefined ? undefined : Uint8Array.from(Buffer.from(payout.script, 'hex'));
}
