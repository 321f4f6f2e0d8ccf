import type { PrivateChain } from '@sv2kit/bitcoind';
import type { NodeLink } from './node-link.ts';

/** How a role of the stack is. The last three are ends. */
export type RoleState = 'waiting' | 'installing' | 'starting' | 'ok' | 'degraded' | 'stopping' | 'stopped' | 'failed';

/** One role at one moment. */
export interface RoleView {
  readonly name: string;
  readonly state: RoleState;
  /** Why it is not ok. */
  readonly reason?: string;
  /** What it is doing, for a person. */
  readonly detail: string;
  /** How far it is with that. */
  readonly progress?: string;
  /** How it speaks to its bitcoind, if it does. */
  readonly node?: NodeLink;
}

/** A block of this run that every node's best chain holds. */
export interface StackBlock {
  readonly height: number;
  /** As explorers show it. */
  readonly hash: string;
  /** How it came about: `pool-template`, `declared-full-template`, `coinbase-only` or `solo`. */
  readonly path: string;
  /** What the device speaks, and over which kind of channel: `sv1`, `sv2-standard`, `sv2-extended` or `sv2-on-v1`. */
  readonly via: string;
  /** The role that found it. */
  readonly device: string;
}

export interface ShareCounts {
  readonly accepted: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** What the pool has paid for of the jobs that miners brought themselves, in one mode. */
export interface DeclaredWork {
  /** That the pool took. */
  readonly jobs: number;
  readonly shares: number;
  /** Difficulty that the shares proved, and that they were credited with. */
  readonly work: number;
  readonly creditedWork: number;
}

/** Durations in `unit`. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p99: number;
  readonly unit: string;
  readonly samples: number;
}

/** The whole stack at one moment. */
export interface StackStatus {
  readonly chain: PrivateChain;
  readonly elapsedSeconds: number;
  /** Where it can be watched in a browser, if it can. */
  readonly dashboard?: string;
  /** Of the pool's node. */
  readonly height: number;
  readonly blocks: readonly StackBlock[];
  /** How many are wanted. */
  readonly wanted?: number;
  /** The paths and kinds of channel that a block is still wanted of when there are as many as wanted. */
  readonly awaited: readonly string[];
  readonly shares: ShareCounts;
  /** By mode: `full-template`, `coinbase-only`. */
  readonly declared: Readonly<Record<string, DeclaredWork>>;
  /** Hashes per second, as the pool and those who mine solo estimate it. */
  readonly hashrate: number;
  readonly roles: readonly RoleView[];
  readonly latency: Readonly<Record<string, LatencyFigures>>;
}

/** What a screen is told. */
export type StackEvent =
  | { readonly kind: 'role'; readonly role: RoleView }
  | { readonly kind: 'dashboard'; readonly url: string }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'block'; readonly block: StackBlock; readonly count: number; readonly wanted?: number }
  | { readonly kind: 'status'; readonly status: StackStatus }
  | { readonly kind: 'end'; readonly ok: boolean; readonly text: string };

/** Where the stack shows what it does. */
export interface Screen {
  show(event: StackEvent): void;
  close(): void;
}
