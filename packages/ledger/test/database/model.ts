import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { difficultyOf, workOf } from '@sv2kit/payout';
import { identityText, plainText } from '../../src/database/apply/texts.ts';
import { bodyOf, fingerprintOf } from '../../src/database/fingerprint.ts';
import type { JournalEntry } from '../../src/index.ts';
import type { BlockFound, BlockStatus, ShareAccepted, ShareRejected } from '../../src/records/records.ts';

type Values = Record<string, unknown>;
interface Channel {
  readonly id: number;
  readonly worker: Values;
}
const MOST = 0xffff * 2 ** 208;
const RANKS = ['found', 'submitted', 'rejected', 'accepted'];

/** What the tables must hold, worked out record by record with none of the projection's shortcuts. */
export class Model {
  readonly tables: Record<string, Values[]> = {
    journals: [],
    runs: [],
    connections: [],
    channels: [],
    channel_ends: [],
    workers: [],
    slices: [],
    work: [],
    rejections: [],
    rejection_totals: [],
    shares: [],
    blocks: [],
    block_events: [],
    custom_jobs: [],
    totals: [],
    dead_letters: [],
  };
  #run = 0;
  #channels = new Map<number, Channel>();
  #slice: Values | undefined;
  readonly #round = { shares: 0, work: 0n, sinceMs: null as number | null };
  readonly #sums = { accepted: 0, rejected: 0, work: 0n, best: 0 };

  constructor(entries: readonly JournalEntry[]) {
    for (const entry of entries) {
      const fault = this.#fault(entry);
      if (fault === undefined) this.#take(entry);
      else this.#bury(entry, fault);
    }
    const last = entries.at(-1);
    const place = { position: last?.position ?? 0, fingerprint: last === undefined ? '' : fingerprintOf(last) };
    this.#of('journals').push({ name: 'journal', ...place }, { name: 'payments', position: 0, fingerprint: '' });
    const round = {
      round_shares: this.#round.shares,
      round_work: this.#round.work,
      round_since_ms: this.#round.sinceMs,
    };
    // Of records that are all dead letters there are no totals.
    if (entries.some((entry) => this.#isApplied(entry))) this.#of('totals').push({ id: 1, ...this.#sums, ...round });
  }

  #isApplied({ position }: JournalEntry): boolean {
    return !this.#of('dead_letters').some((letter) => letter['position'] === position);
  }

  #of(name: string): Values[] {
    const table = this.tables[name];
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }

  #fault({ record }: JournalEntry): string | undefined {
    if (record.type === 'Unknown') return 'unknown-record';
    if (record.type === 'ChannelOpened' && this.#channels.has(record.channelKey)) return 'channel-named-twice';
    if (record.type !== 'ShareAccepted' && record.type !== 'CustomJobAccepted') return undefined;
    const credit = record.type === 'CustomJobAccepted' ? record.credit : 1;
    const isPossible = record.difficulty >= 0 && record.difficulty <= MOST && credit >= 0 && credit <= 1;
    return isPossible ? undefined : 'impossible-difficulty';
  }

  #bury(entry: JournalEntry, fault: string): void {
    const { code, body } = bodyOf(entry);
    this.#of('dead_letters').push({ source: 'journal', position: entry.position, record_code: code, fault, body });
  }

  #take({ position, record }: JournalEntry): void {
    switch (record.type) {
      case 'Start':
        this.#run = position;
        this.#channels.clear();
        this.#of('runs').push({ id: position, boot_epoch: record.bootEpoch, started_ms: record.timeMs });
        return;
      case 'ChannelOpened': {
        const { timeMs, channelKey, connection, channelId, kind, extranoncePrefix, remote, device } = record;
        const worker = this.#worker(identityText(record.userIdentity), '', timeMs);
        this.#addChannel(position, channelKey, worker, { connection, channelId, kind, extranoncePrefix, timeMs });
        const known = this.#of('connections').some(
          (row) => row['run'] === this.#run && row['connection'] === connection,
        );
        const peer = { remote: plainText(remote), device: plainText(device) };
        if (known) return;
        this.#of('connections').push({ run: this.#run, connection, id: position, opened_ms: timeMs, ...peer });
        return;
      }
      case 'ChannelClosed': {
        const { id } = this.#channel(position, record.channelKey, record.timeMs);
        if (this.#of('channel_ends').some(({ channel }) => channel === id)) return;
        this.#of('channel_ends').push({ channel: id, closed_ms: record.timeMs, reason: plainText(record.reason) });
        return;
      }
      case 'ShareAccepted':
        return this.#accept(position, record);
      case 'ShareRejected':
        return this.#reject(position, record);
      case 'CustomJobAccepted': {
        const { jobId, timeMs, mode, tokenId, prevHash, height, difficulty, credit, payout, value } = record;
        const channel = this.#channel(position, record.channelKey, timeMs).id;
        const job = { position, channel, job_id: jobId, time_ms: timeMs, mode, token_id: tokenId, prev_hash: prevHash };
        const money = { payout: payout ?? null, value: value ?? null };
        this.#of('custom_jobs').push({ ...job, height, difficulty, credit, ...money });
        return;
      }
      case 'BlockFound':
        return this.#found(position, record);
      case 'BlockStatus':
        return this.#status(position, record);
      default:
        throw new Error(`no model of ${record.type}`);
    }
  }

  #worker(user: string, name: string, timeMs: number): Values {
    const workers = this.#of('workers');
    const known = workers.find((row) => row['user_name'] === user && row['worker_name'] === name);
    if (known !== undefined) return known;
    const sums = { accepted: 0, rejected: 0, work: 0n, best: 0, best_ms: null, first_ms: timeMs, last_ms: null };
    const worker = { id: workers.length + 1, user_name: user, worker_name: name, ...sums };
    workers.push(worker);
    return worker;
  }

  #addChannel(id: number, key: number, worker: Values, more: Values): void {
    this.#channels.set(key, { id, worker });
    const names = { connection: more['connection'], channel_id: more['channelId'], kind: more['kind'] };
    const rest = { worker: worker['id'], extranonce_prefix: more['extranoncePrefix'], opened_ms: more['timeMs'] };
    this.#of('channels').push({ id, run: this.#run, channel_key: key, ...names, ...rest });
  }

  #channel(position: number, key: number, timeMs: number): Channel {
    if (!this.#channels.has(key)) {
      const unknown = { connection: 0, channelId: 0, kind: 'unknown', extranoncePrefix: new Uint8Array(), timeMs };
      this.#addChannel(position, key, this.#worker('', '', timeMs), unknown);
    }
    const channel = this.#channels.get(key);
    if (channel === undefined) throw new Error('just added');
    return channel;
  }

  #who(
    position: number,
    record: ShareAccepted | ShareRejected,
  ): { readonly channel: Channel; readonly worker: Values } {
    const { timeMs, userIdentity } = record;
    const channel = this.#channel(position, record.channelKey, timeMs);
    const user = String(channel.worker['user_name']);
    const worker = userIdentity === undefined ? channel.worker : this.#worker(user, identityText(userIdentity), timeMs);
    return { channel, worker };
  }

  #accept(position: number, record: ShareAccepted): void {
    const { timeMs, difficulty, hash } = record;
    const { channel, worker } = this.#who(position, record);
    const work = workOf(difficulty);
    const shown = Math.min(difficultyFromTarget(hash), MOST);
    const slice = this.#sliceFor(position, timeMs);
    const rows = this.#of('work');
    const isIt = (row: Values): boolean =>
      row['slice'] === slice['id'] && row['worker'] === worker['id'] && row['channel'] === channel.id;
    let row = rows.find(isIt);
    if (row === undefined) {
      row = { slice: slice['id'], worker: worker['id'], channel: channel.id, shares: 0, work: 0n, best: 0 };
      rows.push(row);
    }
    for (const sums of [row, slice])
      Object.assign(sums, { shares: Number(sums['shares']) + 1, work: plus(sums, work) });
    row['best'] = Math.max(Number(row['best']), shown);
    slice['last_position'] = position;
    Object.assign(worker, { accepted: Number(worker['accepted']) + 1, work: plus(worker, work) });
    worker['last_ms'] = Math.max(Number(worker['last_ms'] ?? 0), timeMs);
    if (shown > Number(worker['best'])) Object.assign(worker, { best: shown, best_ms: timeMs });
    this.#sums.accepted += 1;
    this.#sums.work += work;
    this.#sums.best = Math.max(this.#sums.best, shown);
    this.#round.shares += 1;
    this.#round.work += work;
    this.#round.sinceMs ??= timeMs;
    this.#share(position, record, channel, worker, { difficulty, hash, code: null, is_block: record.isBlock ? 1 : 0 });
    const block = this.#of('blocks').find((each) => String(each['hash']) === String(hash));
    if (record.isBlock && record.userIdentity !== undefined && block !== undefined) {
      block['worker_name'] = identityText(record.userIdentity);
    }
  }

  #sliceFor(position: number, timeMs: number): Values {
    const minute = Math.floor(timeMs / 60_000);
    const open = this.#slice;
    if (open !== undefined && (minute > Number(open['minute']) || minute < Number(open['minute']) - 1))
      this.#endSlice(null);
    if (this.#slice === undefined) {
      const sums = { last_position: position, shares: 0, work: 0n };
      this.#slice = { id: position, minute, span: 1, ...sums, closed: 0, ended_by: null };
      this.#of('slices').push(this.#slice);
    }
    return this.#slice;
  }

  #endSlice(endedBy: number | null): void {
    if (this.#slice !== undefined) Object.assign(this.#slice, { closed: 1, ended_by: endedBy });
    this.#slice = undefined;
  }

  #reject(position: number, record: ShareRejected): void {
    const { channel, worker } = this.#who(position, record);
    const code = plainText(record.code, 100);
    worker['rejected'] = Number(worker['rejected']) + 1;
    this.#sums.rejected += 1;
    const key = { worker: worker['id'], minute: Math.floor(record.timeMs / 60_000), channel: channel.id, code };
    this.#count('rejections', key);
    this.#count('rejection_totals', { code });
    this.#share(position, record, channel, worker, { difficulty: 0, hash: null, code, is_block: 0 });
  }

  #count(table: string, key: Values): void {
    const rows = this.#of(table);
    const known = rows.find((row) => Object.entries(key).every(([name, value]) => row[name] === value));
    if (known === undefined) rows.push({ ...key, shares: 1 });
    else known['shares'] = Number(known['shares']) + 1;
  }

  #share(
    position: number,
    record: ShareAccepted | ShareRejected,
    channel: Channel,
    worker: Values,
    rest: Values,
  ): void {
    const { timeMs, sequenceNumber, jobId } = record;
    const who = { worker: worker['id'], channel: channel.id };
    const what = { sequence_number: sequenceNumber, job_id: jobId };
    this.#of('shares').push({ position, time_ms: timeMs, ...who, ...what, ...rest });
  }

  #found(position: number, record: BlockFound): void {
    const { hash, timeMs, header, coinbase } = record;
    this.#endSlice(position);
    const block = this.#block(hash, timeMs);
    if (block['position'] !== null) return;
    const channel = this.#channels.get(record.channelKey)?.id ?? null;
    const names = {
      user_name: identityText(record.userIdentity),
      via: plainText(record.via),
      path: plainText(record.path),
    };
    const what = { height: record.height ?? null, header, coinbase };
    const round = { round_shares: this.#round.shares, round_work: this.#round.work };
    Object.assign(block, { position, found_ms: timeMs, channel, ...names, ...what, ...round });
    Object.assign(this.#round, { shares: 0, work: 0n, sinceMs: timeMs });
  }

  #status(position: number, { hash, timeMs, status, by, reason }: BlockStatus): void {
    const said = { by: plainText(by), reason: plainText(reason) };
    this.#of('block_events').push({ position, hash, time_ms: timeMs, status, said_by: said.by, reason: said.reason });
    const block = this.#block(hash, timeMs);
    const isLost = block['status'] === 'confirmed' && status === 'submitted';
    if (!isLost && rankOf(status) < rankOf(String(block['status']))) return;
    Object.assign(block, { status, status_by: said.by, status_reason: said.reason, status_ms: timeMs });
  }

  #block(hash: Uint8Array, timeMs: number): Values {
    const blocks = this.#of('blocks');
    const known = blocks.find((row) => String(row['hash']) === String(hash));
    if (known !== undefined) return known;
    const finding = { position: null, found_ms: null, channel: null, height: null, header: null, coinbase: null };
    const names = { user_name: '', worker_name: '', via: '', path: '', round_shares: 0, round_work: 0n };
    const state = { status: 'found', status_by: '', status_reason: '', status_ms: timeMs };
    const block = { hash, ...finding, ...names, ...state };
    blocks.push(block);
    return block;
  }
}

/** What is certain is above all else. */
function rankOf(status: string): number {
  const rank = RANKS.indexOf(status);
  return rank < 0 ? RANKS.length : rank;
}

function plus(sums: Values, work: bigint): bigint {
  return (sums['work'] as bigint) + work;
}

/** Columns to read beside exact ones follow from these. */
export function toRead(work: bigint): number {
  return difficultyOf(work);
}
