import { join } from 'node:path';
import { BIP323_MASK } from '@sv2kit/bitcoin';
import { utf8 } from '@sv2kit/codec';
import { createMiningServer, type MiningServer, miningServerSettings, Recall } from '@sv2kit/mining-server';
import {
  BlockDesk,
  BlockFiles,
  restoreBlocks,
  templateFacts,
  TEMPLATE_PROVIDER,
  TEMPLATE_SOURCE_LIMITS,
  TemplateLine,
  TransactionStore,
} from '@sv2kit/template-source';
import { bestBlockOf, watchNodes } from './node-watch.ts';
import type { Parts } from './parts.ts';
import { DueWatch } from './payout/due-watch.ts';
import { openPayouts } from './payout/open-payouts.ts';
import type { Payouts } from './payout/payouts.ts';
import { TermsRecord } from './payout/terms-record.ts';
import { userPolicy } from './users.ts';

/** What shares, blocks, templates and payouts go through. */
export interface Workings {
  readonly payouts: Payouts;
  /** Undefined when there is no node to give whole blocks to. */
  readonly transactions: TransactionStore | undefined;
  readonly desk: BlockDesk;
  readonly server: MiningServer;
  readonly line: TemplateLine;
}

/** Makes them, each with what it needs of the others; nothing is served yet, and no provider is heard before this turn ends. */
export function wire(parts: Parts): Workings {
  const payouts = payoutsOf(parts, () => server);
  const transactions = parts.nodes.length === 0 ? undefined : new TransactionStore();
  const desk = deskOf(parts, transactions, () => line);
  const server = serverOf(parts, { payouts, transactions, desk }, () => line);
  const line = lineOf(parts, { payouts, transactions, desk, server });
  return { payouts, transactions, desk, server, line };
}

/** Does what is to be done again and again, and takes up what earlier runs have left. Aborted by the signal. */
export function keepUp(parts: Parts, { payouts, desk, server, line }: Workings, signal: AbortSignal): Disposable {
  const { deps, ledger, nodes, declaration } = parts;
  const { clock, log, events } = deps;
  const lookAtNodes = watchNodes(nodes, deps);
  const terms = new TermsRecord(payouts.terms, { journal: ledger.journal, clock });
  const dues = new DueWatch({ ledger, events: { emit: (event) => events?.emit(event) }, clock, log });
  lookAtNodes();
  const kept = new DisposableStack();
  const tasks = [line, ...(declaration === undefined ? [] : [declaration]), payouts, dues, terms];
  kept.use(
    clock.every(TEMPLATE_SOURCE_LIMITS.tickMs, () => {
      for (const task of tasks) task.tick();
      lookAtNodes();
    }),
  );
  kept.use(new Recall(server.past, { ledger, blocks: () => server.status().blocks, clock, log }));
  if (nodes.length === 0) log.info('no node is asked for blocks: whether one has matured is not known here');
  void restoreBlocks({ ledger, desk, clock, log, signal });
  return kept;
}

function payoutsOf({ config, deps, ledger }: Parts, server: () => MiningServer): Payouts {
  const { health, clock, log } = deps;
  return openPayouts(config, {
    journal: ledger.journal,
    projection: () => ledger.state,
    distribution: (args) => ledger.query('distribution', args),
    renew: () => server().renew(),
    condition: () => health.condition('payouts', 'no split of coinbases yet', 'database-behind'),
    clock,
    log,
  });
}

function deskOf(parts: Parts, transactions: TransactionStore | undefined, line: () => TemplateLine): BlockDesk {
  const { config, deps, metrics, ledger, nodes, declaration } = parts;
  const { clock, log, events, latencies } = deps;
  return new BlockDesk({
    ways: [{ name: TEMPLATE_PROVIDER, take: (block) => line().way.take(block) }, ...(declaration?.ways ?? [])],
    nodes,
    transactions,
    kept: new BlockFiles(join(config.dataDir, 'blocks')),
    journal: ledger.journal,
    events,
    latency: latencies.recorder('block-to-node'),
    clock,
    log,
    metrics,
  });
}

function serverOf(
  parts: Parts,
  { payouts, transactions, desk }: Omit<Workings, 'server' | 'line'>,
  line: () => TemplateLine,
): MiningServer {
  const { config, deps, metrics, ledger, declaration } = parts;
  const { clock, log, events } = deps;
  const { coinbase, mining, chain } = config;
  const settings = {
    ...miningServerSettings(config),
    tag: utf8(coinbase.tag),
    frontEnd: mining.frontEnd,
    versionMask: mining.versionRolling ? BIP323_MASK : 0,
    leastExtranonceSize: 2,
  };
  const customJobs = declaration?.jobs.watch(metrics.mining.customJobs) ?? metrics.mining.customJobs;
  return createMiningServer(settings, {
    journal: ledger.journal,
    authorise: deps.authorise ?? parts.users.by((users) => userPolicy(users, chain, (user) => payouts.payoutOf(user))),
    onBlock: (block) => desk.found(block),
    ...(declaration && { customJobs: declaration.jobs, onShare: (share) => declaration.jobs.share(share) }),
    events,
    hasPast: ledger.state.kind !== 'none',
    ...templateFacts({ line, transactions, chain }),
    clock,
    log,
    metrics: { ...metrics.mining, customJobs },
  });
}

function lineOf(parts: Parts, { payouts, transactions, desk, server }: Omit<Workings, 'line'>): TemplateLine {
  const { config, deps, metrics, nodes, declaration } = parts;
  const { health, clock, connections, log } = deps;
  return new TemplateLine({
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
    nodes,
    staleWorkMs: config.mining.staleWorkLimit * 1000,
    condition: health.condition('templates', 'no template yet', 'no-template'),
    connections,
    clock,
    log,
    metrics,
  });
}
