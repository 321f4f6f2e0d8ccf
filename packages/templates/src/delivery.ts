import type { NewTemplate, TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { ChainRules } from './chain-rules.ts';

/** Whatever the host calls a client by. */
export type ClientId = number;

/** Why messages go out. */
export type DeliveryReason =
  /** The client sent CoinbaseOutputConstraints. */
  | 'constraints'
  /** The node has a template on a new tip. */
  | 'tip'
  /** A new tip is known, its template is not: clients start on an empty block. */
  | 'announced-tip'
  /** The template that follows an empty block. */
  | 'full'
  /** The template that keeps free what the client asked for, after one that kept free more and pays less. */
  | 'reservation'
  /** Fees rose. */
  | 'fees'
  /** The node has preferred other transactions for a while, although they pay no more: somebody's choice. */
  | 'choice'
  /** Another difficulty on the same tip. */
  | 'nbits'
  /** An empty block for the height after this one, ready for the next tip. */
  | 'ahead';

/** Why a template of the tip that a client is on already goes out. */
export type UpdateReason = Extract<DeliveryReason, 'full' | 'reservation' | 'fees' | 'choice'>;

/** The same messages, in this order, to each of these clients. */
export interface Delivery {
  readonly clients: readonly ClientId[];
  readonly messages: readonly (NewTemplate | TemplateSetNewPrevHash)[];
  readonly reason: DeliveryReason;
}

export interface PublisherOptions {
  readonly rules: ChainRules;
  /** The first template id to give out: above every id of earlier runs, for example from the clock. */
  readonly firstTemplateId: bigint;
  /** A template on the same tip goes out when it pays at least this much more, in satoshis. */
  readonly feeThreshold: bigint;
  /** … and no sooner than this after the client's last template. A new tip never waits for it. */
  readonly minIntervalMs: number;
  /** Whether to send an empty template for the next height ahead of its tip, to begin with. */
  readonly emptyAhead: boolean;
  readonly limits?: Partial<PublisherLimits>;
}

export interface PublisherLimits {
  /** How long templates of an older tip are answered for. */
  readonly staleGraceMs: number;
  /** Templates of one tip that clients may solve, at most: beyond it, the oldest is forgotten that no client is on. */
  readonly templatesPerTip: number;
  /** Different reservations that held templates are wanted with, at most: beyond it, clients with near needs share. */
  readonly reservations: number;
  /**
   * How long after the first held template of a tip its clients are given no template but the one that keeps free exactly
   * what they need: longer than a node takes to build templates for a few reservations, one after another. Those for whom
   * there is none that covers their need start on an empty block then.
   */
  readonly exactGraceMs: number;
  /**
   * How long a template on a tip that an announcement has outrun counts as late, and not as a reorganisation: longer than
   * a slow node takes to build the template of a new tip.
   */
  readonly lateTemplateMs: number;
  /**
   * How long the node must have preferred other transactions on the same tip before clients follow without a gain in fees:
   * long enough for a node that was restarted to fill its mempool again, short enough for a person who left one out.
   */
  readonly otherChoiceMs: number;
}

export const PUBLISHER_LIMITS: PublisherLimits = {
  staleGraceMs: 10_000,
  templatesPerTip: 2000,
  reservations: 8,
  exactGraceMs: 250,
  lateTemplateMs: 10_000,
  otherChoiceMs: 30_000,
};
