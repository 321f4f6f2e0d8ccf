import { displayHash } from '@sv2kit/bitcoin';
import { byAccount, decodeSplit, type PayoutTerms, SplitError, type Window } from '@sv2kit/payout';
import { identityText } from '../database/apply/texts.ts';
import { LEDGER_LIMITS } from '../limits.ts';
import type { JournalEntry } from '../read-journal.ts';
import type { BlockFound, BlockStatus, PayoutSplit } from '../records/records.ts';
import { type Accounting, accountFor, type EarlierSplit } from './accounting.ts';
import { afterStatus, JUST_FOUND } from './block-state.ts';
import { networkDifficultyOf, outputsOf } from './found-block.ts';
import { JournalWork, type RecordedWindow } from './journal-work.ts';
import type { BlockPayout } from './query-types.ts';
import { termsOf } from './terms.ts';

/** Older work than so many windows is forgotten; a window that reaches there is said to be cut short. */
const KEPT_WINDOWS = 16n;

/** A split that a block's coinbase shows. */
export interface UsedSplit extends EarlierSplit {
  /** Position of the last record that it counts. */
  readonly counted: number;
  readonly terms: PayoutTerms;
}

/** A block's payouts, as the journal alone tells them. */
export interface RecomputedPayout {
  readonly payout: BlockPayout;
  readonly split: UsedSplit | undefined;
  /** What the journal does not tell, where that is not all. */
  readonly missing: string | undefined;
}

interface RecordedSplit extends EarlierSplit {
  readonly counted: number;
}

interface Accounted {
  readonly found: BlockFound;
  readonly position: number;
  readonly terms: PayoutTerms;
  readonly accounting: Accounting;
  readonly split: UsedSplit | undefined;
  readonly missing: string | undefined;
}

/**
 * Accounts for every block from the records of a journal, taken in order: by the same rules as the projection, without
 * its database.
 */
export class Recomputation {
  readonly #work = new JournalWork();
  readonly #blocks = new Map<string, Accounted>();
  readonly #statuses = new Map<string, BlockStatus[]>();
  #splits: RecordedSplit[] = [];
  #terms: PayoutTerms | undefined;
  #first: number | undefined;
  #trimmed = false;

  async take(entry: JournalEntry): Promise<void> {
    const { position, record } = entry;
    this.#first ??= position;
    this.#work.take(entry);
    switch (record.type) {
      case 'Start':
        this.#splits = [];
        return;
      case 'PayoutTerms': {
        const terms = termsOf(record);
        if (typeof terms !== 'string') this.#terms = terms;
        return;
      }
      case 'PayoutSplit':
        return this.#onSplit(position, record);
      case 'BlockFound':
        return await this.#onFound(position, record);
      case 'BlockStatus':
        return this.#onStatus(record);
      default:
    }
  }

  /** Of every block so far, in order. */
  *payouts(): Generator<RecomputedPayout> {
    for (const [hash, accounted] of this.#blocks) {
      const { split, missing } = accounted;
      yield { payout: payoutOf(hash, accounted, this.#statuses.get(hash) ?? []), split, missing };
    }
  }

  #onSplit(position: number, { entries, position: counted }: PayoutSplit): void {
    if (this.#terms === undefined || !isReadable(entries, this.#terms)) return;
    this.#splits.push({ position, entries, counted });
    if (this.#splits.length > LEDGER_LIMITS.keptSplits) this.#splits.shift();
  }

  async #onFound(position: number, found: BlockFound): Promise<void> {
    const hash = displayHash(found.hash);
    const outputs = outputsOf(found);
    const terms = this.#terms;
    if (terms === undefined || outputs === undefined || this.#blocks.has(hash)) return;
    const facts = {
      outputs,
      path: found.path,
      user: identityText(found.userIdentity),
      networkDifficulty: networkDifficultyOf(found),
    };
    let missing: string | undefined;
    const window = (wanted: bigint): Window => {
      const reached = this.#work.window(wanted, terms.chain);
      missing = this.#missingOf(reached);
      this.#trimmed = this.#work.trim(wanted * KEPT_WINDOWS) || this.#trimmed;
      return reached;
    };
    const accounting = await accountFor(facts, terms, { splits: () => this.#splits.toReversed(), window });
    const shown = this.#splits.find((split) => split.position === accounting.split);
    const split = shown === undefined ? undefined : { ...shown, terms };
    this.#blocks.set(hash, { found, position, terms, accounting, split, missing });
  }

  #onStatus(record: BlockStatus): void {
    const hash = displayHash(record.hash);
    const statuses = this.#statuses.get(hash);
    if (statuses === undefined) this.#statuses.set(hash, [record]);
    else statuses.push(record);
  }

  #missingOf({ full, hasStrangers }: RecordedWindow): string | undefined {
    if (!full && this.#trimmed) return 'the window reaches further back than this recomputation remembers';
    const first = this.#first ?? 1;
    if (first === 1) return undefined;
    if (!full) return `the journal begins with record ${first}: the work before it is gone`;
    return hasStrangers ? `the journal begins with record ${first}: whose channels were open then is gone` : undefined;
  }
}

function payoutOf(
  block: string,
  { found, position, terms, accounting }: Accounted,
  statuses: readonly BlockStatus[],
): BlockPayout {
  const standing = statuses.reduce((before, status) => afterStatus(before, status, terms.confirmations), JUST_FOUND);
  const { owedBy, split, windowWork, revenue, fee, donated, forgone, entries } = accounting;
  return {
    block,
    position,
    height: found.height,
    foundAtMs: found.timeMs,
    mode: terms.mode,
    feePpm: terms.feePpm,
    window: terms.window,
    owedBy,
    split,
    windowWork,
    revenue,
    fee,
    donated,
    forgone,
    ...standing,
    entries: entries.toSorted((a, b) => byAccount({ ...a, donation: 0 }, { ...b, donation: 0 })),
  };
}

function isReadable(entries: Uint8Array, { chain }: PayoutTerms): boolean {
  try {
    decodeSplit(entries, chain);
    return true;
  } catch (error) {
    if (error instanceof SplitError) return false;
    throw error;
  }
}
