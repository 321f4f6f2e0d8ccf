import { fromUtf8 } from '@sv2kit/codec';
import {
  type Address,
  createIdentity,
  type Identity,
  ledgerSettings,
  type Service,
  type ServiceDeps,
  watchLedger,
} from '@sv2kit/daemon';
import { type Ledger, openLedger } from '@sv2kit/ledger';
import { NOBODY } from '@sv2kit/mining';
import {
  createMiningServer,
  drainMiners,
  listenForMiners,
  type MiningServerConfig,
  miningServerSettings,
  Recall,
  reconfigureMiners,
  minerSeries,
} from '@sv2kit/mining-server';
import { BlockDesk, restoreBlocks } from '@sv2kit/template-source';
import type { RoleApi } from '@sv2kit/monitor';
import { settled } from '@sv2kit/net';
import type { UpstreamPolicy } from '@sv2kit/upstream';
import { translatorToV1Api } from './api.ts';
import type { TranslatorToV1Config } from './config.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import { translatorToV1Metrics, type TranslatorToV1Metrics } from './metrics.ts';
import { V1_POOL } from './share-relay.ts';
import { translatorToV1Status } from './status.ts';
import { Translator } from './translator.ts';

/** What the translator to V1 needs of its surroundings. */
export interface TranslatorToV1Deps
  extends Pick<ServiceDeps, 'clock' | 'connections' | 'events' | 'fail' | 'health' | 'latencies' | 'log' | 'metrics'> {
  /** How pools are tried; the usual back-off when absent. */
  readonly poolPolicy?: Partial<UpstreamPolicy>;
}

/** A running translator to V1. */
export interface TranslatorToV1 extends Service<TranslatorToV1Config> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what devices are configured with. */
  readonly authorityPublicKey: Uint8Array;
  api(): RoleApi;
}

/** What the translator holds while it runs. */
interface Parts {
  readonly config: TranslatorToV1Config;
  readonly deps: TranslatorToV1Deps;
  readonly metrics: TranslatorToV1Metrics;
  readonly ledger: Ledger;
  readonly identity: Identity;
}

/**
 * Starts a translator to V1: V2 devices (§5) mine on a Stratum V1 pool. It listens at once; devices that come before the
 * pool's first job are told `no-work-available`.
 *
 * @throws ConfigError when the identity's keys cannot be used; LedgerError when the journal cannot
 */
export async function createTranslatorToV1(
  config: TranslatorToV1Config,
  deps: TranslatorToV1Deps,
): Promise<TranslatorToV1> {
  const metrics = translatorToV1Metrics(deps.metrics, deps.latencies);
  const identity = createIdentity(config.identity, deps);
  const ledger = await openLedger({ ...ledgerSettings(config), log: deps.log, clock: deps.clock });
  const parts: Parts = { config, deps, metrics, ledger, identity };
  try {
    return await start(parts);
  } catch (error) {
    await release(parts);
    throw error;
  }
}

async function start(parts: Parts): Promise<TranslatorToV1> {
  const { config, deps, metrics, ledger, identity } = parts;
  const { clock, log } = deps;
  const { journal } = ledger;
  const translator: Translator = new Translator(config, {
    ...deps,
    metrics,
    devices: () => server,
    blocks: () => blocks,
  });
  const blocks = new BlockDesk({
    ways: [translator.relay],
    nodes: [],
    transactions: undefined,
    journal,
    events: deps.events,
    clock,
    log,
    metrics,
  });
  const server = createMiningServer(serverConfig(config), {
    journal,
    authorise: ({ userIdentity, nominalHashRate }) => {
      translator.onOpening(fromUtf8(userIdentity), nominalHashRate);
      return { kind: 'admitted', payout: NOBODY };
    },
    onBlock: (block) => blocks.found(block),
    onShare: (share) => translator.onShare(share),
    events: deps.events,
    hasPast: ledger.state.kind !== 'none',
    clock,
    log,
    metrics: metrics.mining,
  });
  minerSeries(deps.metrics, 'sv2_translator_to_v1', server, config.workers.inMetrics, () => clock.now());
  watchLedger(ledger, deps);
  const port = { server, identity, clock, log, metrics: metrics.net, connections: deps.connections };
  const listener = await listenForMiners(config, port);
  translator.start();
  const timer = clock.every(TRANSLATOR_TO_V1_LIMITS.tickMs, () => translator.tick());
  const stopping = new AbortController();
  const recall = new Recall(server.past, { ledger, blocks: () => server.status().blocks, clock, log });
  void restoreBlocks({ ledger, desk: blocks, clock, log, signal: stopping.signal });
  const address = { host: listener.host, port: listener.port };
  const listens = [{ protocol: 'mining', ...address }] as const;
  const { database } = config.ledger;
  const api = translatorToV1Api({ server, translator, blocks, ledger, database, listens, clock });
  log.info('listening', address);
  return {
    address,
    authorityPublicKey: identity.authorityPublicKey,
    status: () => translatorToV1Status({ server, translator, blocks, journal }),
    api: () => api,
    async drain(untilMs) {
      await drainMiners({ server, listener }, journal, untilMs);
      await settled(() => (translator.link?.unanswered ?? 0) === 0, { clock, untilMs });
    },
    reload(next) {
      const present = identity.reload(next.identity);
      return () => {
        present();
        reconfigureMiners({ server, listener }, next);
      };
    },
    async close() {
      timer[Symbol.dispose]();
      recall[Symbol.dispose]();
      stopping.abort();
      await server.close();
      await listener.close();
      await Promise.all([translator.close(), blocks.close()]);
      await release(parts);
    },
  };
}

/** A V1 pool takes no jobs of its miners. The mask, the extranonce and the difficulty come with the pool's first job; nobody is served before. */
function serverConfig(config: TranslatorToV1Config): MiningServerConfig {
  return {
    ...miningServerSettings(config),
    tag: new Uint8Array(0),
    frontEnd: 0,
    versionMask: 0,
    numbered: false,
    workSelection: false,
    path: () => V1_POOL,
    leastExtranonceSize: config.extranonce.room,
  };
}

async function release({ ledger, identity }: Parts): Promise<void> {
  identity[Symbol.dispose]();
  await ledger.close();
}
