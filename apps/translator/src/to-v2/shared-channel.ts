import type { Work } from '@sv2kit/mining';
import { splitUsername } from '@sv2kit/sv1';
import { AGGREGATE_DEMAND, channelIdentity, Demand, type TranslatedJob, type UpstreamShare } from '@sv2kit/translation';
import type { Book, BookDeps, Seat } from './book.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import { isOfAccount, OTHER_ACCOUNT, PASSING_REFUSALS, USER_REFUSALS } from './refusals.ts';
import { SentShares } from './sent-shares.ts';
import type { ChannelUser, UpstreamChannel } from './upstream-channel.ts';
import type { UpstreamLink } from './upstream-link.ts';

/** The shared channel's worker, as a user name has it. */
const WORKER = '.translator';

/** One extended channel that all miners share; their numbers tell them apart. */
export class SharedChannel implements Book, ChannelUser, Seat {
  readonly #deps: BookDeps;
  /** With the hashrate that the demand has of each. */
  readonly #miners = new Map<Miner, number>();
  readonly #demand: Demand;
  #link: UpstreamLink | undefined;
  #channel: UpstreamChannel | undefined;
  #sent = new SentShares<Miner>(1);
  #fresh = true;
  #latest: { readonly work: Work; readonly job: TranslatedJob } | undefined;
  /** Whose account the channel is asked for, where the operator has named none. */
  #namedBy: Miner | undefined;
  #account: string | undefined;
  /** Since when the upstream puts us off, and when to ask again. */
  #putOff: { readonly sinceMs: number; readonly againMs: number } | undefined;

  constructor(deps: BookDeps) {
    this.#deps = deps;
    this.#demand = new Demand(AGGREGATE_DEMAND, 0, deps.clock.now());
  }

  get channel(): UpstreamChannel | undefined {
    return this.#channel;
  }

  join(miner: Miner): void {
    const { hashrate } = miner;
    this.#miners.set(miner, hashrate);
    this.#demand.join(hashrate);
    const channel = this.#channel;
    if (channel?.phase === 'open' && this.#miners.size === 1) this.#takeOver(channel, miner);
    else if (channel?.phase === 'open') this.#seat(miner);
    else if (channel === undefined && this.#putOff === undefined) this.#request();
  }

  leave(miner: Miner): void {
    const hashrate = this.#miners.get(miner);
    if (hashrate === undefined) return;
    this.#miners.delete(miner);
    this.#demand.leave(hashrate);
  }

  linkUp(link: UpstreamLink): void {
    this.#link = link;
    this.#request();
  }

  linkDown(): void {
    this.#link = undefined;
    this.#putOff = undefined;
    this.#drop();
  }

  tick(nowMs: number): void {
    const channel = this.#channel;
    if (channel === undefined && nowMs >= (this.#putOff?.againMs ?? Infinity)) this.#request();
    if (channel?.phase !== 'open') return;
    for (const [miner, before] of this.#miners) {
      const now = miner.hashrate;
      if (now === before) continue;
      this.#miners.set(miner, now);
      this.#demand.change(before, now);
    }
    const due = this.#demand.due(nowMs);
    if (due !== undefined) channel.state(due);
  }

  submit(miner: Miner, share: UpstreamShare<UpstreamChannel>, worker: Uint8Array): boolean {
    const sequenceNumber = this.#channel?.submit(share, worker);
    if (sequenceNumber === undefined) return false;
    this.#sent.sent(sequenceNumber, miner);
    return true;
  }

  /** The sum of all is looked at once a second. */
  heard(): void {}

  onOpened(): void {
    this.#putOff = undefined;
    this.#deps.metrics.channels.inc({ event: 'opened' });
    for (const miner of this.#miners.keys()) this.#seat(miner);
  }

  onOpenRefused(code: string): void {
    this.#channel = undefined;
    this.#deps.metrics.channels.inc({ event: 'refused' });
    if (USER_REFUSALS.has(code) && this.#namedBy !== undefined) return this.#refuse(this.#namedBy, code);
    if (PASSING_REFUSALS.has(code) && this.#isPutOff()) return;
    if (USER_REFUSALS.has(code)) {
      for (const miner of [...this.#miners.keys()]) if (!miner.hasMined) miner.refused(code);
    }
    if (this.#link !== undefined) this.#deps.owner.giveUp(this.#link, 'channel-refused', code);
  }

  onWork(work: Work, newTip: boolean): void {
    const job = this.#deps.desk.translated(work);
    if (job === undefined) return;
    const clean = newTip || this.#fresh;
    this.#fresh = false;
    this.#latest = { work, job };
    for (const miner of this.#miners.keys()) miner.offer(this, work, job, clean);
  }

  onClosed(code: string): void {
    this.#deps.metrics.channels.inc({ event: 'closed' });
    this.#deps.log.warn('the upstream closes the channel of all miners', { code });
    const link = this.#link;
    this.#drop();
    if (link !== undefined) this.#deps.owner.giveUp(link, 'channel-closed', code);
  }

  onAccepted(lastSequenceNumber: number, count: number, work: number): void {
    this.#deps.totals.acknowledge(count, work);
    this.#sent.accepted(lastSequenceNumber, credit);
  }

  onRejected(sequenceNumber: number, code: string): void {
    this.#deps.totals.reject(code);
    this.#sent.rejected(sequenceNumber)?.rejected(code);
  }

  /** Only once somebody mines: the first miner may have to name the account. */
  #request(): void {
    const link = this.#link;
    const [first] = this.#miners.keys();
    if (link === undefined || first === undefined || this.#channel !== undefined) return;
    this.#namedBy = link.account === undefined ? first : undefined;
    this.#account = link.account === undefined ? splitUsername(first.username).account : undefined;
    const name = link.account ?? this.#account;
    const { hashrate } = this.#demand;
    this.#fresh = true;
    this.#latest = undefined;
    this.#sent = new SentShares<Miner>(TRANSLATOR_LIMITS.unansweredShares);
    const userIdentity = channelIdentity(name, WORKER, 0);
    this.#channel = link.request(this, { userIdentity, hashrate, minExtranonceSize: this.#deps.minExtranonceSize });
    this.#demand.restart(hashrate, this.#deps.clock.now());
  }

  /** A miner named an account that the upstream does not know: the next one has the say. */
  #refuse(miner: Miner, code: string): void {
    if (this.#miners.has(miner)) miner.refused(code);
    this.#request();
  }

  /** @returns whether the upstream has not put us off for too long; it is asked again then */
  #isPutOff(): boolean {
    const nowMs = this.#deps.clock.now();
    const sinceMs = this.#putOff?.sinceMs ?? nowMs;
    const { channelMs, putOffMs } = TRANSLATOR_LIMITS;
    if (nowMs - sinceMs >= channelMs) return false;
    this.#putOff = { sinceMs, againMs: nowMs + putOffMs };
    return true;
  }

  /** Whose account it was has gone: the only miner may name another. */
  #takeOver(channel: UpstreamChannel, miner: Miner): void {
    if (this.#isOurs(miner)) return this.#seat(miner);
    this.#drop();
    channel.close('miner-gone');
    this.#request();
  }

  /** Whether its shares would go to its own account, or to the operator's. */
  #isOurs({ username }: Miner): boolean {
    return this.#account === undefined || isOfAccount(username, this.#account);
  }

  #seat(miner: Miner): void {
    if (!this.#isOurs(miner)) return miner.refused('other-account', OTHER_ACCOUNT);
    miner.seated(this);
    const latest = this.#latest;
    if (latest !== undefined) miner.offer(this, latest.work, latest.job, true);
  }

  #drop(): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    this.#channel = undefined;
    this.#latest = undefined;
    this.#deps.totals.lose('unanswered', channel.unanswered);
    this.#sent.accepted(channel.sent, lose);
    for (const miner of this.#miners.keys()) miner.adrift();
  }
}

function credit(miner: Miner): void {
  miner.credited(1);
}

function lose(miner: Miner): void {
  miner.tally.lost += 1;
}
