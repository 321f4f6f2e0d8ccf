import type { Clock, Logger } from '@sv2kit/net';
import type { UpstreamShare } from '@sv2kit/translation';
import type { TranslatorMetrics } from './metrics.ts';
import type { Miner } from './miner.ts';
import type { Totals } from './totals.ts';
import type { UpstreamChannel } from './upstream-channel.ts';
import type { LinkOwner, UpstreamLink } from './upstream-link.ts';
import type { WorkDesk } from './work-desk.ts';

/** Where a miner's shares go. */
export interface Seat {
  /** Undefined while there is none. */
  readonly channel: UpstreamChannel | undefined;
  /** @returns whether the share is on its way */
  submit(miner: Miner, share: UpstreamShare<UpstreamChannel>, worker: Uint8Array): boolean;
  /** A share may have shown that the miner's hashrate is another. */
  heard(nowMs: number): void;
}

/** Who mines on which channel. */
export interface Book {
  /** A miner has asked to be authorised: it is seated or refused when the upstream has answered. */
  join(miner: Miner): void;
  leave(miner: Miner): void;
  linkUp(link: UpstreamLink): void;
  linkDown(): void;
  tick(nowMs: number): void;
}

/** What a book needs. */
export interface BookDeps {
  readonly minExtranonceSize: number;
  /** How long miners are kept without a channel. */
  readonly keepWorkingMs: number;
  readonly desk: WorkDesk;
  readonly owner: LinkOwner;
  readonly totals: Totals;
  readonly metrics: TranslatorMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}
