import type { FoundBlock } from '@sv2kit/mining-server';

/** What a way says of a block at once: on its way, kept until the other side is back, of no use to that, or none of its business. */
export type Taken = 'sent' | 'waits' | 'lost' | 'not-for-it';

/** A way by which found blocks leave: to a template provider, to a job declarator, upstream. */
export interface BlockWay {
  /** As logs, records and the status name it. */
  readonly name: string;
  /** Must not throw, and waits for nothing: the other ways come after it in the same turn. */
  take(block: FoundBlock): Taken;
}

/** The name of the way to the provider of a block's template. */
export const TEMPLATE_PROVIDER = 'template-provider';
