import {
  type Address,
  address,
  type Config,
  type Mismatch,
  optional,
  type Service,
  type ServiceDeps,
} from '@sv2kit/daemon';
import { AddressRanges } from '@sv2kit/net';
import { createPool, type Pool, type PoolConfig, type PoolDeps, poolConfig } from '@sv2kit/pool';
import type { Translator, TranslatorConfig } from '@sv2kit/translator';
import { mergedApi } from './api.ts';
import { closeAll, drainAll } from './part.ts';
import { ofConnections, startV1Port, v1PortConfig } from './v1-port.ts';

const POOL = 'pool';
const V1 = 'v1';

export interface PoolWithV1Config extends PoolConfig {
  readonly listenV1: Address | undefined;
}

/** The pool's keys, and where V1 miners connect. */
export const poolWithV1Config: Config<PoolWithV1Config> = {
  fields: {
    ...poolConfig.fields,
    listenV1: optional(
      address(
        '0.0.0.0:3333',
        'Where miners that speak Stratum V1 connect, each with its own user name; not encrypted. Nowhere when left out.',
      ),
    ),
  },
  check: (config) => [...poolConfig.check(config), ...checkV1Port(config)],
};

/** A pool that may have a port for V1 miners. */
export interface PoolWithV1 extends Service<PoolWithV1Config>, Pick<Pool, 'address' | 'authorityPublicKey'> {
  readonly v1Address: Address | undefined;
}

/**
 * Starts a pool and, with `listen_v1`, a translator to it in the same process. Its miners are miners of the pool: each has
 * its channel, under its own user name.
 *
 * @throws ConfigError when keys cannot be used or addresses are taken; LedgerError when the journal cannot
 */
export async function createPoolWithV1(config: PoolWithV1Config, deps: ServiceDeps & PoolDeps): Promise<PoolWithV1> {
  const pool = await createPool(config, deps);
  const { listenV1 } = config;
  if (listenV1 === undefined) return { ...pool, v1Address: undefined };
  try {
    const optionsOf = (as: PoolWithV1Config) => ({
      name: V1,
      listen: listenV1,
      tune: (translator: TranslatorConfig) => tuned(translator, as),
    });
    const configOf = (as: PoolWithV1Config): TranslatorConfig => v1PortConfig(pool, optionsOf(as));
    return joined(pool, configOf, await startV1Port(pool, optionsOf(config), deps), deps);
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function joined(
  pool: Pool,
  configOf: (config: PoolWithV1Config) => TranslatorConfig,
  v1: Translator,
  { clock }: ServiceDeps,
): PoolWithV1 {
  return {
    address: pool.address,
    authorityPublicKey: pool.authorityPublicKey,
    v1Address: v1.address,
    api: () =>
      mergedApi([
        { name: POOL, service: pool },
        { name: V1, service: { api: () => ofConnections(v1.api()) } },
      ]),
    status: () => ({ ...pool.status?.(), v1: v1.status() }),
    // First those who are told to come back; what they have sent is the pool's to finish.
    drain: (untilMs) => drainAll([v1, pool], untilMs, () => clock.now()),
    async reload(next) {
      const applied = [await pool.reload?.(next), await v1.reload?.(configOf(next))];
      return () => {
        for (const apply of applied) apply?.();
      };
    },
    close: () => closeAll([v1, pool]),
  };
}

/** One wish for the share rate, and one rule for bad shares, whatever a miner speaks. */
function tuned(translator: TranslatorConfig, { mining, badShares, limits }: PoolWithV1Config): TranslatorConfig {
  const { sharesPerMinute, minDifficulty } = mining;
  const { connections, connectionsPerAddress, exempt } = limits;
  return {
    ...translator,
    badShares,
    miners: { ...translator.miners, sharesPerMinute, minDifficulty },
    outage: { ...translator.outage, retry: 1, mostRejected: 1 },
    limits: { ...translator.limits, connections, connectionsPerAddress, exempt },
  };
}

/** From an address of which a PROXY header is wanted, the translator would not be let in. */
function checkV1Port({ listen: { host }, listenV1, proxyProtocol }: PoolWithV1Config): Mismatch[] {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  if (listenV1 === undefined || !new AddressRanges(proxyProtocol).has(isEverywhere ? '127.0.0.1' : host)) return [];
  const wrong = "cannot be together with a proxy_protocol that wants its header from this machine's own connections";
  return [{ key: 'listen_v1', wrong }];
}
