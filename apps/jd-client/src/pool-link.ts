import { MAX_TARGET, difficultyFromTarget } from '@sv2kit/bitcoin';
import { type MiningFromClient, type MiningFromServer, REQUIRES_FIXED_VERSION } from '@sv2kit/codec';
import {
  customJobMessage,
  type Failure,
  type JobDraft,
  type RejectionPolicy,
  RejectionWindow,
  SentShares,
} from '@sv2kit/declaration';
import { ChannelClient, type ClientAction, type OpenChannel } from '@sv2kit/mining';
import type { Timing } from '@sv2kit/mining-server';
import type { Clock, CloseReason, Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { type CustomJobListener, CustomJobRequests } from './custom-job-requests.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';
import { StatedHashrate } from './stated-hashrate.ts';
import type { Totals } from './totals.ts';
import { workerField } from './worker-field.ts';

const REQUEST_ID = 1;
const WORKER_EXTENSION = 2;

/** What a share needs to be relayed. */
export interface RelayedShare {
  /** The pool's id of its job. */
  readonly jobId: number;
  /** The part that the pool's prefix does not hold. */
  readonly rolled: Uint8Array;
  readonly nonce: number;
  readonly ntime: number;
  readonly version: number;
  readonly worker: Uint8Array;
  /** Difficulty that the pool asks for. */
  readonly work: number;
}

export interface PoolLinkOptions {
  readonly userIdentity: Uint8Array;
  readonly minExtranonceSize: number;
  readonly versionRolling: boolean;
  /** Of all devices, in hashes per second. */
  readonly hashrate: () => number;
  readonly rejections: RejectionPolicy;
  readonly patience: { readonly channelMs: number; readonly shareMs: number };
  /** Since when somebody tells us of the tip; Infinity while nobody does. */
  readonly tipKnownSinceMs: () => number;
  readonly totals: Totals;
  readonly shareToAnswer: Timing;
  readonly clock: Clock;
  readonly log: Logger;
  /** The channel is open, or its prefix is another. */
  onChannel(): void;
  /** Another target binds later jobs. */
  onTarget(): void;
  /** Of no use any more. */
  onFailure(failure: Failure): void;
  /** The connection has ended. */
  onGone(code: string): void;
}

/** One connection to a pool, and the extended channel on it (§5.3.4). */
export class PoolLink implements ConnectionHandler<MiningFromServer> {
  readonly #connection: Connection<MiningFromClient>;
  readonly #options: PoolLinkOptions;
  readonly #channel: ChannelClient;
  readonly #openedMs: number;
  readonly #sent = new SentShares(JD_CLIENT_LIMITS.unansweredShares);
  readonly #window: RejectionWindow;
  readonly #customJobs = new CustomJobRequests(REQUEST_ID);
  readonly #stated: StatedHashrate;
  open = true;

  constructor(connection: Connection<MiningFromClient>, options: PoolLinkOptions) {
    const { userIdentity, minExtranonceSize, hashrate, clock } = options;
    this.#connection = connection;
    this.#options = options;
    this.#openedMs = clock.now();
    this.#window = new RejectionWindow(options.rejections);
    this.#stated = new StatedHashrate(hashrate(), this.#openedMs);
    this.#channel = new ChannelClient({
      requestId: REQUEST_ID,
      userIdentity,
      nominalHashRate: this.#stated.latest,
      maxTarget: MAX_TARGET,
      channel: { kind: 'extended', minExtranonceSize },
    });
  }

  /** Asks for the channel. */
  start(): void {
    if (this.#options.versionRolling && (this.#connection.flags & REQUIRES_FIXED_VERSION) !== 0) {
      this.#options.onFailure({ reason: 'channel-refused', detail: 'the pool forbids version rolling' });
      return;
    }
    this.#connection.send(this.#channel.openMessage());
  }

  /** Undefined unless open. */
  get channel(): OpenChannel | undefined {
    return this.open ? this.#channel.channel : undefined;
  }

  /** Shares without an answer. */
  get unanswered(): number {
    return this.#sent.size;
  }

  get rejections(): number {
    return this.#window.rejections;
  }

  /** SetCustomMiningJob (§5.3.18). @returns its request id */
  setCustomJob(draft: JobDraft, token: Uint8Array, listener: CustomJobListener): number {
    const { channel } = this;
    if (channel === undefined) throw new Error('the channel to the pool is not open');
    const requestId = this.#customJobs.add(listener);
    this.#connection.send(customJobMessage(draft, { channelId: channel.channelId, requestId, token }));
    return requestId;
  }

  /** @returns whether it is on its way */
  submit(share: RelayedShare): boolean {
    if (this.channel === undefined) return false;
    const { jobId, nonce, ntime, version, rolled: extranonce, worker, work } = share;
    const named = this.#connection.extensions.has(WORKER_EXTENSION) ? { userIdentity: workerField(worker) } : {};
    const message = this.#channel.share({ jobId, nonce, ntime, version, extranonce, ...named });
    this.#connection.send(message);
    const { totals, clock } = this.#options;
    const forgotten = this.#sent.sent(message.sequenceNumber, { work, sentMs: clock.now() });
    totals.relay(work);
    if (forgotten !== undefined) totals.lose('unanswered', forgotten.work);
    return true;
  }

  /** What waits leaves at once: for a block. */
  flush(): void {
    if (this.open) this.#connection.flush();
  }

  /** Closes the channel in good order (§5.3.9), before the connection is ended. */
  leave(): void {
    const channelId = this.channel?.channelId;
    if (channelId !== undefined) this.#connection.send({ type: 'CloseChannel', channelId, reasonCode: 'left' });
  }

  tipMoved(nowMs: number): void {
    this.#window.tipMoved(nowMs, this.#options.tipKnownSinceMs());
  }

  /** Time passes: is the pool silent, or does it reject too much? */
  tick(nowMs: number): void {
    if (!this.open) return;
    const { patience, onFailure, tipKnownSinceMs } = this.#options;
    if (this.#channel.phase === 'opening') {
      if (nowMs - this.#openedMs > patience.channelMs) onFailure({ reason: 'channel-timeout' });
      return;
    }
    if (this.#window.judge(nowMs, tipKnownSinceMs())) {
      onFailure({ reason: 'shares-rejected', detail: `${this.#window.rejections} of the last shares` });
      return;
    }
    const { oldestMs } = this.#sent;
    if (oldestMs !== undefined && nowMs - oldestMs > patience.shareMs) {
      onFailure({ reason: 'share-timeout', detail: `${this.#sent.size} shares without an answer` });
      return;
    }
    this.#update(nowMs);
  }

  onMessage(message: MiningFromServer): void {
    for (const action of this.#channel.receive(message, this.#options.clock.now())) this.#act(action);
  }

  onClose({ code }: CloseReason): void {
    this.open = false;
    this.#channel.close();
    const { totals, log } = this.#options;
    const unanswered = this.#sent.abandon();
    for (const { work } of unanswered) totals.lose('unanswered', work);
    if (unanswered.length > 0) log.warn('shares had no answer when the pool went', { shares: unanswered.length, code });
    this.#options.onGone(code);
  }

  #act(action: ClientAction): void {
    const { log, totals, clock, onChannel, onTarget, onFailure } = this.#options;
    switch (action.kind) {
      case 'opened': {
        const { target, extranoncePrefix, extranonceSize } = action.channel;
        const difficulty = difficultyFromTarget(target);
        log.info('channel opened', { difficulty, prefix: extranoncePrefix.length, extranonceSize });
        return this.#isTooHard(difficulty) ? undefined : onChannel();
      }
      case 'prefix':
        log.info('the pool changes the extranonce prefix', { size: action.extranoncePrefix.length });
        return onChannel();
      case 'open-refused':
        return onFailure({ reason: 'channel-refused', detail: action.errorCode });
      case 'closed':
        // A pool that stops says so before it goes: one that has closed our channel is lost like one that hung up.
        log.warn('the pool closes the channel', { code: action.reasonCode });
        return this.#connection.end('channel-closed');
      case 'accepted': {
        const answered = this.#sent.accepted(action.lastSequenceNumber);
        // Not the pool's own sum, which is a whole number: shares may be easier than difficulty 1.
        totals.credit(
          action.count,
          answered.reduce((sum, { work }) => sum + work, 0),
        );
        // The last of a batch alone: those before it have waited for it.
        const last = answered.at(-1);
        if (last !== undefined) this.#options.shareToAnswer.record(clock.now() - last.sentMs);
        return this.#window.accepted(answered.length, clock.now());
      }
      case 'rejected':
        return this.#onRejected(action.sequenceNumber, action.errorCode);
      case 'custom-job-accepted':
        return this.#customJobs.answered(action.requestId)?.onAcknowledged(action.jobId, action.pinned.target);
      case 'custom-job-refused':
        return this.#customJobs.answered(action.requestId)?.onRefused(action.errorCode);
      case 'update-refused':
        return log.warn('the pool refuses a change of the channel', { code: action.errorCode });
      case 'violation':
        // What a pool says of jobs of its own is nothing to who selects work; what it says of the channel is.
        if (this.#channel.phase === 'closed' || action.code === 'extranonce-too-large')
          return onFailure({ reason: 'channel-refused', detail: action.code });
        return log.debug('the pool breaks the protocol', { code: action.code });
      case 'target': {
        const difficulty = difficultyFromTarget(action.target);
        log.debug('target for later jobs', { difficulty });
        return this.#isTooHard(difficulty) ? undefined : onTarget();
      }
      case 'work':
      case 'future-job':
      case 'regrouped':
        return;
      default:
        action satisfies never;
    }
  }

  #onRejected(sequenceNumber: number, code: string): void {
    const { log, totals, clock } = this.#options;
    const share = this.#sent.rejected(sequenceNumber);
    if (share === undefined)
      return log.debug('the pool rejects a share that it was not sent', { code, sequenceNumber });
    totals.reject(code);
    this.#options.shareToAnswer.record(clock.now() - share.sentMs);
    log.info('the pool rejects a share', { code, sequenceNumber });
    this.#window.rejected(share.sentMs, clock.now());
  }

  /** Who asks for what nobody finds pays for nothing. */
  #isTooHard(difficulty: number): boolean {
    if (difficulty <= JD_CLIENT_LIMITS.mostDifficulty) return false;
    this.#options.onFailure({ reason: 'channel-refused', detail: `shares of difficulty ${difficulty}` });
    return true;
  }

  /** UpdateChannel when devices have come, gone or changed noticeably (§5.3.7). */
  #update(nowMs: number): void {
    if (this.channel === undefined) return;
    const hashrate = this.#stated.next(this.#options.hashrate, nowMs);
    if (hashrate !== undefined) this.#connection.send(this.#channel.update(hashrate, MAX_TARGET));
  }
}
