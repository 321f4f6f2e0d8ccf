import type { RequestTransactionDataError, RequestTransactionDataSuccess } from '@sv2kit/codec';
import type { HeldTemplate } from './node-template.ts';
import type { SharedTransaction } from './shared-transactions.ts';
import type { RefusedSolution, SolvedBlock } from './solution.ts';

/** What became of a SubmitSolution (§7.7). */
export type SolutionOutcome<H extends HeldTemplate = HeldTemplate> =
  | (SolvedBlock & {
      /** Serialized in full, ready for any node; undefined while only the node has the transactions. */
      readonly block: Uint8Array | undefined;
      /** The template of the node that was solved, if the node held its transactions: it takes the solution alone. */
      readonly origin: H | undefined;
    })
  | RefusedSolution;

/** The answer to RequestTransactionData (§7.4), or the held template whose transactions are to be had first. */
export type TransactionDataAnswer<H extends HeldTemplate = HeldTemplate> =
  | RequestTransactionDataSuccess
  | RequestTransactionDataError
  | { readonly kind: 'pending'; readonly origin: H };

/** A template that clients may solve, for status pages. Amounts in satoshis. */
export interface PublishedTemplate<H extends HeldTemplate = HeldTemplate> {
  readonly templateId: bigint;
  /** Future until its prev-hash comes, stale once another came. */
  readonly state: 'future' | 'active' | 'stale';
  /** Of the block to be mined. */
  readonly height: number;
  /** Internal byte order; undefined while it is a future template. */
  readonly prevHash: Uint8Array | undefined;
  /** When the node gave it, or it was made here: unix milliseconds. */
  readonly receivedAtMs: number;
  /** In block order, without the coinbase; undefined while only the node knows. */
  readonly transactions: readonly SharedTransaction[] | undefined;
  /** The node's template, if the node holds it. */
  readonly origin: H | undefined;
  readonly fees: bigint;
  /** What the coinbase may pay. */
  readonly value: bigint;
}

/** What a publisher is doing, for status pages. */
export interface PublisherView {
  readonly phase: 'waiting' | 'serving' | 'announced';
  /** Of the block being mined. */
  readonly height: number | undefined;
  readonly prevHash: Uint8Array | undefined;
  readonly clients: number;
  /** Templates held, older tips included. */
  readonly templates: number;
}
