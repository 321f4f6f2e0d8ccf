// Configurations of the roles of job declaration as scenarios need them.
import type { PrivateChain } from '@sv2kit/bitcoind';
import { createJdClient, jdClientConfig } from '@sv2kit/jd-client';
import { createJdServer, type JdServer, jdServerConfig } from '@sv2kit/jd-server';
import { createPool, type PoolConfig, type PoolDeps, poolConfig } from '@sv2kit/pool';
import { lines, nodeLines, payoutLine, quoted } from './roles.ts';
import type { NodeDoor } from './node.ts';

export const jdServer = { name: 'jd-server', config: jdServerConfig, create: createJdServer } as const;
export const jdClient = { name: 'jd-client', config: jdClientConfig, create: createJdClient } as const;

/** A pool that has its job declarator server in its own process. */
export const poolBeside = ({ verifier, solve }: JdServer) =>
  ({
    name: 'pool',
    config: poolConfig,
    create: (config: PoolConfig, deps: PoolDeps) =>
      createPool(config, { ...deps, jobDeclarator: { verifier, onDeclaredBlock: (solution) => void solve(solution) } }),
  }) as const;

/** Where a job declarator client of a scenario pays when it mines for itself, in hex. */
export const SOLO_SCRIPT = `0014${'5a'.repeat(20)}`;
const SOLO_TAG = '/scenario-solo/';

export interface JdServerSettings {
  /** None: it serves coinbase-only. */
  readonly node?: NodeDoor | undefined;
  readonly chain: PrivateChain;
  readonly dataDir: string;
  readonly authoritySecretFile: string;
  /** The pool's too. */
  readonly tokenKeyFile: string;
  readonly port?: number;
  readonly leastPayoutShare?: number;
  /** More tables, whole. */
  readonly more?: string;
}

export function jdServerToml(settings: JdServerSettings): string {
  const { node, chain, dataDir, authoritySecretFile, tokenKeyFile, port = 0, leastPayoutShare, more = '' } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `chain = ${quoted(chain)}`,
    `data_dir = ${quoted(dataDir)}`,
    '[identity]',
    `authority_secret_file = ${quoted(authoritySecretFile)}`,
    '[coinbase]',
    payoutLine(chain),
    '[job_declaration]',
    `token_key_file = ${quoted(tokenKeyFile)}`,
    leastPayoutShare === undefined ? [] : `least_payout_share = ${leastPayoutShare}`,
    node === undefined ? [] : nodeLines(node, { zmq: true }),
    more,
  );
}

/** A pool with its job declarator server, as a client is configured with them. */
export interface UpstreamPair {
  readonly poolUrl: string;
  readonly jdsUrl: string;
  readonly mode?: 'full-template' | 'coinbase-only';
  readonly user?: string;
  /** Where the pool must want its payout, in hex; anywhere when absent. */
  readonly payoutScript?: string;
}

export interface JdClientSettings {
  readonly chain: PrivateChain;
  readonly dataDir: string;
  readonly authoritySecretFile: string;
  /** Best first. */
  readonly templateProviders: readonly string[];
  /** Best first; none: solo mining. */
  readonly upstreams: readonly UpstreamPair[];
  readonly port?: number;
  readonly sharesPerMinute?: number;
  readonly minDifficulty?: number;
  /** More tables, whole. */
  readonly more?: string;
}

export function jdClientToml(settings: JdClientSettings): string {
  const { chain, dataDir, authoritySecretFile, templateProviders, upstreams, port = 0, more = '' } = settings;
  const { sharesPerMinute = 60, minDifficulty = 1e-6 } = settings;
  return lines(
    `listen = "127.0.0.1:${port}"`,
    `chain = ${quoted(chain)}`,
    `data_dir = ${quoted(dataDir)}`,
    '[identity]',
    `authority_secret_file = ${quoted(authoritySecretFile)}`,
    '[coinbase]',
    `descriptor = "raw(${SOLO_SCRIPT})"`,
    `tag = ${quoted(SOLO_TAG)}`,
    '[mining]',
    `shares_per_minute = ${sharesPerMinute}`,
    `min_difficulty = ${minDifficulty.toFixed(14)}`,
    templateProviders.flatMap((url) => ['[[template_providers]]', `url = ${quoted(url)}`]),
    upstreams.flatMap(upstreamLines),
    more,
  );
}

function upstreamLines(pair: UpstreamPair): string[] {
  const { poolUrl, jdsUrl, mode = 'full-template', user = 'scenario.jdc', payoutScript } = pair;
  return [
    '[[upstreams]]',
    `pool_url = ${quoted(poolUrl)}`,
    `jds_url = ${quoted(jdsUrl)}`,
    `user_identity = ${quoted(user)}`,
    `mode = ${quoted(mode)}`,
    ...(payoutScript === undefined ? [] : [`payout_script = ${quoted(payoutScript)}`]),
  ];
}
