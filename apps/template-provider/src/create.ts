import { join } from 'node:path';
import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { createRpcNode, type MiningNode } from '@sv2kit/bitcoin-node';
import { templateDistribution } from '@sv2kit/codec';
import { type Address, createIdentity, type Identity, type Service, type ServiceDeps } from '@sv2kit/daemon';
import { type Listener, listen, serve } from '@sv2kit/net';
import { chainRules, TemplatePublisher } from '@sv2kit/templates';
import { BlockDesk } from './block-desk.ts';
import type { NodeConfig, TemplateProviderConfig } from './config.ts';
import { TEMPLATE_PROVIDER_LIMITS as LIMITS } from './limits.ts';
import { type TemplateProviderMetrics, templateProviderMetrics } from './metrics.ts';
import { SolvedBlocks } from './solved-blocks.ts';
import { TemplateFeed } from './template-feed.ts';
import { TemplateServer } from './template-server.ts';

/** What the template provider needs of its surroundings. */
export type TemplateProviderDeps = Pick<
  ServiceDeps,
  'log' | 'metrics' | 'health' | 'latencies' | 'clock' | 'signal' | 'fail'
>;

/** A running template provider. */
export interface TemplateProvider extends Service {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what clients are configured with. */
  readonly authorityPublicKey: Uint8Array;
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
  const nodes = config.nodes.map((node) => connectNode(node, config, deps));
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
  const { feeThreshold, feeInterval, emptyAhead, nodeAwayLimit } = config.templates;
  const metrics = templateProviderMetrics(deps.metrics);
  const publisher = new TemplatePublisher({
    rules: chainRules(config.chain),
    firstTemplateId: BigInt(clock.now()) << TEMPLATE_ID_SHIFT,
    feeThreshold: BigInt(feeThreshold),
    minIntervalMs: feeInterval * 1000,
    emptyAhead: emptyAhead !== 'never',
  });
  const store = new SolvedBlocks(join(config.dataDir, 'solved-blocks'));
  const desk = new BlockDesk({ nodes, store, clock, log, metrics });
  const tipLatency = deps.latencies.recorder('tip-to-clients');
  const server = new TemplateServer({ publisher, desk, clock, log, metrics, tipLatency, emptyAhead });
  const listener = await openListener(config, deps, identity, server, metrics);
  const stopping = new AbortController();
  const stop = AbortSignal.any([signal, stopping.signal]);
  const awayLimitMs = nodeAwayLimit * 1000;
  const feed = new TemplateFeed({ nodes, awayLimitMs, clock, log, health, listener: server, signal: stop });
  const following = feed.run().catch((error: unknown) => deps.fail(asError(error)));
  desk.resubmitRecent();
  const timer = clock.every(LIMITS.tickMs, () => {
    feed.tick();
    server.tick();
  });
  const { host, port } = listener;
  log.info('listening', { host, port });
  return {
    address: { host, port },
    authorityPublicKey: identity.authorityPublicKey,
    status: () => statusOf(publisher, feed, desk, nodes),
    async close() {
      timer[Symbol.dispose]();
      stopping.abort();
      await listener.close();
      await desk.close();
      await Promise.all(nodes.map((node) => node.close()));
      await following;
      identity[Symbol.dispose]();
    },
  };
}

function connectNode(node: NodeConfig, config: TemplateProviderConfig, deps: TemplateProviderDeps): MiningNode {
  const { url, cookieFile, user, password, zmqHashBlock } = node;
  return createRpcNode({
    url,
    cookieFile,
    user,
    password: password?.reveal(),
    zmqHashBlock,
    chain: config.chain,
    knownBlocks: config.knownBlocks.map(({ height, hash }) => ({ height, hash: fromDisplayHash(hash) })),
    refreshIntervalMs: Math.max(1000, config.templates.feeInterval * 1000),
    clock: deps.clock,
    log: deps.log,
  });
}

function openListener(
  config: TemplateProviderConfig,
  deps: TemplateProviderDeps,
  identity: Identity,
  server: TemplateServer,
  metrics: TemplateProviderMetrics,
): Promise<Listener> {
  const { maxClients } = config;
  return listen({
    ...config.listen,
    identity: () => identity.current(),
    services: [serve(templateDistribution, { accept: (connection) => server.accept(connection) })],
    limits: {
      connections: maxClients,
      connectionsPerAddress: maxClients,
      handshakes: maxClients,
      firstUseMs: LIMITS.firstConstraintsMs,
      writeQueueBytes: LIMITS.writeQueueBytes,
    },
    clock: deps.clock,
    log: deps.log,
    metrics: metrics.net,
  });
}

function statusOf(
  publisher: TemplatePublisher,
  feed: TemplateFeed,
  desk: BlockDesk,
  nodes: readonly MiningNode[],
): Readonly<Record<string, unknown>> {
  const { phase, height, prevHash, clients, templates } = publisher.view();
  return {
    phase,
    tip: height === undefined || prevHash === undefined ? null : { height: height - 1, hash: displayHash(prevHash) },
    clients,
    templates,
    templateNode: feed.activeNode ?? null,
    nodes: nodes.map((node) => ({ name: node.name, ...node.health() })),
    blocks: desk.standings(),
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
