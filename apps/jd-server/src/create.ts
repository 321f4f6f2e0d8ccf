import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createNode } from '@sv2kit/bitcoin-node';
import { DECLARE_TX_DATA, jobDeclaration } from '@sv2kit/codec';
import {
  type Address,
  chainGuardSettings,
  coinbaseScript,
  ConfigError,
  createIdentity,
  type Identity,
  nodeSettings,
  type Service,
  type ServiceDeps,
  tokenKey,
  watchJournal,
} from '@sv2kit/daemon';
import { Declarations, type JobVerifier, type Solution, tokenVerifier } from '@sv2kit/declaration';
import { type Journal, openJournal } from '@sv2kit/ledger';
import { type Limits, type Listener, listen, serve, settled } from '@sv2kit/net';
import { jdServerApi } from './api.ts';
import { BlockFiles } from '@sv2kit/template-source';
import { BlockDesk } from './block-desk.ts';
import type { JdServerConfig, NodeConfig } from './config.ts';
import { DeclarationServer } from './declaration-server.ts';
import { JD_SERVER_LIMITS } from './limits.ts';
import { type JdServerMetrics, jdServerMetrics } from './metrics.ts';
import { type JdNode, NodeBench } from './node-bench.ts';
import { unsettledBlocks } from './journaled-blocks.ts';
import { jdServerStatus } from './status.ts';
import { Tally } from './tally.ts';

/** What a job declarator server needs of its surroundings. */
export interface JdServerDeps
  extends Pick<ServiceDeps, 'clock' | 'connections' | 'events' | 'fail' | 'health' | 'latencies' | 'log' | 'metrics'> {
  /** How a node is reached, instead of by what its section says. */
  readonly connectNode?: (node: NodeConfig) => JdNode;
}

/** A running job declarator server. */
export interface JdServer extends Service<JdServerConfig> {
  /** Where it listens; the port that the system chose when the configured one is 0. */
  readonly address: Address;
  /** x-only, 32 bytes: what clients are configured with. */
  readonly authorityPublicKey: Uint8Array;
  /** What a pool in the same process believes declared jobs by. */
  readonly verifier: JobVerifier;
  /** For a pool in the same process: a block was found on a declared job. @returns whether the job is known */
  solve(solution: Solution): boolean;
}

/** What the server holds while it runs. */
interface Parts {
  readonly config: JdServerConfig;
  readonly deps: JdServerDeps;
  readonly key: Uint8Array;
  readonly metrics: JdServerMetrics;
  readonly journal: Journal;
  readonly identity: Identity;
}

/**
 * Starts a job declarator server (§6.1): gives tokens, has declared jobs checked by its nodes, hands on the blocks found
 * on them. It listens at once; what is declared before a node can be asked waits for it, some seconds.
 *
 * @throws ConfigError when keys cannot be used; LedgerError when the journal cannot
 */
export async function createJdServer(config: JdServerConfig, deps: JdServerDeps): Promise<JdServer> {
  const metrics = jdServerMetrics(deps.metrics, deps.latencies);
  const key = keyOf(config);
  const identity = createIdentity(config.identity, deps);
  let journal: Journal | undefined;
  try {
    journal = await openJournal({ directory: join(config.dataDir, 'journal'), log: deps.log, clock: deps.clock });
    return await start({ config, deps, key, metrics, journal, identity });
  } catch (error) {
    identity[Symbol.dispose]();
    await journal?.close();
    throw error;
  }
}

async function start(parts: Parts): Promise<JdServer> {
  const { config, deps, key, metrics, journal, identity } = parts;
  const { clock, log } = deps;
  const bench = openBench(parts, () => {
    bench.look();
    server.onTip();
  });
  const kept = new BlockFiles(join(config.dataDir, 'blocks'));
  const desk = new BlockDesk({ bench, journal, clock, log, metrics, kept, events: deps.events });
  const earlier = unsettledBlocks(join(config.dataDir, 'journal'), journal.position, clock.now());
  const tally = new Tally({ clock, log, metrics });
  const declarations = new Declarations(declarationsOptions(config, key));
  const server = new DeclarationServer({ declarations, bench, desk, tally, clock, log, events: deps.events });
  watchJournal(journal, deps);
  const listener = await openListener(parts, server).catch(async (error: unknown) => {
    await bench.close();
    throw error;
  });
  bench.look();
  desk.restore(await earlier);
  const timers = [
    clock.every(JD_SERVER_LIMITS.tickMs, () => server.tick()),
    clock.every(JD_SERVER_LIMITS.nodesMs, () => {
      bench.look();
      server.makeRoom();
    }),
  ];
  const address = { host: listener.host, port: listener.port };
  const listens = [{ protocol: 'job-declaration', ...address }] as const;
  log.info('listening', { ...address, modes: config.nodes.length === 0 ? 'coinbase-only' : 'all' });
  return {
    address,
    authorityPublicKey: identity.authorityPublicKey,
    verifier: tokenVerifier(key),
    solve: (solution) => server.solve(solution),
    api: () => jdServerApi({ bench, desk, journal, server, tally, listens, chain: config.chain }),
    status: () => jdServerStatus({ declarations, bench, desk, tally, journal }),
    async drain(untilMs) {
      listener.stop();
      await Promise.all([settled(() => !server.isChecking, { clock, untilMs }), desk.settled()]);
      await journal.flush();
    },
    reload(next) {
      const present = identity.reload(next.identity);
      return () => {
        present();
        listener.setLimits(netLimits(next));
      };
    },
    async close() {
      for (const timer of timers) timer[Symbol.dispose]();
      await listener.close();
      server.close();
      await desk.close();
      await bench.close();
      identity[Symbol.dispose]();
      await journal.close();
    },
  };
}

function keyOf({ jobDeclaration: { tokenKeyFile } }: JdServerConfig): Uint8Array {
  if (tokenKeyFile !== undefined) return tokenKey(tokenKeyFile);
  throw new ConfigError([{ source: '', key: 'job_declaration.token_key_file', wrong: 'is missing' }]);
}

function declarationsOptions({ coinbase, chain, jobDeclaration, limits }: JdServerConfig, key: Uint8Array) {
  return {
    key,
    seed: new Uint8Array(randomBytes(32)),
    payoutScript: coinbaseScript(coinbase, chain),
    requiredOutputs: jobDeclaration.requiredOutputs.map((script) => ({ value: 0n, script })),
    leastPayoutShare: jobDeclaration.leastPayoutShare,
    limits: {
      tokensPerMinute: limits.tokensPerMinute,
      declarationsPerMinute: limits.declarationsPerMinute,
      allocatedTokenSeconds: limits.tokenLifetime,
    },
  };
}

function openBench({ config, deps }: Parts, onTip: () => void): NodeBench {
  const { nodes, limits } = config;
  const connectNode = deps.connectNode ?? ((node: NodeConfig) => openNode(node, config, deps));
  return new NodeBench({
    nodes: nodes.map(connectNode),
    checkerOptions: nodes.map(({ zmqSequence }) => ({ zmqSequence, concurrency: limits.checksAtOnce })),
    health: deps.health,
    onTip,
  });
}

function openNode(node: NodeConfig, { chain, chainGuard }: JdServerConfig, { clock, log }: JdServerDeps): JdNode {
  return createNode({ ...nodeSettings(node), chain, guard: chainGuardSettings(chainGuard), clock, log });
}

function openListener({ config, deps, identity, metrics }: Parts, server: DeclarationServer): Promise<Listener> {
  const flags = config.nodes.length === 0 ? 0 : DECLARE_TX_DATA;
  return listen({
    ...config.listen,
    identity: () => identity.current(),
    services: [serve(jobDeclaration, { flags, accept: (connection) => server.accept(connection) })],
    limits: netLimits(config),
    clock: deps.clock,
    log: deps.log,
    metrics: metrics.net,
    connections: deps.connections,
  });
}

function netLimits({ limits }: JdServerConfig): Partial<Limits> {
  const { connections, connectionsPerAddress, firstUse, silence } = limits;
  return {
    connections,
    connectionsPerAddress,
    handshakes: connections,
    firstUseMs: firstUse * 1000,
    silenceMs: silence * 1000,
  };
}
