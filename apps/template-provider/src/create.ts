import { join } from 'node:path';
import { clockTrouble, createNode, type HeldTemplate, type MiningNode } from '@sv2kit/bitcoin-node';
import { templateDistribution } from '@sv2kit/codec';
import {
  type Address,
  chainGuardSettings,
  createIdentity,
  type Identity,
  nodeSettings,
  type Service,
  type ServiceDeps,
} from '@sv2kit/daemon';
import { type Listener, listen, type NetMetrics, serve } from '@sv2kit/net';
import { chainRules, TemplatePublisher } from '@sv2kit/templates';
import { Allowances } from './allowance.ts';
import { templateProviderApi } from './api.ts';
import { BlockDesk } from './block-desk.ts';
import { allowancesOf, type TemplateProviderConfig } from './config.ts';
import { HeldTemplates } from './held-templates.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import { nodeSeries, tallyingRefusals, templateProviderMetrics } from './metrics.ts';
import { Solutions } from './solutions.ts';
import { SolvedBlocks } from './solved-blocks.ts';
import { statusOf } from './status.ts';
import { TemplateFeed } from './template-feed.ts';
import { TemplateServer } from './template-server.ts';
import { TipWatch } from './tip-watch.ts';

/** What the template provider needs of its surroundings. */
export type TemplateProviderDeps = Pick<
  ServiceDeps,
  'log' | 'metrics' | 'health' | 'latencies' | 'events' | 'clock' | 'connections' | 'signal' | 'fail'
>;

/** A running template provider. */
export interface TemplateProvider extends Service<TemplateProviderConfig> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what clients are configured with. */
  readonly authorityPublicKey: Uint8Array;
  /** Its nodes, for who runs beside it in this process; they are closed with it. */
  readonly nodes: readonly MiningNode[];
}

/** Template ids begin with the clock, so that those of a later run are above those of an earlier one. */
const TEMPLATE_ID_SHIFT = 20n;

/**
 * Starts a template provider: follows the nodes, serves templates (§7), hands solved blocks to every node. It serves as
 * soon as it listens; clients that come before a node's first template wait for it.
 *
 * @throws ConfigError when the identity's keys cannot be used
 */
export async function createTemplateProvider(
  config: TemplateProviderConfig,
  deps: TemplateProviderDeps,
): Promise<TemplateProvider> {
  const identity = createIdentity(config.identity, deps);
  const nodes = connectNodes(config, deps);
  try {
    return await start(config, deps, identity, nodes);
  } catch (error) {
    identity[Symbol.dispose]();
    await Promise.all(nodes.map((node) => node.close()));
    throw error;
  }
}

async function start(
  config: TemplateProviderConfig,
  deps: TemplateProviderDeps,
  identity: Identity,
  nodes: readonly MiningNode[],
): Promise<TemplateProvider> {
  const { clock, log, health, signal } = deps;
  const metrics = templateProviderMetrics(deps.metrics);
  const publisher = createPublisher(config, clock.now());
  const held = new HeldTemplates({ user: publisher, takesBlocks: () => takesBlocks(nodes), clock, log, metrics });
  const store = new SolvedBlocks(join(config.dataDir, 'solved-blocks'));
  const desk = new BlockDesk({
    nodes,
    store,
    clock,
    log,
    metrics,
    events: deps.events,
    toNode: deps.latencies.recorder('block-to-node'),
  });
  const stopping = new AbortController();
  const server = new TemplateServer({
    publisher,
    held,
    solutions: new Solutions({ publisher, held, desk, clock, metrics }),
    allowances: new Allowances(allowancesOf(config.limits)),
    clock,
    log,
    metrics,
    tipLatency: deps.latencies.recorder('tip-to-clients'),
    templateLatency: deps.latencies.recorder('template-to-client'),
    tips: new TipWatch({ events: deps.events, templateLatency: deps.latencies.recorder('tip-to-template') }),
    emptyAhead: config.templates.emptyAhead,
    takesBlocks: () => takesBlocks(nodes),
    onNeeds: () => feed.follow(),
  });
  const feed = new TemplateFeed({
    nodes,
    wanted: () => publisher.wanted(),
    held,
    awayLimitMs: config.templates.nodeAwayLimit * 1000,
    clock,
    log,
    health,
    listener: server,
    signal: AbortSignal.any([signal, stopping.signal]),
  });
  nodeSeries(deps.metrics, nodes);
  const { net, tally: refusals } = tallyingRefusals(metrics.net);
  const listener = await openListener(config, deps, identity, server, net);
  const following = feed.run().catch((error: unknown) => deps.fail(asError(error)));
  desk.resubmitRecent();
  const wholeBlocks = health.condition('whole blocks', undefined, 'no-whole-blocks');
  const clockCondition = health.condition('clock', undefined, 'clock-off');
  clockCondition.ok();
  const timer = clock.every(LIMITS.tickMs, () => {
    feed.tick();
    server.tick();
    held.load();
    held.sweep();
    metrics.heldTemplates.set(held.count);
    if (nodes.some((node) => node.takesBlocks) || nodes.every((node) => node.health().state !== 'ok')) wholeBlocks.ok();
    else wholeBlocks.lacking(NO_WHOLE_BLOCKS);
    const trouble = clockTrouble(nodes);
    if (trouble === undefined) clockCondition.ok();
    else clockCondition.lacking(trouble);
  });
  const { host, port } = listener;
  const listens = [{ protocol: 'template-distribution', host, port }] as const;
  log.info('listening', { host, port });
  return {
    address: { host, port },
    authorityPublicKey: identity.authorityPublicKey,
    nodes,
    api: () => templateProviderApi({ publisher, feed, desk, server, listens, held, log }),
    status: () => statusOf({ publisher, feed, held, desk, server, refusals }),
    async drain() {
      listener.stop();
      await desk.settled();
    },
    reload(next) {
      const present = identity.reload(next.identity);
      return () => {
        present();
        const { connections, connectionsPerAddress } = next.limits;
        listener.setLimits({ allow: next.allow, connections, connectionsPerAddress });
      };
    },
    async close() {
      timer[Symbol.dispose]();
      stopping.abort();
      await listener.close();
      await desk.close();
      held.close();
      await Promise.all(nodes.map((node) => node.close()));
      await following;
      identity[Symbol.dispose]();
    },
  };
}

const NO_WHOLE_BLOCKS =
  'no node takes whole blocks: one that is restarted loses the blocks of its templates; give a node its url as well';

/** Whether a block that is of no template of a node would get into the chain. */
function takesBlocks(nodes: readonly MiningNode[]): boolean {
  return nodes.some((node) => node.takesBlocks && node.health().state === 'ok');
}

function createPublisher(config: TemplateProviderConfig, nowMs: number): TemplatePublisher<HeldTemplate> {
  const { feeThreshold, feeInterval, emptyAhead } = config.templates;
  return new TemplatePublisher<HeldTemplate>({
    rules: chainRules(config.chain),
    firstTemplateId: BigInt(nowMs) << TEMPLATE_ID_SHIFT,
    feeThreshold: BigInt(feeThreshold),
    minIntervalMs: feeInterval * 1000,
    emptyAhead: emptyAhead !== 'never',
  });
}

function connectNodes(config: TemplateProviderConfig, deps: TemplateProviderDeps): readonly MiningNode[] {
  const guard = chainGuardSettings(config.chainGuard);
  return config.nodes.map((node) =>
    createNode({
      ...nodeSettings(node),
      chain: config.chain,
      guard,
      refreshIntervalMs: Math.max(1000, config.templates.feeInterval * 1000),
      feeThreshold: BigInt(Math.max(1, config.templates.feeThreshold)),
      clock: deps.clock,
      log: deps.log,
    }),
  );
}

function openListener(
  config: TemplateProviderConfig,
  deps: TemplateProviderDeps,
  identity: Identity,
  server: TemplateServer,
  metrics: NetMetrics,
): Promise<Listener> {
  const { connections, connectionsPerAddress, exempt } = config.limits;
  return listen({
    ...config.listen,
    identity: () => identity.current(),
    services: [serve(templateDistribution, { accept: (connection) => server.accept(connection) })],
    proxyFrom: config.proxyProtocol,
    limits: {
      allow: config.allow,
      connections,
      connectionsPerAddress,
      acceptsPerSecondPerAddress: LIMITS.acceptsPerSecondPerAddress,
      exempt,
      firstUseMs: LIMITS.firstConstraintsMs,
      drainMs: LIMITS.drainMs,
      writeQueueBytes: LIMITS.writeQueueBytes,
    },
    clock: deps.clock,
    log: deps.log,
    connections: deps.connections,
    metrics,
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
