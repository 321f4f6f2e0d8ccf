import type { Work } from '@sv2kit/mining';
import { channelIdentity, Demand, MINER_DEMAND, type UpstreamShare } from '@sv2kit/translation';
import type { Book, BookDeps, Seat } from './book.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import { PASSING_REFUSALS } from './refusals.ts';
import type { ChannelUser, UpstreamChannel } from './upstream-channel.ts';
import type { UpstreamLink } from './upstream-link.ts';

/** Refusals that may be over some time: a miner that has mined waits, others had better look elsewhere. */
const FULL: ReadonlySet<string> = new Set(['channel-limit-reached', 'channel-capacity-exhausted']);

/** One extended channel for each miner, all on one connection. */
export class OwnChannels implements Book {
  readonly #deps: BookDeps;
  readonly #seats = new Map<Miner, OwnSeat>();
  #link: UpstreamLink | undefined;
  /** Who waits for a channel to be asked for; served a slice at a time. */
  #queue: OwnSeat[] = [];

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  get link(): UpstreamLink | undefined {
    return this.#link;
  }

  join(miner: Miner): void {
    const seat = new OwnSeat(miner, this, this.#deps);
    this.#seats.set(miner, seat);
    if (this.#link !== undefined) seat.open(this.#link);
  }

  leave(miner: Miner): void {
    const seat = this.#seats.get(miner);
    this.#seats.delete(miner);
    seat?.close('miner-gone');
  }

  linkUp(link: UpstreamLink): void {
    this.#link = link;
    const idle = this.#queue.length === 0;
    this.#queue = [...this.#seats.values()];
    if (idle) this.#openSome();
  }

  linkDown(): void {
    this.#link = undefined;
    for (const seat of this.#seats.values()) seat.lost();
  }

  tick(nowMs: number): void {
    for (const seat of this.#seats.values()) seat.tick(nowMs, this.#link);
  }

  readonly #openSome = (): void => {
    const link = this.#link;
    if (link === undefined) {
      this.#queue = [];
      return;
    }
    for (const seat of this.#queue.splice(0, TRANSLATOR_LIMITS.openSlice)) {
      if (this.#seats.get(seat.miner) === seat) seat.open(link);
    }
    if (this.#queue.length > 0) setImmediate(this.#openSome);
  };
}

/** A miner and the channel that is its own. */
class OwnSeat implements ChannelUser, Seat {
  readonly miner: Miner;
  readonly #book: OwnChannels;
  readonly #deps: BookDeps;
  readonly #demand: Demand;
  /** As the demand has it. */
  #hashrate: number;
  #channel: UpstreamChannel | undefined;
  /** The channel has had no work yet: what the miner has is of another one. */
  #fresh = true;
  #closedMs = Number.NEGATIVE_INFINITY;
  /** Since when the upstream puts us off, and when to ask again. */
  #putOff: { readonly sinceMs: number; readonly againMs: number } | undefined;

  constructor(miner: Miner, book: OwnChannels, deps: BookDeps) {
    this.miner = miner;
    this.#book = book;
    this.#deps = deps;
    this.#hashrate = miner.hashrate;
    this.#demand = new Demand(MINER_DEMAND, this.#hashrate, deps.clock.now());
    this.#demand.join(this.#hashrate);
  }

  get channel(): UpstreamChannel | undefined {
    return this.#channel;
  }

  open(link: UpstreamLink): void {
    if (this.#channel !== undefined) return;
    const { miner } = this;
    const { hashrate } = miner;
    const { minExtranonceSize } = this.#deps;
    const userIdentity = channelIdentity(link.account, miner.username, miner.number);
    this.#fresh = true;
    // An opening is no UpdateChannel: the first may follow at once.
    this.#demand.restart(hashrate, Number.NEGATIVE_INFINITY);
    this.#channel = link.request(this, { userIdentity, hashrate, minExtranonceSize });
  }

  submit(_miner: Miner, share: UpstreamShare<UpstreamChannel>, worker: Uint8Array): boolean {
    return this.#channel?.submit(share, worker) !== undefined;
  }

  /** Not left to the next tick: until the upstream makes them harder, shares of a strong miner pour in. */
  heard(nowMs: number): void {
    const channel = this.#channel;
    if (channel !== undefined && this.miner.hashrate !== this.#hashrate) this.#update(channel, nowMs);
  }

  close(code: string): void {
    const channel = this.#channel;
    this.lost();
    channel?.close(code);
  }

  /** The connection, and the channel with it, is gone. */
  lost(): void {
    const channel = this.#channel;
    this.#putOff = undefined;
    if (channel === undefined) return;
    this.#channel = undefined;
    this.#deps.totals.lose('unanswered', channel.unanswered);
    this.miner.tally.lost += channel.unanswered;
    this.miner.adrift();
  }

  tick(nowMs: number, link: UpstreamLink | undefined): void {
    const channel = this.#channel;
    if (channel !== undefined) return this.#update(channel, nowMs);
    const putOff = this.#putOff;
    if (link === undefined || putOff === undefined || nowMs < putOff.againMs) return;
    this.#putOff = { ...putOff, againMs: Number.POSITIVE_INFINITY };
    this.open(link);
  }

  onOpened(): void {
    this.#putOff = undefined;
    this.#deps.metrics.channels.inc({ event: 'opened' });
    this.miner.seated(this);
  }

  onOpenRefused(code: string): void {
    this.#channel = undefined;
    this.#deps.metrics.channels.inc({ event: 'refused' });
    const nowMs = this.#deps.clock.now();
    const sinceMs = this.#putOff?.sinceMs ?? nowMs;
    const passing = PASSING_REFUSALS.has(code) || (this.miner.hasMined && FULL.has(code));
    const { channelMs, putOffMs } = TRANSLATOR_LIMITS;
    const { link } = this.#book;
    // An upstream that has work for nobody is no upstream.
    if (PASSING_REFUSALS.has(code) && link?.channels === 0 && nowMs - sinceMs >= channelMs) {
      return this.#deps.owner.giveUp(link, 'channel-refused', code);
    }
    if (!passing || nowMs - sinceMs > this.#deps.keepWorkingMs) return this.miner.refused(code);
    this.#putOff = { sinceMs, againMs: nowMs + putOffMs };
  }

  onWork(work: Work, newTip: boolean): void {
    const job = this.#deps.desk.translated(work);
    if (job === undefined) return;
    this.miner.offer(this, work, job, newTip || this.#fresh);
    this.#fresh = false;
  }

  /** Once in a while a closed channel is opened again; the miner is let go otherwise. */
  onClosed(code: string): void {
    const nowMs = this.#deps.clock.now();
    const again = nowMs - this.#closedMs > TRANSLATOR_LIMITS.reopenMs;
    this.#closedMs = nowMs;
    this.lost();
    this.#deps.metrics.channels.inc({ event: 'closed' });
    this.#deps.log.info('the upstream closes a channel', { miner: this.miner.username, code, again });
    const { link } = this.#book;
    if (!again) this.miner.end('channel-closed');
    else if (link?.open === true) this.open(link);
  }

  onAccepted(_last: number, count: number, work: number): void {
    this.#deps.totals.acknowledge(count, work);
    this.miner.credited(count);
  }

  onRejected(_sequenceNumber: number, code: string): void {
    this.#deps.totals.reject(code);
    this.miner.rejected(code);
  }

  /** UpdateChannel when the miner's hashrate is noticeably another than the upstream knows. */
  #update(channel: UpstreamChannel, nowMs: number): void {
    if (channel.phase !== 'open') return;
    const { hashrate } = this.miner;
    if (hashrate !== this.#hashrate) {
      this.#demand.change(this.#hashrate, hashrate);
      this.#hashrate = hashrate;
    }
    const due = this.#demand.due(nowMs);
    if (due !== undefined) channel.state(due);
  }
}
