import type { ShareBudget } from '@sv2kit/mining';
import type { Clock, Logger } from '@sv2kit/net';
import type { DifficultyOptions } from '@sv2kit/translation';
import type { WorkerBook } from '@sv2kit/mining-server';
import type { Events } from '@sv2kit/monitor';
import type { Book } from './book.ts';
import type { FanOut } from './fan-out.ts';
import type { Ladder } from './ladder.ts';
import type { TranslatorMetrics } from './metrics.ts';
import type { Miner } from './miner.ts';
import type { Misfits } from './misfits.ts';
import type { Sessions } from './sessions.ts';
import type { Totals } from './totals.ts';
import type { WorkDesk } from './work-desk.ts';

/** Why the translator ends a miner's connection. */
export const MINER_END_REASONS = {
  'no-upstream': 'No upstream has been there for longer than miners are kept working.',
  'channel-closed': 'The upstream closed the channel twice in a row.',
  'channel-refused': 'The upstream opens no channel for this miner any more, or did not time and again.',
  'too-many-miners': 'Every miner number is taken.',
  'share-flood': 'More shares than one connection may send.',
  'byte-flood': 'More bytes than any miner has a reason to send.',
  'too-many-refused': 'Bad shares went on after new work: it was told to reconnect.',
  'internal-error': 'A mistake of ours, logged with its stack.',
  shutdown: 'The translator is stopping.',
  'authorise-timeout': 'The upstream did not open a channel in time.',
} as const;
export type MinerEndReason = keyof typeof MINER_END_REASONS;

/** What all miners share. */
export interface MinerHost {
  readonly book: Book;
  readonly desk: WorkDesk;
  readonly fanOut: FanOut;
  readonly totals: Totals;
  /** Everybody who mines or has mined here. */
  readonly workers: WorkerBook;
  readonly ladder: Ladder;
  readonly events: Pick<Events, 'emit'>;
  readonly sessions: Sessions;
  readonly misfits: Misfits;
  readonly budget: ShareBudget;
  readonly metrics: TranslatorMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly difficulty: Pick<DifficultyOptions, 'sharesPerMinute' | 'floor' | 'start'>;
  readonly extranonce2Size: number;
  readonly keepAliveMs: number;
  readonly sharesPerSecond: number;
  /** An upstream has no `user_identity`: its shares go to the account that a channel's first name says. */
  readonly minersNameAccounts: boolean;
  /** Version bits that the upstream lets roll, as far as it is known before a job comes. */
  readonly versionMask: number;
  /** How long a miner waits to be authorised. */
  readonly authoriseMs: number;
  /** @param code why, a constant */
  onGone(miner: Miner, code: string): void;
}
