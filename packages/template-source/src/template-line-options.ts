import type { templateDistribution } from '@sv2kit/codec';
import type { Condition, Counter } from '@sv2kit/daemon';
import type { Tip, WorkTemplate } from '@sv2kit/mining';
import type { Clock, ConnectionBook, Logger } from '@sv2kit/net';
import type { ClientSetup } from '@sv2kit/session';
import type { CoinbaseConstraints } from '@sv2kit/templates';
import type { Endpoint, UpstreamMetrics, UpstreamOptions } from '@sv2kit/upstream';
import type { ChainNode } from './chain-check.ts';
import type { OnLostSolution } from './solution-outbox.ts';
import type { TransactionStore } from './transaction-store.ts';

/** Where work goes: a mining server, or who stands in front of it. */
export interface WorkSink {
  prepare(template: WorkTemplate): void;
  activate(template: WorkTemplate, tip: Tip): void;
  update(template: WorkTemplate): boolean;
  forgetPrepared(): void;
  suspend(): void;
  readonly working: boolean;
}

/** A new best block as a template provider names it. */
export interface SourceTip extends Tip {
  /** Of the block that is mined on it; undefined while no template for it has come. */
  readonly height: number | undefined;
}

/** A best block, and who says so. */
export interface KnownBest {
  readonly height: number;
  readonly by: string;
}

/** What a template line counts. */
export interface TemplateLineMetrics {
  /** What template providers sent, by `event`. */
  readonly templates: Pick<Counter, 'inc'>;
  readonly templateProviders: UpstreamMetrics;
}

export interface TemplateLineOptions {
  readonly endpoints: readonly Endpoint[];
  /** What providers hear of us (§3.6.1). */
  readonly setup: Partial<ClientSetup>;
  readonly constraints: CoinbaseConstraints;
  /** The coinbase's tag: templates must leave room for it. */
  readonly tag: Uint8Array;
  readonly sink: WorkSink;
  /** Undefined: nobody wants whole blocks, so transactions are not asked for. */
  readonly transactions: TransactionStore | undefined;
  /** Whether the transactions of future templates are asked for as well, before they are activated. */
  readonly transactionsAhead?: boolean;
  onTip(tip: SourceTip): void;
  /** The best block that somebody else knows of, a node of our own say: work on an older one is stale. */
  readonly bestBlock?: () => KnownBest | undefined;
  /** Of our own: what builds on a block that only one on the wrong chain has is not mined on. None when absent. */
  readonly nodes?: readonly ChainNode[];
  /** A solution that had to wait, and that no provider can use any more. */
  readonly onLost?: OnLostSolution;
  readonly staleWorkMs: number;
  readonly condition: Condition;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the connection is announced, so that it can be watched. */
  readonly connections?: ConnectionBook | undefined;
  readonly metrics: TemplateLineMetrics;
  /** How providers are reached; TCP when absent. */
  readonly connect?: UpstreamOptions<typeof templateDistribution>['connect'];
}
