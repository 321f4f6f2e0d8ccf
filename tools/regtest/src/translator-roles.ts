// Configurations of the translator's two roles as scenarios need them.
import type { PrivateChain } from '@sv2kit/bitcoind';
import { createTranslator, createTranslatorToV1, translatorConfig, translatorToV1Config } from '@sv2kit/translator';
import { lines, quoted } from './roles.ts';

export const translator = { name: 'translator', config: translatorConfig, create: createTranslator } as const;

export const translatorToV1 = {
  name: 'translator-to-v1',
  config: translatorToV1Config,
  create: createTranslatorToV1,
} as const;

/** Where V1 miners' shares go, as a translator is configured with it. */
interface TranslatorUpstream {
  readonly url: string;
  /** Account there; each miner names itself in full when absent. */
  readonly user?: string;
}

export interface TranslatorSettings {
  readonly chain: PrivateChain;
  /** Best first. */
  readonly upstreams: readonly TranslatorUpstream[];
  readonly port?: number;
  readonly aggregate?: boolean;
  readonly extranonce2Size?: number;
  readonly sharesPerMinute?: number;
  readonly minDifficulty?: number;
  /** What a miner begins with. */
  readonly startDifficulty?: number;
  /** Version bits that miners may roll, in hex. */
  readonly versionMask?: string;
  /** Seconds for which miners keep their last work. */
  readonly keepWorking?: number;
  /** Seconds between looks for a better upstream. */
  readonly probe?: number;
  readonly proxyProtocol?: readonly string[];
  readonly payout?: { readonly script: string; readonly share: number };
  /** PEM files; a second port. */
  readonly tls?: { readonly port: number; readonly certFile: string; readonly keyFile: string };
  /** More tables, whole. */
  readonly more?: string;
}

/** Miners begin so low that every hash is a share on regtest. */
export function translatorToml(settings: TranslatorSettings): string {
  const { chain, upstreams, port = 0, aggregate = false, extranonce2Size = 4, proxyProtocol = [] } = settings;
  const { sharesPerMinute = 1e6, minDifficulty = 1e-12, startDifficulty = 1e-12, versionMask, tls } = settings;
  const { keepWorking = 60, probe = 60, payout, more = '' } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `chain = ${quoted(chain)}`,
    `aggregate_channels = ${aggregate}`,
    `extranonce2_size = ${extranonce2Size}`,
    `proxy_protocol = ${JSON.stringify(proxyProtocol)}`,
    '[miners]',
    `shares_per_minute = ${sharesPerMinute}`,
    `min_difficulty = ${minDifficulty.toFixed(16)}`,
    `start_difficulty = ${startDifficulty.toFixed(16)}`,
    versionMask === undefined ? [] : `version_mask = ${quoted(versionMask)}`,
    '[outage]',
    `keep_working = ${keepWorking}`,
    `probe = ${probe}`,
    payout === undefined ? [] : ['[payout]', `script = ${quoted(payout.script)}`, `share = ${payout.share}`],
    tls === undefined ? [] : tlsLines(tls),
    upstreams.flatMap(({ url, user }) => [
      '[[upstreams]]',
      `url = ${quoted(url)}`,
      ...(user === undefined ? [] : [`user_identity = ${quoted(user)}`]),
    ]),
    more,
  );
}

const tlsLines = ({ port, certFile, keyFile }: NonNullable<TranslatorSettings['tls']>): string[] => [
  '[tls]',
  `listen = "127.0.0.1:${port}"`,
  `cert_file = ${quoted(certFile)}`,
  `key_file = ${quoted(keyFile)}`,
];

export interface TranslatorToV1Settings {
  readonly dataDir: string;
  readonly authoritySecretFile: string;
  /** V1 pools, best first. */
  readonly upstreams: readonly { readonly url: string; readonly user: string; readonly password?: string }[];
  readonly port?: number;
  readonly sharesPerMinute?: number;
  readonly minDifficulty?: number;
  /** More tables, whole. */
  readonly more?: string;
}

/** On regtest every hash is a share of a channel. */
export function translatorToV1Toml(settings: TranslatorToV1Settings): string {
  const { dataDir, authoritySecretFile, upstreams, port = 0, more = '' } = settings;
  const { sharesPerMinute = 1e6, minDifficulty = 1e-12 } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `data_dir = ${quoted(dataDir)}`,
    '[identity]',
    `authority_secret_file = ${quoted(authoritySecretFile)}`,
    '[mining]',
    `shares_per_minute = ${sharesPerMinute}`,
    `min_difficulty = ${minDifficulty.toFixed(14)}`,
    'assumed_hashrate = 1000',
    upstreams.flatMap(({ url, user, password }) => [
      '[[upstreams]]',
      `url = ${quoted(url)}`,
      `user = ${quoted(user)}`,
      ...(password === undefined ? [] : [`password = ${quoted(password)}`]),
    ]),
    more,
  );
}
