import { join } from 'node:path';
import { BIP323_MASK } from '@sv2kit/bitcoin';
import { createNode } from '@sv2kit/bitcoin-node';
import { utf8 } from '@sv2kit/codec';
import {
  type Address,
  chainGuardSettings,
  coinbaseScript,
  createIdentity,
  type Identity,
  type NodeConfig,
  nodeSettings,
  ledgerSettings,
  type Service,
  type ServiceDeps,
  watchLedger,
} from '@sv2kit/daemon';
import { type Ledger, openLedger } from '@sv2kit/ledger';
import {
  createMiningServer,
  listenForMiners,
  type MiningServerConfig,
  miningServerSettings,
  Recall,
  workerSeries,
} from '@sv2kit/mining-server';
import {
  BlockDesk,
  BlockFiles,
  type BlockNode,
  type BlockWay,
  restoreBlocks,
  TEMPLATE_PROVIDER,
  TEMPLATE_SOURCE_LIMITS,
  TemplateLine,
  TransactionStore,
} from '@sv2kit/template-source';
import { poolApi } from './api/api.ts';
import { templateFacts } from './api/template-facts.ts';
import type { PoolConfig } from './config.ts';
import { type JobDeclaration, type LocalDeclarator, openJobDeclaration } from './job-declaration/job-declaration.ts';
import { bestBlockOf, watchNodes } from './node-watch.ts';
import { type PoolMetrics, poolMetrics } from './metrics.ts';
import { DueWatch } from './payout/due-watch.ts';
import { openPayouts } from './payout/open-payouts.ts';
import { TermsRecord } from './payout/terms-record.ts';
import { poolStatus } from './status.ts';
import { type Authorise, userPolicy } from './users.ts';

/** What the pool needs of its surroundings. */
export interface PoolDeps
  extends Pick<ServiceDeps, 'clock' | 'fail' | 'health' | 'latencies' | 'log' | 'metrics'>,
    Partial<Pick<ServiceDeps, 'events'>> {
  /** Who may mine, instead of the configured policy. */
  readonly authorise?: Authorise;
  /** A job declarator server in the same process, instead of those of the configuration. */
  readonly jobDeclarator?: LocalDeclarator;
  /** How a node is reached, instead of its IPC and JSON-RPC. */
  readonly connectNode?: (node: NodeConfig) => BlockNode;
}

/** A running pool. */
export interface Pool extends Service {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what miners are configured with. */
  readonly authorityPublicKey: Uint8Array;
}

/** What the pool holds while it runs. */
interface Parts {
  readonly config: PoolConfig;
  readonly deps: PoolDeps;
  readonly metrics: PoolMetrics;
  readonly ledger: Ledger;
  readonly identity: Identity;
  readonly nodes: readonly BlockNode[];
  /** Undefined when the pool takes no custom jobs. */
  readonly declaration: JobDeclaration | undefined;
}

/**
 * Starts a pool: takes templates from its template providers, serves miners (§5), records shares, hands on blocks. It
 * listens at once; miners that come before the first template are told `no-work-available`.
 *
 * @throws ConfigError when the identity's keys, or the key of job tokens, cannot be used; LedgerError when the journal cannot
 */
export async function createPool(config: PoolConfig, deps: PoolDeps): Promise<Pool> {
  const metrics = poolMetrics(deps.metrics, deps.latencies);
  const identity = createIdentity(config.identity, deps);
  const ledger = await openLedger({ ...ledgerSettings(config), log: deps.log, clock: deps.clock });
  const connectNode = deps.connectNode ?? ((node: NodeConfig) => openNode(node, config, deps));
  const held = { config, deps, metrics, ledger, identity, nodes: config.nodes.map(connectNode) };
  let declaration: JobDeclaration | undefined;
  try {
    declaration = openJobDeclaration(config, {
      payoutScript: coinbaseScript(config.coinbase, config.chain),
      local: deps.jobDeclarator,
      health: deps.health,
      clock: deps.clock,
      log: deps.log,
      metrics: metrics.jobDeclaration,
    });
    return await start({ ...held, declaration });
  } catch (error) {
    await release({ ...held, declaration });
    throw error;
  }
}

async function start(parts: Parts): Promise<Pool> {
  const { config, deps, metrics, ledger, identity, nodes, declaration } = parts;
  const { clock, log, health } = deps;
  const { journal } = ledger;
  const payouts = openPayouts(config, {
    journal,
    projection: () => ledger.state,
    distribution: (args) => ledger.query('distribution', args),
    renew: () => server.renew(),
    condition: () => health.condition('payouts', 'no split of coinbases yet', 'database-behind'),
    clock,
    log,
  });
  const terms = new TermsRecord(payouts.terms, { journal, clock });
  const transactions = nodes.length === 0 ? undefined : new TransactionStore();
  const way: BlockWay = { name: TEMPLATE_PROVIDER, take: (block) => line.way.take(block) };
  const desk = new BlockDesk({
    ways: [way, ...(declaration?.ways ?? [])],
    nodes,
    transactions,
    kept: new BlockFiles(join(config.dataDir, 'blocks')),
    journal,
    events: deps.events,
    latency: deps.latencies.recorder('block-to-node'),
    clock,
    log,
    metrics,
  });
  const stopping = new AbortController();
  const server = createMiningServer(serverConfig(config), {
    journal,
    authorise: deps.authorise ?? userPolicy(config.users, config.chain, (user) => payouts.payoutOf(user)),
    onBlock: (block) => desk.found(block),
    ...(declaration === undefined
      ? {}
      : { customJobs: declaration.jobs, onShare: (share) => declaration.jobs.share(share) }),
    events: deps.events,
    hasPast: ledger.state.kind !== 'none',
    describe: (template) => templateFacts(template, transactions, config.chain),
    clock,
    log,
    metrics: {
      ...metrics.mining,
      customJobs: declaration?.jobs.watch(metrics.mining.customJobs) ?? metrics.mining.customJobs,
    },
  });
  workerSeries(deps.metrics, 'sv2_pool', server, config.workers.inMetrics, () => clock.now());
  watchLedger(ledger, deps);
  const lookAtNodes = watchNodes(nodes, { health });
  lookAtNodes();
  const port = { server, identity, clock, log, metrics: metrics.net };
  const listener = await listenForMiners(config, port);
  const line = new TemplateLine({
    endpoints: config.templateProviders.map(({ url }) => url),
    setup: { vendor: 'sv2kit', hardwareVersion: 'pool' },
    constraints: payouts.constraints,
    tag: utf8(config.coinbase.tag),
    sink: server,
    transactions,
    onTip: (tip) => {
      desk.onTip(tip.prevHash);
      declaration?.jobs.tip(tip);
      payouts.tip(tip);
      server.tipSeen();
    },
    onLost: (solution, reason) => desk.lost(solution, reason),
    bestBlock: () => bestBlockOf(nodes),
    staleWorkMs: config.mining.staleWorkLimit * 1000,
    condition: health.condition('templates', 'no template yet', 'no-template'),
    clock,
    log,
    metrics,
  });
  const dues = new DueWatch({ ledger, events: { emit: (event) => deps.events?.emit(event) }, clock, log });
  const timer = clock.every(TEMPLATE_SOURCE_LIMITS.tickMs, () => {
    line.tick();
    declaration?.tick();
    payouts.tick();
    dues.tick();
    terms.tick();
    lookAtNodes();
  });
  const recall = new Recall(server.past, { ledger, blocks: () => server.status().blocks, clock, log });
  if (nodes.length === 0) log.info('no node is asked for blocks: whether one has matured is not known here');
  void restoreBlocks({ ledger, desk, clock, log, signal: stopping.signal });
  const api = poolApi({
    server,
    ledger,
    database: config.ledger.database,
    desk,
    line,
    nodes,
    declaration,
    terms: payouts.terms,
    now: () => clock.now(),
  });
  const address = { host: listener.host, port: listener.port };
  log.info('listening', address);
  return {
    address,
    authorityPublicKey: identity.authorityPublicKey,
    status: () => poolStatus({ server, line, desk, declaration, payouts, journal, nodes }, clock.now()),
    api: () => api,
    async close() {
      timer[Symbol.dispose]();
      recall[Symbol.dispose]();
      stopping.abort();
      await server.close();
      await listener.close();
      await Promise.all([line.close(), desk.close()]);
      await release(parts);
    },
  };
}

function serverConfig(config: PoolConfig): MiningServerConfig {
  const { coinbase, mining } = config;
  return {
    ...miningServerSettings(config),
    tag: utf8(coinbase.tag),
    frontEnd: mining.frontEnd,
    versionMask: mining.versionRolling ? BIP323_MASK : 0,
    leastExtranonceSize: 2,
  };
}

function openNode(node: NodeConfig, { chain, chainGuard }: PoolConfig, { clock, log }: PoolDeps): BlockNode {
  return createNode({ ...nodeSettings(node), chain, guard: chainGuardSettings(chainGuard), clock, log });
}

async function release({ nodes, ledger, identity, declaration }: Parts): Promise<void> {
  identity[Symbol.dispose]();
  await Promise.allSettled([...nodes.map((node) => node.close()), declaration?.close()]);
  await ledger.close();
}
