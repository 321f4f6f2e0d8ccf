import { accountOf, type Slice, type Weight, type Window, WorkWindow, workOf } from '@sv2kit/payout';
import type { Network } from '@sv2kit/bitcoin';
import { faultOf } from '../database/apply/check.ts';
import { identityText } from '../database/apply/texts.ts';
import type { JournalEntry } from '../read-journal.ts';
import type { ChannelOpened, ShareAccepted } from '../records/records.ts';

const MINUTE_MS = 60_000;
/** Hours behind the newest work whose minutes are one stretch in any window. */
const OLD_HOURS = 25;

/** Work in one minute, or in one hour that is old, between two blocks, by user. */
interface Stretch {
  /** Unix minutes. */
  readonly minute: number;
  endsWithBlock: boolean;
  readonly work: Map<string, bigint>;
  /** Some of it is of channels that no record opened. */
  hasStrangers: boolean;
}

/** The work before a moment, as far as records tell. */
export interface RecordedWindow extends Window {
  /** Whether records do not say whose some of it is: the pool's, where there were never any that did. */
  readonly hasStrangers: boolean;
}

/**
 * The work that the journal's records tell of, in the stretches that windows are cut from: the same slices as in the database,
 * found again from the records alone.
 */
export class JournalWork {
  #stretches: Stretch[] = [];
  /** So many of them are of old hours. */
  #old = 0;
  #users = new Map<number, string>();
  /** Minute of the slice that is open. */
  #minute: number | undefined;

  /** Takes the records that matter here; those that the projection sets aside are none of them. */
  take(entry: JournalEntry): void {
    const { record } = entry;
    if (faultOf(entry, 'journal') !== undefined) return;
    switch (record.type) {
      case 'Start':
        return this.#startRun();
      case 'ChannelOpened':
        return this.#openChannel(record);
      case 'ShareAccepted':
        return this.#accept(record);
      case 'BlockFound':
        return this.#endSlice();
      default:
    }
  }

  /** The work up to here, as much as wanted. */
  window(wanted: bigint, chain: Network): RecordedWindow {
    const window = new WorkWindow(wanted);
    let hasStrangers = false;
    const accounts = new Map<string, Omit<Weight, 'work'>>();
    for (const stretch of this.#stretches.toReversed()) {
      if (!window.add(sliceOf(stretch, chain, accounts))) break;
      hasStrangers ||= stretch.hasStrangers;
    }
    return { ...window.end(), hasStrangers };
  }

  /** Forgets what is older than the newest `wanted` work. @returns whether there was any */
  trim(wanted: bigint): boolean {
    let sum = 0n;
    let kept = this.#stretches.length;
    while (kept > 0 && sum <= wanted) {
      kept -= 1;
      for (const work of this.#stretches[kept]?.work.values() ?? []) sum += work;
    }
    this.#stretches = this.#stretches.slice(kept);
    this.#old = Math.max(0, this.#old - kept);
    return kept > 0;
  }

  /** Channels are known by their run. */
  #startRun(): void {
    this.#users = new Map();
  }

  #openChannel({ channelKey, userIdentity }: ChannelOpened): void {
    if (!this.#users.has(channelKey)) this.#users.set(channelKey, identityText(userIdentity));
  }

  /** A slice ends with its minute; a share that is a minute late does not end it. */
  #accept({ timeMs, channelKey, difficulty }: ShareAccepted): void {
    const minute = Math.floor(timeMs / MINUTE_MS);
    const open = this.#minute;
    if (open === undefined || minute > open || minute < open - 1) this.#minute = minute;
    const stretch = this.#stretch(this.#minute ?? minute);
    const known = this.#users.get(channelKey);
    stretch.hasStrangers ||= known === undefined;
    const user = known ?? '';
    stretch.work.set(user, (stretch.work.get(user) ?? 0n) + workOf(difficulty));
  }

  /** And with every block. */
  #endSlice(): void {
    this.#minute = undefined;
    const last = this.#stretches.at(-1);
    if (last !== undefined) last.endsWithBlock = true;
  }

  #stretch(minute: number): Stretch {
    const last = this.#stretches.at(-1);
    if (last !== undefined && !last.endsWithBlock && last.minute === minute) return last;
    if (last !== undefined && hourOf(last) !== Math.floor(minute / 60)) this.#mergeOld(minute);
    const stretch = { minute, endsWithBlock: false, work: new Map<string, bigint>(), hasStrangers: false };
    this.#stretches.push(stretch);
    return stretch;
  }

  /** Makes one of what every window takes for one: months of minutes would not fit in memory. */
  #mergeOld(minute: number): void {
    const oldest = Math.floor(minute / 60) - OLD_HOURS;
    const from = this.#old;
    while (this.#old < this.#stretches.length && hourOf(this.#stretches[this.#old]) <= oldest) this.#old += 1;
    const merged: Stretch[] = [];
    for (const next of this.#stretches.slice(from, this.#old)) {
      const last = merged.at(-1);
      if (last === undefined || last.endsWithBlock || hourOf(last) !== hourOf(next)) {
        merged.push(next);
        continue;
      }
      for (const [user, work] of next.work) last.work.set(user, (last.work.get(user) ?? 0n) + work);
      last.endsWithBlock = next.endsWithBlock;
      last.hasStrangers ||= next.hasStrangers;
    }
    this.#stretches.splice(from, this.#old - from, ...merged);
    this.#old = from + merged.length;
  }
}

function hourOf(stretch: Stretch | undefined): number {
  return Math.floor((stretch?.minute ?? 0) / 60);
}

function sliceOf(
  { minute, endsWithBlock, work }: Stretch,
  chain: Network,
  accounts: Map<string, Omit<Weight, 'work'>>,
): Slice {
  const weights = Array.from(work, ([user, sum]): Weight => {
    const account = accounts.get(user) ?? accountOf(user, chain);
    accounts.set(user, account);
    return { ...account, work: sum };
  });
  return { minute, endsWithBlock, weights };
}
