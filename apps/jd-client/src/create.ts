import { join } from 'node:path';
import { BIP323_MASK } from '@sv2kit/bitcoin';
import { utf8 } from '@sv2kit/codec';
import {
  type Address,
  coinbaseScript,
  createIdentity,
  type Identity,
  ledgerSettings,
  type Service,
  type ServiceDeps,
  watchLedger,
} from '@sv2kit/daemon';
import { type Ledger, openLedger } from '@sv2kit/ledger';
import { payTo } from '@sv2kit/mining';
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
import type { RoleApi } from '@sv2kit/monitor';
import { settled } from '@sv2kit/net';
import {
  BlockDesk,
  BlockFiles,
  type BlockNode,
  restoreBlocks,
  templateFacts,
  TEMPLATE_PROVIDER,
  TemplateLine,
  TransactionStore,
} from '@sv2kit/template-source';
import { constraintsForOutputs } from '@sv2kit/templates';
import { jdClientApi } from './api.ts';
import { Client } from './client.ts';
import type { JdClientConfig } from './config.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';
import { type JdClientMetrics, jdClientMetrics } from './metrics.ts';
import { jdClientStatus } from './status.ts';

/** What the job declarator client needs of its surroundings. */
export interface JdClientDeps
  extends Pick<ServiceDeps, 'clock' | 'connections' | 'events' | 'fail' | 'health' | 'latencies' | 'log' | 'metrics'> {
  /** How pools and job declarator servers are spoken to; `plain` only on the local network. */
  readonly security?: 'noise' | 'plain';
  /** Nodes of this process that are given the blocks too, and say when one has matured; they stay their owner's. */
  readonly nodes?: readonly BlockNode[];
}

/** A running job declarator client. */
export interface JdClient extends Service<JdClientConfig> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what miners are configured with. */
  readonly authorityPublicKey: Uint8Array;
  api(): RoleApi;
}

/** What the client holds while it runs. */
interface Parts {
  readonly config: JdClientConfig;
  readonly deps: JdClientDeps;
  readonly metrics: JdClientMetrics;
  readonly ledger: Ledger;
  readonly identity: Identity;
}

/**
 * Starts a job declarator client (§6.2): takes templates from its own template providers, serves miners with them at
 * once, declares them to the best pool that is there, and mines solo while none is.
 *
 * @throws ConfigError when the identity's keys cannot be used; LedgerError when the journal cannot
 */
export async function createJdClient(config: JdClientConfig, deps: JdClientDeps): Promise<JdClient> {
  const metrics = jdClientMetrics(deps.metrics, deps.latencies);
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

async function start(parts: Parts): Promise<JdClient> {
  const { config, deps, metrics, ledger, identity } = parts;
  const { clock, log, health } = deps;
  const { journal } = ledger;
  const solo = payTo(coinbaseScript(config.coinbase, config.chain), 'solo');
  const tag = utf8(config.coinbase.tag);
  const transactions = new TransactionStore(JD_CLIENT_LIMITS.templatesWithTransactions);
  const constraints = constraintsForOutputs(solo.outputs(0xffff_ffff_ffff_ffffn));
  const client: Client = new Client(config, {
    ...deps,
    metrics,
    solo,
    tag,
    transactions,
    constraints,
    miners: () => server,
    isTipKnown: () => line.backed,
    setConstraints: (wanted) => line.setConstraints(wanted),
  });
  const blocks = new BlockDesk({
    ways: [{ name: TEMPLATE_PROVIDER, take: (block) => line.way.take(block) }, client.declaratorWay],
    nodes: deps.nodes ?? [],
    transactions: deps.nodes === undefined ? undefined : transactions,
    kept: new BlockFiles(join(config.dataDir, 'blocks')),
    journal,
    events: deps.events,
    clock,
    log,
    metrics,
  });
  const server = createMiningServer(serverConfig(config, client), {
    journal,
    authorise: () => ({ kind: 'admitted', payout: client.desk.payout }),
    onBlock: (block) => blocks.found(block),
    onShare: (share) => client.onShare(share),
    events: deps.events,
    hasPast: ledger.state.kind !== 'none',
    ...templateFacts({ line: () => line, transactions, chain: config.chain }),
    clock,
    log,
    metrics: metrics.mining,
  });
  minerSeries(deps.metrics, 'sv2_jd_client', server, config.workers.inMetrics, () => clock.now());
  watchLedger(ledger, deps);
  const { connections } = deps;
  const port = { server, identity, clock, log, metrics: metrics.net, connections };
  const listener = await listenForMiners(config, port);
  const line = new TemplateLine({
    endpoints: config.templateProviders.map(({ url }) => url),
    setup: { vendor: 'sv2kit', hardwareVersion: 'jd-client' },
    constraints,
    tag,
    sink: client.desk,
    transactions,
    transactionsAhead: true,
    onTip: ({ prevHash }) => blocks.onTip(prevHash),
    onLost: (solution, reason) => blocks.lost(solution, reason),
    nodes: deps.nodes ?? [],
    staleWorkMs: config.mining.staleWorkLimit * 1000,
    condition: health.condition('templates', 'no template yet', 'no-template'),
    connections,
    clock,
    log,
    metrics,
  });
  const timers = [clock.every(1_000, () => line.tick()), clock.every(JD_CLIENT_LIMITS.tickMs, () => client.tick())];
  client.start();
  const stopping = new AbortController();
  const recall = new Recall(server.past, { ledger, blocks: () => server.status().blocks, clock, log });
  void restoreBlocks({ ledger, desk: blocks, clock, log, signal: stopping.signal });
  const address = { host: listener.host, port: listener.port };
  const listens = [{ protocol: 'mining', ...address }] as const;
  const { database } = config.ledger;
  const api = jdClientApi({ server, line, blocks, client, ledger, database, listens, clock });
  log.info('listening', address);
  return {
    address,
    authorityPublicKey: identity.authorityPublicKey,
    status: () => jdClientStatus({ server, line, blocks, journal, client }, clock.now()),
    api: () => api,
    async drain(untilMs) {
      await drainMiners({ server, listener }, journal, untilMs);
      const isAnswered = () => client.pairs.list.every(({ state }) => state.unanswered === 0);
      await Promise.all([blocks.settled(), settled(isAnswered, { clock, untilMs })]);
    },
    reload(next) {
      const present = identity.reload(next.identity);
      return () => {
        present();
        reconfigureMiners({ server, listener }, next);
        line.setProviders(next.templateProviders.map(({ url }) => url));
      };
    },
    async close() {
      recall[Symbol.dispose]();
      stopping.abort();
      for (const timer of timers) timer[Symbol.dispose]();
      await server.close();
      await listener.close();
      await Promise.all([line.close(), blocks.close(), client.close()]);
      await release(parts);
    },
  };
}

function serverConfig(config: JdClientConfig, { desk }: Client): MiningServerConfig {
  const { coinbase, mining } = config;
  return {
    ...miningServerSettings(config),
    tag: utf8(coinbase.tag),
    numbered: false,
    frontEnd: mining.frontEnd,
    extranonceLayout: { epochBytes: 3, frontEndBytes: 1, indexBytes: JD_CLIENT_LIMITS.indexBytes },
    path: (job) => desk.pathOf(job),
    versionMask: mining.versionRolling ? BIP323_MASK : 0,
    leastExtranonceSize: mining.extranonceRoom,
  };
}

async function release({ ledger, identity }: Parts): Promise<void> {
  identity[Symbol.dispose]();
  await ledger.close();
}
