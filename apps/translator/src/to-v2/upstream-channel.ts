import { MAX_TARGET } from '@sv2kit/bitcoin';
import type { MiningFromServer } from '@sv2kit/codec';
import { ChannelClient, type ClientAction, type OpenChannel, type Work } from '@sv2kit/mining';
import type { UpstreamShare } from '@sv2kit/translation';
import { ahead } from './ahead.ts';
import { AnswerTimes } from './answer-times.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import { SentWork } from './sent-work.ts';
import type { UpstreamLink } from './upstream-link.ts';

/** What a channel asks for. */
export interface ChannelWish {
  readonly userIdentity: Uint8Array;
  /** Hashes per second; 0 for nobody. */
  readonly hashrate: number;
  /** Bytes that the miner's number and extranonce2 take. */
  readonly minExtranonceSize: number;
}

/** Who mines on a channel: one miner, or all of them. */
export interface ChannelUser {
  onOpened(channel: UpstreamChannel): void;
  /** The upstream opens no channel for this user. */
  onOpenRefused(code: string): void;
  /** @param newTip what was mined before is worth nothing */
  onWork(work: Work, newTip: boolean): void;
  /** The upstream closed it. */
  onClosed(code: string): void;
  /** @param work sum of the difficulties that they were sent for */
  onAccepted(lastSequenceNumber: number, count: number, work: number): void;
  onRejected(sequenceNumber: number, code: string): void;
}

/** An extended channel at an upstream (§5.3.4), from its request to its end. */
export class UpstreamChannel {
  readonly user: ChannelUser;
  readonly link: UpstreamLink;
  readonly requestId: number;
  readonly requestedMs: number;
  readonly #client: ChannelClient;
  readonly #times: AnswerTimes;
  #working = false;
  /** What the link keeps it by, once it is open. */
  place:
    | { readonly channelId: number; readonly groupChannelId: number; readonly members: Set<UpstreamChannel> }
    | undefined;
  /** Shares on their way in all, which number them from 1, and up to which one they are settled. */
  #sent = 0;
  #settled = 0;
  /** Rejected ones beyond that; undefined while there are none, as nearly always. */
  #rejected: Set<number> | undefined;
  readonly #work = new SentWork();

  constructor(link: UpstreamLink, user: ChannelUser, requestId: number, wish: ChannelWish, nowMs: number) {
    this.user = user;
    this.link = link;
    this.requestId = requestId;
    this.requestedMs = nowMs;
    this.#times = new AnswerTimes(link.shareToAnswer);
    this.#client = new ChannelClient({
      requestId,
      userIdentity: wish.userIdentity,
      nominalHashRate: wish.hashrate,
      maxTarget: MAX_TARGET,
      channel: { kind: 'extended', minExtranonceSize: wish.minExtranonceSize },
      ownMessages: true,
    });
  }

  get phase(): 'opening' | 'open' | 'closed' {
    return this.#client.phase;
  }

  /** Shares that the upstream has not answered. */
  get unanswered(): number {
    return ahead(this.#sent, this.#settled) - (this.#rejected?.size ?? 0);
  }

  /** Number of the share that was sent last. */
  get sent(): number {
    return this.#sent;
  }

  /** Undefined unless open. */
  get terms(): OpenChannel | undefined {
    return this.#client.channel;
  }

  get currentWork(): Work | undefined {
    return this.#client.currentWork();
  }

  /** Whether it has had work yet. */
  get working(): boolean {
    return this.#working;
  }

  /** OpenExtendedMiningChannel (§5.3.4). */
  request(): void {
    this.link.send(this.#client.openMessage());
  }

  receive(message: MiningFromServer, nowMs: number): void {
    for (const action of this.#client.receive(message, nowMs)) this.#act(action);
  }

  /** UpdateChannel (§5.3.7); nothing before the channel is open. */
  state(hashrate: number): void {
    if (this.#client.phase !== 'open') return;
    this.link.send(this.#client.update(hashrate, MAX_TARGET));
  }

  /** SubmitSharesExtended (§5.3.12). @returns its sequence number; undefined when the channel is not there any more */
  submit(share: UpstreamShare<UpstreamChannel>, userIdentity: Uint8Array | undefined): number | undefined {
    if (this.#client.phase !== 'open' || !this.link.open) return undefined;
    const { jobId, extranonce, version, ntime, nonce } = share;
    const worker = this.link.namesWorkers && userIdentity !== undefined ? { userIdentity } : {};
    const message = this.#client.share({ jobId, extranonce, version, ntime, nonce, ...worker });
    this.link.sendShare(message);
    this.#sent = message.sequenceNumber;
    this.#times.sent(message.sequenceNumber);
    this.#work.sent(message.sequenceNumber, share.work);
    return message.sequenceNumber;
  }

  /** Ends it from our side; the upstream is told unless it has ended it itself. */
  close(code: string): void {
    const channelId = this.#client.channel?.channelId;
    this.#client.close();
    this.link.forget(this);
    if (channelId !== undefined && this.link.open) {
      this.link.send({ type: 'CloseChannel', channelId, reasonCode: code });
    }
  }

  /** Counted by their numbers: some upstreams send running totals, and a sum is a whole number whatever shares prove. */
  #onAccepted(lastSequenceNumber: number): void {
    const last = ahead(lastSequenceNumber, this.#sent) > 0 ? this.#sent : lastSequenceNumber;
    const answered = ahead(last, this.#settled);
    if (answered <= 0) return;
    this.#times.answeredUpTo(last);
    const work = this.#work.between(this.#settled, last, this.#rejected);
    const count = answered - this.#settle(last);
    this.user.onAccepted(last, count, work);
    this.link.accepted(count);
  }

  #onRejected(sequenceNumber: number, code: string): void {
    if (ahead(sequenceNumber, this.#settled) <= 0 || ahead(sequenceNumber, this.#sent) > 0) return;
    const rejected = (this.#rejected ??= new Set());
    if (rejected.has(sequenceNumber)) return;
    rejected.add(sequenceNumber);
    this.#times.answered(sequenceNumber);
    // An upstream that never answers some: they are as good as answered.
    if (rejected.size > TRANSLATOR_LIMITS.unansweredShares) this.#settle(sequenceNumber);
    this.#settleRun();
    this.user.onRejected(sequenceNumber, code);
    this.link.rejected();
  }

  /** Rejected ones that follow what is settled leave no gap. */
  #settleRun(): void {
    while (this.#rejected?.delete((this.#settled + 1) >>> 0) === true) this.#settled = (this.#settled + 1) >>> 0;
    if (this.#rejected?.size === 0) this.#rejected = undefined;
  }

  /** @returns how many of those up to this one were rejected */
  #settle(sequenceNumber: number): number {
    this.#settled = sequenceNumber;
    const rejected = this.#rejected;
    if (rejected === undefined) return 0;
    const before = rejected.size;
    for (const each of rejected) if (ahead(each, sequenceNumber) <= 0) rejected.delete(each);
    const count = before - rejected.size;
    if (rejected.size === 0) this.#rejected = undefined;
    return count;
  }

  #act(action: ClientAction): void {
    switch (action.kind) {
      case 'opened':
        if (this.link.enter(this, action.channel)) this.user.onOpened(this);
        return;
      case 'open-refused':
        this.link.forget(this);
        if (action.errorCode === 'min-extranonce-size-too-large') return this.link.tooSmall();
        return this.user.onOpenRefused(action.errorCode);
      case 'work':
        this.#working = true;
        return this.user.onWork(action.work, action.newTip);
      case 'accepted':
        return this.#onAccepted(action.lastSequenceNumber);
      case 'rejected':
        return this.#onRejected(action.sequenceNumber, action.errorCode);
      case 'closed':
        this.link.forget(this);
        return this.user.onClosed(action.reasonCode);
      case 'regrouped':
        return this.link.regroup(this, action.groupChannelId);
      case 'violation':
        return this.link.violation(this, action.code);
      case 'update-refused':
        return this.link.note('update-refused', action.errorCode);
      case 'future-job':
      case 'target':
      case 'prefix':
      case 'custom-job-accepted':
      case 'custom-job-refused':
        return;
      default:
        action satisfies never;
    }
  }
}
