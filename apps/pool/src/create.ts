import { type Address, type Service, watchLedger } from '@sv2kit/daemon';
import { drainMiners, listenForMiners, minerSeries, reconfigureMiners } from '@sv2kit/mining-server';
import type { Listener } from '@sv2kit/net';
import { poolApi } from './api/api.ts';
import type { PoolConfig } from './config.ts';
import { openParts, type Parts, type PoolDeps, releaseParts } from './parts.ts';
import { poolStatus } from './status.ts';
import { keepUp, wire, type Workings } from './wiring.ts';

export type { PoolDeps } from './parts.ts';

/** A running pool. */
export interface Pool extends Service<PoolConfig> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what miners are configured with. */
  readonly authorityPublicKey: Uint8Array;
}

/**
 * Starts a pool: takes templates from its template providers, serves miners (§5), records shares, hands on blocks. It
 * listens at once; miners that come before the first template are told `no-work-available`.
 *
 * @throws ConfigError when the identity's keys, or the key of job tokens, cannot be used; LedgerError when the journal cannot
 */
export async function createPool(config: PoolConfig, deps: PoolDeps): Promise<Pool> {
  const parts = await openParts(config, deps);
  try {
    return await start(parts);
  } catch (error) {
    await releaseParts(parts);
    throw error;
  }
}

async function start(parts: Parts): Promise<Pool> {
  const { config, deps, metrics, ledger, identity, nodes, declaration } = parts;
  const { clock, log } = deps;
  const workings = wire(parts);
  const { server, line, desk, payouts } = workings;
  const port = { server, identity, clock, log, metrics: metrics.net, connections: deps.connections };
  const listener = await listenForMiners(config, port).catch(async (error: unknown) => {
    await end(workings);
    throw error;
  });
  watchLedger(ledger, deps);
  minerSeries(deps.metrics, 'sv2_pool', server, config.workers.inMetrics, () => clock.now());
  const stopping = new AbortController();
  const keeping = keepUp(parts, workings, stopping.signal);
  const sources = { server, line, desk, declaration, payouts, journal: ledger.journal, nodes };
  const { database } = config.ledger;
  const address = { host: listener.host, port: listener.port };
  const listens = [{ protocol: 'mining', ...address }] as const;
  const api = poolApi({ ...sources, ledger, database, terms: payouts.terms, listens, now: () => clock.now() });
  log.info('listening', address);
  return {
    address,
    authorityPublicKey: identity.authorityPublicKey,
    status: () => poolStatus(sources, clock.now()),
    api: () => api,
    async drain(untilMs) {
      await drainMiners({ server, listener }, ledger.journal, untilMs);
      await desk.settled();
    },
    reload(next) {
      const present = identity.reload(next.identity);
      return () => {
        present();
        parts.users.set(next.users);
        reconfigureMiners({ server, listener }, next);
        line.setProviders(next.templateProviders.map(({ url }) => url));
      };
    },
    async close() {
      keeping[Symbol.dispose]();
      stopping.abort();
      await end(workings, listener);
      await releaseParts(parts);
    },
  };
}

/** Miners are told first; blocks that are on their way get a moment. */
async function end({ server, line, desk }: Workings, listener?: Listener): Promise<void> {
  await server.close();
  await listener?.close();
  await Promise.all([line.close(), desk.close()]);
}
