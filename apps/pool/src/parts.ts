import { createNode } from '@sv2kit/bitcoin-node';
import {
  chainGuardSettings,
  coinbaseScript,
  createIdentity,
  type Identity,
  ledgerSettings,
  type NodeConfig,
  nodeSettings,
  type ServiceDeps,
} from '@sv2kit/daemon';
import { type Ledger, openLedger } from '@sv2kit/ledger';
import type { BlockNode } from '@sv2kit/template-source';
import type { PoolConfig } from './config.ts';
import { type JobDeclaration, type LocalDeclarator, openJobDeclaration } from './job-declaration/job-declaration.ts';
import { type PoolMetrics, poolMetrics } from './metrics.ts';
import { type Authorise, Users } from './users.ts';

/** What the pool needs of its surroundings. */
export interface PoolDeps
  extends Pick<ServiceDeps, 'clock' | 'connections' | 'fail' | 'health' | 'latencies' | 'log' | 'metrics'>,
    Partial<Pick<ServiceDeps, 'events'>> {
  /** Who may mine, instead of the configured policy. */
  readonly authorise?: Authorise;
  /** A job declarator server in the same process, instead of those of the configuration. */
  readonly jobDeclarator?: LocalDeclarator;
  /** How a node is reached, instead of its IPC and JSON-RPC. */
  readonly connectNode?: (node: NodeConfig) => BlockNode;
}

/** What the pool holds while it runs, and lets go of when it ends. */
export interface Parts {
  readonly config: PoolConfig;
  readonly deps: PoolDeps;
  readonly metrics: PoolMetrics;
  readonly ledger: Ledger;
  readonly identity: Identity;
  readonly nodes: readonly BlockNode[];
  /** Undefined when the pool takes no custom jobs. */
  readonly declaration: JobDeclaration | undefined;
  readonly users: Users;
}

/** @throws ConfigError when the identity's keys, or the key of job tokens, cannot be used; LedgerError when the journal cannot */
export async function openParts(config: PoolConfig, deps: PoolDeps): Promise<Parts> {
  const metrics = poolMetrics(deps.metrics, deps.latencies);
  const identity = createIdentity(config.identity, deps);
  const ledger = await openLedger({ ...ledgerSettings(config), log: deps.log, clock: deps.clock });
  const connectNode = deps.connectNode ?? ((node: NodeConfig) => openNode(node, config, deps));
  const nodes = config.nodes.map(connectNode);
  const parts: Parts = {
    config,
    deps,
    metrics,
    ledger,
    identity,
    nodes,
    declaration: undefined,
    users: new Users(config.users),
  };
  try {
    const declaration = openJobDeclaration(config, {
      payoutScript: coinbaseScript(config.coinbase, config.chain),
      local: deps.jobDeclarator,
      health: deps.health,
      connections: deps.connections,
      clock: deps.clock,
      log: deps.log,
      metrics: metrics.jobDeclaration,
    });
    return { ...parts, declaration };
  } catch (error) {
    await releaseParts(parts);
    throw error;
  }
}

export async function releaseParts({ nodes, ledger, identity, declaration }: Parts): Promise<void> {
  identity[Symbol.dispose]();
  await Promise.allSettled([...nodes.map((node) => node.close()), declaration?.close()]);
  await ledger.close();
}

function openNode(node: NodeConfig, { chain, chainGuard }: PoolConfig, { clock, log }: PoolDeps): BlockNode {
  return createNode({ ...nodeSettings(node), chain, guard: chainGuardSettings(chainGuard), clock, log });
}
