import { sameBytes } from '@sv2kit/bitcoin';
import { type Config, coinbaseScript, type Mismatch, type Service, type ServiceDeps, section } from '@sv2kit/daemon';
import { createJdServer, type JdServer, type JdServerConfig, jdServerConfig } from '@sv2kit/jd-server';
import { mergedApi } from './api.ts';
import { createPoolWithV1, type PoolWithV1, type PoolWithV1Config, poolWithV1Config } from './pool-with-v1.ts';
import { closeAll, drainAll, startPart } from './part.ts';

const POOL = 'pool';
const JD_SERVER = 'jd_server';
const TOKEN_KEY_FILE = 'job_declaration.token_key_file';

export interface PoolWithJdsConfig {
  readonly pool: PoolWithV1Config;
  readonly jdServer: JdServerConfig;
}

/** The pool's keys and the job declarator server's, in a table each. */
export const poolWithJdsConfig: Config<PoolWithJdsConfig> = {
  fields: {
    pool: section(
      'The pool, with the keys it has by itself. It believes jobs by the job declarator server below, and hands it the ' +
        'blocks found on them, without a network between: token_key_file and job_declarators are not for it.',
      poolWithV1Config.fields,
    ),
    jdServer: section(
      'The job declarator server, with the keys it has by itself. Chain, coinbase, required_outputs and ' +
        "least_payout_share are the pool's too.",
      jdServerConfig.fields,
    ),
  },
  check: ({ pool, jdServer }) => {
    const alone = [
      ...inTable(POOL, poolWithV1Config.check(pool)),
      ...inTable(JD_SERVER, jdServerConfig.check(jdServer).map(inOneProcess)),
    ];
    // What cannot be paid cannot be compared either.
    const arePayoutsReadable = !alone.some(({ key }) => key.includes('.coinbase'));
    return [...alone, ...agreement(pool, jdServer, arePayoutsReadable)];
  },
};

/** A running pool with its job declarator server. */
export interface PoolWithJds extends Service<PoolWithJdsConfig> {
  readonly pool: Pick<PoolWithV1, 'address' | 'v1Address' | 'authorityPublicKey'>;
  readonly jdServer: Pick<JdServer, 'address' | 'authorityPublicKey'>;
}

/**
 * Starts a pool and its job declarator server (§6.1) in one process: tokens are known to both, and a block on a declared
 * job is where its transactions are without a detour.
 *
 * @throws ConfigError when keys cannot be used or addresses are taken; LedgerError when a journal cannot
 */
export async function createPoolWithJds(config: PoolWithJdsConfig, deps: ServiceDeps): Promise<PoolWithJds> {
  const jdServer = await startPart({ name: 'jd-server', table: JD_SERVER, ...config.jdServer }, deps, (own) =>
    createJdServer(config.jdServer, own),
  );
  try {
    const pool = await startPart({ name: 'pool', table: POOL, ...config.pool }, deps, (own) =>
      createPoolWithV1(config.pool, {
        ...own,
        jobDeclarator: {
          verifier: jdServer.verifier,
          onDeclaredBlock(solution) {
            if (!jdServer.solve(solution)) own.log.warn('a block is of no job that is still known');
          },
        },
      }),
    );
    return {
      pool,
      jdServer,
      api: () =>
        mergedApi([
          { name: 'pool', service: pool },
          { name: 'jd-server', service: jdServer },
        ]),
      status: () => ({ pool: pool.status?.() ?? {}, jdServer: jdServer.status?.() ?? {} }),
      drain: (untilMs) => drainAll([pool, jdServer], untilMs, () => deps.clock.now()),
      async reload(next) {
        const applied = [await pool.reload?.(next.pool), await jdServer.reload?.(next.jdServer)];
        return () => {
          for (const apply of applied) apply?.();
        };
      },
      close: () => closeAll([pool, jdServer]),
    };
  } catch (error) {
    await jdServer.close();
    throw error;
  }
}

function inTable(table: string, mismatches: readonly Mismatch[]): Mismatch[] {
  return mismatches.map((mismatch) => ({ ...mismatch, key: `${table}.${mismatch.key}` }));
}

/** By itself a job declarator server has this key from the pool, or makes it for it; here the pool must have none. */
function inOneProcess(mismatch: Mismatch): Mismatch {
  if (mismatch.key !== TOKEN_KEY_FILE) return mismatch;
  return { ...mismatch, wrong: 'is missing: the key that tokens are sealed with, made when it is not there' };
}

/** What both must have alike, where they have it not; payouts only when both can be read. */
function agreement(pool: PoolWithV1Config, jdServer: JdServerConfig, arePayoutsReadable: boolean): Mismatch[] {
  const [own, other] = [pool.jobDeclaration, jdServer.jobDeclaration];
  const differ: [string, boolean][] = [
    ['chain', pool.chain !== jdServer.chain],
    ['coinbase', arePayoutsReadable && pool.chain === jdServer.chain && !samePayout(pool, jdServer)],
    ['job_declaration.least_payout_share', own.leastPayoutShare !== other.leastPayoutShare],
    ['job_declaration.required_outputs', !sameScripts(own.requiredOutputs, other.requiredOutputs)],
  ];
  const given: [string, boolean][] = [
    ['job_declarators', pool.jobDeclarators.length > 0],
    [TOKEN_KEY_FILE, own.tokenKeyFile !== undefined],
  ];
  return [
    ...differ
      .filter(([, isWrong]) => isWrong)
      .map(([key]) => ({ key: `${JD_SERVER}.${key}`, wrong: `is not the same as ${POOL}.${key}` })),
    ...given
      .filter(([, isWrong]) => isWrong)
      .map(([key]) => ({
        key: `${POOL}.${key}`,
        wrong: 'is not needed: the job declarator server is in this process',
      })),
  ];
}

function samePayout(pool: PoolWithV1Config, jdServer: JdServerConfig): boolean {
  return sameBytes(coinbaseScript(pool.coinbase, pool.chain), coinbaseScript(jdServer.coinbase, jdServer.chain));
}

function sameScripts(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((script, index) => sameBytes(script, b[index] ?? new Uint8Array()));
}
