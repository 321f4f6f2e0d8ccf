import type { DeviceShare, PoolWork } from '@sv2kit/translation';

/** A share as the translator hands it on: of a channel, good there. */
export interface GoodShare extends DeviceShare {
  /** Who found it: the worker that extension 0x0002 names, or the channel's identity. */
  readonly identity: string;
}

/** A share on its way to the pool, until that answers. */
export interface SentShare {
  readonly work: PoolWork;
  readonly user: string;
  readonly hash: Uint8Array;
  readonly isBlock: boolean;
  /** By `SteadyTime`. */
  readonly sentMs: number;
  /** Whether it had waited for the pool to come back: it may well be late. */
  readonly late: boolean;
}
