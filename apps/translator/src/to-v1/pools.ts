import { readFileSync } from 'node:fs';
import { ConfigError } from '@sv2kit/daemon';
import type { ClientSessionOptions } from '@sv2kit/sv1';
import { endpointName, type V1Endpoint } from '@sv2kit/upstream';
import type { TranslatorToV1Config } from './config.ts';

type UpstreamConfig = TranslatorToV1Config['upstreams'][number];

/** One of `[[upstreams]]`, ready for use. */
export interface ListedPool {
  /** Differs from all others'. */
  readonly name: string;
  readonly endpoint: V1Endpoint;
  readonly user: string;
  readonly password: string;
}

const USER_AGENT = 'sv2kit-translator/0.1';
/** What nearly every pool takes for no password. */
const NO_PASSWORD = 'x';

/**
 * The pools in order of preference; one that is listed twice, say under two users, gets two names.
 *
 * @throws ConfigError when a file of certificates cannot be read
 */
export function listedPools(upstreams: readonly UpstreamConfig[]): readonly ListedPool[] {
  const pools: ListedPool[] = [];
  for (const [index, { url, user, password, caFile }] of upstreams.entries()) {
    const first = endpointName(url);
    const same = pools.filter(({ name }) => name === first || name.startsWith(`${first} #`)).length;
    const name = same === 0 ? first : `${first} #${same + 1}`;
    const tls = url.tls && caFile !== undefined ? { ca: certificates(caFile, index) } : url.tls;
    pools.push({ name, endpoint: { ...url, tls, name }, user, password: password?.reveal() ?? NO_PASSWORD });
  }
  return pools;
}

/** Who we are to a pool. @param sessions of earlier connections, by the pool's name */
export function sessionOf(
  { host, port }: V1Endpoint,
  { name, user, password }: ListedPool,
  { pool }: TranslatorToV1Config,
  sessions: ReadonlyMap<string, string>,
): ClientSessionOptions {
  const session = sessions.get(name) ?? '';
  const { suggestDifficulty } = pool;
  return {
    host,
    port,
    userAgent: USER_AGENT,
    username: user,
    password,
    versionMask: Number.parseInt(pool.versionMask, 16),
    reconnectHosts: pool.reconnectHosts,
    ...(session !== '' && { session }),
    ...(suggestDifficulty !== undefined && { suggestDifficulty }),
  };
}

function certificates(file: string, index: number): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const wrong = `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError([{ source: '', key: `upstreams[${index}].ca_file`, wrong }], { cause });
  }
}
