import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { workOf } from '@sv2kit/payout';
import type { JournalEntry } from '../../read-journal.ts';
import type {
  ChannelClosed,
  ChannelOpened,
  CustomJobAccepted,
  ShareAccepted,
  ShareRejected,
} from '../../records/records.ts';
import { RecordFault } from '../faults.ts';
import type { ChannelState, Memory, SliceState, WorkerState } from './memory.ts';
import type { Pending } from './pending.ts';
import { identityText, plainText } from './texts.ts';

const MINUTE_MS = 60_000;
/** Of the best hash there can be. */
export const MOST_DIFFICULTY = 0xffff * 2 ** 208;
const MOST_CODE = 100;
/** Fewer bits than a number has, so that no best share is missed for its rounding. */
const ROUNDING = 1 - 2 ** -40;

/** Takes records of channels and shares in: changes the memory, and names the rows that follow from it. */
export class Fold {
  readonly #memory: Memory;
  readonly #pending: Pending;
  readonly #workOf: (difficulty: number) => bigint;

  constructor(memory: Memory, pending: Pending, exactWork: (difficulty: number) => bigint) {
    this.#memory = memory;
    this.#pending = pending;
    this.#workOf = exactWork;
  }

  /** @throws RecordFault: the memory is then no longer what the database says */
  take({ position, record }: JournalEntry): void {
    switch (record.type) {
      case 'ShareAccepted':
        return this.#accept(position, record);
      case 'ShareRejected':
        return this.#reject(position, record);
      case 'ChannelOpened':
        return this.#open(position, record);
      case 'ChannelClosed':
        return this.#close(position, record);
      case 'CustomJobAccepted':
        return this.#customJob(position, record);
      default:
        throw new Error(`${record.type} is not for here`);
    }
  }

  /** Ends the slice that is open, if any. */
  endSlice(endedBy: number | null): void {
    const { slice } = this.#memory;
    if (slice === undefined) return;
    this.#pending.slice(slice, { endedBy });
    this.#memory.slice = undefined;
  }

  #accept(position: number, record: ShareAccepted): void {
    const { timeMs, channelKey, difficulty, hash } = record;
    const channel = this.#channel(position, channelKey, timeMs);
    const worker = this.#worker(channel, record.userIdentity, timeMs);
    const work = this.#workOf(difficulty);
    const shown = shownBy(hash);
    this.#credit(this.#slice(position, timeMs), channel, worker, work, shown, hash);
    worker.accepted += 1;
    worker.work += work;
    worker.lastMs = Math.max(worker.lastMs ?? 0, timeMs);
    if (shown > worker.best * ROUNDING) {
      const exact = shownExactly(hash);
      if (exact > worker.best) Object.assign(worker, { best: exact, bestMs: timeMs });
    }
    this.#pending.workers.add(worker);
    this.#total(timeMs, work, shown, hash);
    const credited = { difficulty, hash, code: null, is_block: record.isBlock ? 1 : 0 };
    this.#pending.shares.push({ ...submitted(position, record, channel, worker), ...credited });
  }

  #credit(
    slice: SliceState,
    channel: ChannelState,
    worker: WorkerState,
    work: bigint,
    shown: number,
    hash: Uint8Array,
  ): void {
    slice.shares += 1;
    slice.work += work;
    const name = `${channel.id}:${worker.id}`;
    let row = slice.rows.get(name);
    if (row === undefined) {
      row = { worker: worker.id, channel: channel.id, shares: 0, work: 0n, best: 0 };
      slice.rows.set(name, row);
    }
    row.shares += 1;
    row.work += work;
    if (shown > row.best * ROUNDING) row.best = Math.max(row.best, shownExactly(hash));
    this.#pending.worked(slice, row);
  }

  #total(timeMs: number, work: bigint, shown: number, hash: Uint8Array): void {
    const { totals } = this.#memory;
    totals.accepted += 1;
    totals.work += work;
    totals.roundShares += 1;
    totals.roundWork += work;
    totals.roundSinceMs ??= timeMs;
    if (shown > totals.best * ROUNDING) totals.best = Math.max(totals.best, shownExactly(hash));
  }

  #reject(position: number, record: ShareRejected): void {
    const { timeMs, channelKey } = record;
    const channel = this.#channel(position, channelKey, timeMs);
    const worker = this.#worker(channel, record.userIdentity, timeMs);
    const code = plainText(record.code, MOST_CODE);
    worker.rejected += 1;
    this.#pending.workers.add(worker);
    this.#memory.totals.rejected += 1;
    this.#pending.rejected(worker.id, Math.floor(timeMs / MINUTE_MS), channel.id, code);
    const refused = { difficulty: 0, hash: null, code, is_block: 0 };
    this.#pending.shares.push({ ...submitted(position, record, channel, worker), ...refused });
  }

  #open(id: number, record: ChannelOpened): void {
    const { timeMs, channelKey, connection, channelId, kind, extranoncePrefix } = record;
    if (this.#memory.channel(channelKey) !== undefined) {
      throw new RecordFault('channel-named-twice', id, `run ${this.#memory.run} has a channel of key ${channelKey}`);
    }
    const worker = this.#workerNamed(identityText(record.userIdentity), '', timeMs);
    this.#memory.addChannel(channelKey, { id, worker });
    const { run } = this.#memory;
    const shared = { id, run, connection, opened_ms: timeMs };
    const named = { channel_key: channelKey, channel_id: channelId, kind, worker: worker.id };
    this.#pending.channels.push({ ...shared, ...named, extranonce_prefix: extranoncePrefix });
    const peer = { remote: plainText(record.remote), device: plainText(record.device) };
    this.#pending.connections.push({ ...shared, ...peer });
  }

  #close(position: number, { timeMs, channelKey, reason }: ChannelClosed): void {
    const channel = this.#channel(position, channelKey, timeMs);
    this.#pending.ends.push({ channel: channel.id, closed_ms: timeMs, reason: plainText(reason) });
  }

  #customJob(position: number, record: CustomJobAccepted): void {
    const { timeMs, channelKey, jobId, mode, tokenId, prevHash, height, difficulty, credit } = record;
    const channel = this.#channel(position, channelKey, timeMs).id;
    const job = { position, channel, job_id: jobId, time_ms: timeMs, mode, token_id: tokenId, prev_hash: prevHash };
    const money = { payout: record.payout ?? null, value: record.value ?? null };
    this.#pending.customJobs.push({ ...job, height, difficulty, credit, ...money });
  }

  /** The slice that a share of this time goes into. A share that is a minute late does not end it. */
  #slice(position: number, timeMs: number): SliceState {
    const minute = Math.floor(timeMs / MINUTE_MS);
    const open = this.#memory.slice;
    if (open !== undefined && (minute > open.minute || minute < open.minute - 1)) this.endSlice(null);
    const id = position;
    this.#memory.slice ??= { id, minute, lastPosition: position, shares: 0, work: 0n, rows: new Map() };
    this.#memory.slice.lastPosition = position;
    return this.#memory.slice;
  }

  /** A channel whose opening is not in the journal any more is nobody's. */
  #channel(position: number, channelKey: number, timeMs: number): ChannelState {
    const known = this.#memory.channel(channelKey);
    if (known !== undefined) return known;
    const worker = this.#workerNamed('', '', timeMs);
    const channel = { id: position, worker };
    this.#memory.addChannel(channelKey, channel);
    const { run } = this.#memory;
    const named = { channel_key: channelKey, channel_id: 0, kind: 'unknown', worker: worker.id };
    const row = { id: position, run, connection: 0, opened_ms: timeMs, ...named };
    this.#pending.channels.push({ ...row, extranonce_prefix: new Uint8Array() });
    return channel;
  }

  #worker(channel: ChannelState, identity: Uint8Array | undefined, timeMs: number): WorkerState {
    if (identity === undefined) return channel.worker;
    return this.#workerNamed(channel.worker.user, identityText(identity), timeMs);
  }

  #workerNamed(user: string, name: string, timeMs: number): WorkerState {
    const known = this.#memory.worker(user, name);
    if (known !== undefined) return known;
    const worker = this.#memory.newWorker(user, name, timeMs);
    this.#pending.workers.add(worker);
    return worker;
  }
}

function submitted(
  position: number,
  { timeMs, sequenceNumber, jobId }: ShareAccepted | ShareRejected,
  channel: ChannelState,
  worker: WorkerState,
) {
  const who = { worker: worker.id, channel: channel.id };
  return { position, time_ms: timeMs, ...who, sequence_number: sequenceNumber, job_id: jobId };
}

/** The difficulty that a hash shows, nearly: for telling the few that may be the best from the others. */
function shownBy(hash: Uint8Array): number {
  let number = 0;
  let index = 31;
  while (index > 0 && hash[index] === 0) index--;
  for (let i = 0; i < 7; i++) number = number * 256 + (hash[index - i] ?? 0);
  if (number === 0) return MOST_DIFFICULTY;
  return MOST_DIFFICULTY / number / 256 ** (index - 6);
}

function shownExactly(hash: Uint8Array): number {
  return Math.min(difficultyFromTarget(hash), MOST_DIFFICULTY);
}

/** Remembers the work of the few difficulties that there are at a time. */
export function rememberedWork(): (difficulty: number) => bigint {
  const known = new Map<number, bigint>();
  return (difficulty) => {
    let work = known.get(difficulty);
    if (work === undefined) {
      work = workOf(difficulty);
      if (known.size >= 10_000) known.clear();
      known.set(difficulty, work);
    }
    return work;
  };
}
