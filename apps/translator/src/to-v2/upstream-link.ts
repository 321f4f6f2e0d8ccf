import { type MiningFromClient, type MiningFromServer, REQUIRES_FIXED_VERSION } from '@sv2kit/codec';
import type { LatencyRecorder } from '@sv2kit/daemon';
import { CLIENT_VIOLATIONS, type ClientViolation, type OpenChannel, ownMessage } from '@sv2kit/mining';
import type { Clock, CloseReason, Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { ChannelDirectory } from './channel-directory.ts';
import { RejectionWatch } from './rejection-watch.ts';
import { type ChannelUser, type ChannelWish, UpstreamChannel } from './upstream-channel.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';

const WORKER_EXTENSION = 2;

/** What the translator wants to know of a connection to an upstream. */
export interface LinkOwner {
  /** This upstream is of no use: another one, please. @param reason a code of UPSTREAM_FAULTS */
  giveUp(link: UpstreamLink, reason: UpstreamFault, detail?: string): void;
  onLinkClosed(link: UpstreamLink, reason: CloseReason): void;
}

/** Why the translator leaves an upstream that does answer. */
export const UPSTREAM_FAULTS = {
  'channel-timeout': 'The upstream did not open a channel in time, or sent no work for it.',
  'channel-refused': 'The upstream does not open the channel that all miners share.',
  'channel-closed': 'The upstream closed the channel that all miners share.',
  'channel-id-collision': 'Two channels, or a channel and a group, got the same id.',
  'extranonce-too-small': 'The channel leaves less room than a miner number and extranonce2 take.',
  'extranonce-too-large': 'Prefix and rolled part are longer together than an extranonce can be.',
  'wrong-channel-kind': 'The upstream answered with another kind of channel than was asked for.',
  silent: 'It says nothing although shares were sent: the connection leads nowhere.',
  'shares-rejected': 'It rejects more of its shares than `outage.most_rejected` allows: miners would work for nothing.',
  'job-refused': 'A job does not pay what the operator asks for, or cannot be read.',
} as const;
export type UpstreamFault = keyof typeof UPSTREAM_FAULTS;

export interface UpstreamLinkDeps {
  readonly owner: LinkOwner;
  /** Part of all shares that may be rejected; 1: all of them. */
  readonly mostRejected: number;
  /** How long it may say nothing once a share was sent. */
  readonly answerMs: number;
  readonly shareToAnswer: Pick<LatencyRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One connection to an upstream: hands its messages to the channels and groups that they are for (§5.3). */
export class UpstreamLink implements ConnectionHandler<MiningFromServer> {
  readonly name: string;
  /** The operator's there; undefined where miners name their own. */
  readonly account: string | undefined;
  readonly sinceMs: number;
  readonly shareToAnswer: Pick<LatencyRecorder, 'record'>;
  readonly #connection: Connection<MiningFromClient>;
  readonly #owner: LinkOwner;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #opening = new Map<number, UpstreamChannel>();
  readonly #directory = new ChannelDirectory();
  readonly #rejections: RejectionWatch;
  readonly #answerMs: number;
  #requestId = 0;
  /** When the first share was sent of which nothing has been heard since. */
  #unheardMs: number | undefined;
  open = true;

  constructor(
    connection: Connection<MiningFromClient>,
    { name, account }: { readonly name: string; readonly account: string | undefined },
    { owner, mostRejected, answerMs, shareToAnswer, clock, log }: UpstreamLinkDeps,
  ) {
    this.#connection = connection;
    this.name = name;
    this.account = account;
    this.#owner = owner;
    this.#answerMs = answerMs;
    this.shareToAnswer = shareToAnswer;
    this.sinceMs = clock.now();
    this.#rejections = new RejectionWatch(mostRejected, this.sinceMs);
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether shares may name their worker (extension 0x0002). */
  get namesWorkers(): boolean {
    return this.#connection.extensions.has(WORKER_EXTENSION);
  }

  /** Whether the upstream wants the version of its jobs as it is (§5.3.1). */
  get fixedVersion(): boolean {
    return (this.#connection.flags & REQUIRES_FIXED_VERSION) !== 0;
  }

  get extensions(): readonly number[] {
    return [...this.#connection.extensions];
  }

  /** Whether a channel has been asked for. */
  get wasAsked(): boolean {
    return this.#requestId > 0;
  }

  get channels(): number {
    return this.#directory.size;
  }

  get groups(): number {
    return this.#directory.groups;
  }

  get opening(): number {
    return this.#opening.size;
  }

  /** Shares without an answer, of all channels. */
  get unanswered(): number {
    return this.#directory.channels().reduce((sum, channel) => sum + channel.unanswered, 0);
  }

  /** Asks for an extended channel. */
  request(user: ChannelUser, wish: ChannelWish): UpstreamChannel {
    this.#requestId = (this.#requestId + 1) >>> 0;
    const requestId = this.#requestId;
    const channel = new UpstreamChannel(this, user, requestId, wish, this.#clock.now());
    this.#opening.set(requestId, channel);
    channel.request();
    return channel;
  }

  send(message: MiningFromClient): void {
    this.#connection.send(message);
  }

  /** Leaves with the shares that other miners have sent by now: thousands of them need a few writes. */
  sendShare(share: MiningFromClient): void {
    this.#unheardMs ??= this.#clock.now();
    this.#connection.send(share, 'batch');
  }

  /** What waits leaves at once: for a block. */
  flush(): void {
    this.#connection.flush();
  }

  /** opening -> open. @returns false when its ids are taken: the upstream is given up then */
  enter(channel: UpstreamChannel, terms: OpenChannel): boolean {
    this.#opening.delete(channel.requestId);
    return this.#isFree(this.#directory.add(channel, terms));
  }

  /** SetGroupChannel (§5.3.22). */
  regroup(channel: UpstreamChannel, groupChannelId: number): void {
    this.#isFree(this.#directory.regroup(channel, groupChannelId));
  }

  /** It is closed, or nobody wants it any more. Should the upstream still open it, it is closed at once. */
  forget(channel: UpstreamChannel): void {
    this.#opening.delete(channel.requestId);
    this.#directory.remove(channel);
  }

  /** The upstream has accepted shares. */
  accepted(count: number): void {
    this.#rejections.accepted(count);
  }

  rejected(): void {
    this.#rejections.rejected(this.#clock.now());
  }

  violation(channel: UpstreamChannel, code: ClientViolation): void {
    this.note(code, CLIENT_VIOLATIONS[code]);
    if (channel.phase === 'closed') this.forget(channel);
    if (code === 'extranonce-too-small') this.tooSmall();
    else if (code in UPSTREAM_FAULTS) this.#owner.giveUp(this, code as UpstreamFault);
  }

  /** It has not so much extranonce as is needed: no miner can be served here. */
  tooSmall(): void {
    this.#owner.giveUp(this, 'extranonce-too-small', 'a smaller extranonce2_size may help');
  }

  note(code: string, detail: string): void {
    this.#log.debug('the upstream breaks a rule, or refuses what is no matter', { upstream: this.name, code, detail });
  }

  /** An upstream that opens no channels, sends no work for them, or takes no shares is of no use. */
  tick(nowMs: number): void {
    const rejected = this.#rejections.judge(nowMs);
    if (rejected !== undefined) {
      return this.#owner.giveUp(this, 'shares-rejected', `${Math.round(100 * rejected)} % of the latest`);
    }
    if (this.#unheardMs !== undefined && nowMs - this.#unheardMs > this.#answerMs) {
      return this.#owner.giveUp(this, 'silent');
    }
    const late = (channel: UpstreamChannel): boolean => nowMs - channel.requestedMs > TRANSLATOR_LIMITS.channelMs;
    for (const channel of this.#opening.values()) {
      if (late(channel)) return this.#owner.giveUp(this, 'channel-timeout', this.#silence);
      break;
    }
    const idle = [...this.#directory.channels().filter((channel) => !channel.working && late(channel))];
    if (idle.length === 0) return;
    if (idle.length === this.#directory.size) return this.#owner.giveUp(this, 'channel-timeout', 'no work');
    for (const channel of idle) {
      channel.close('no-work');
      channel.user.onClosed('no-work');
    }
  }

  onMessage(message: MiningFromServer): void {
    const nowMs = this.#clock.now();
    this.#unheardMs = undefined;
    switch (message.type) {
      case 'OpenExtendedMiningChannelSuccess':
      case 'OpenStandardMiningChannelSuccess':
        return this.#onOpened(message, nowMs);
      case 'OpenMiningChannelError':
        this.#opening.get(message.requestId)?.receive(message, nowMs);
        return;
      case 'SetGroupChannel':
        // Each channel is told of itself alone: that it looks for itself among thousands takes long.
        for (const id of message.channelIds) this.#directory.get(id)?.receive({ ...message, channelIds: [id] }, nowMs);
        return;
      default:
        if ('channelId' in message) this.#onChannelMessage(message, nowMs);
    }
  }

  onClose(reason: CloseReason): void {
    this.open = false;
    this.#owner.onLinkClosed(this, reason);
  }

  /** Servers of 2025 and before may break on the first message of an extension that they do not know. */
  get #silence(): string {
    const silence = 'no answer to a request for a channel';
    if (this.#connection.extensions.size > 0) return silence;
    return `${silence}, nor agreement on extensions: if it cannot bear being asked, extensions.supported = [] helps`;
  }

  #onOpened(
    message: Extract<
      MiningFromServer,
      { readonly channelId: number; readonly requestId: number; readonly target: unknown }
    >,
    nowMs: number,
  ): void {
    const channel = this.#opening.get(message.requestId);
    if (channel !== undefined) return channel.receive(ownMessage(message), nowMs);
    if (this.#directory.get(message.channelId) !== undefined)
      return this.note('opened-twice', 'nobody asked for a channel again');
    this.send({ type: 'CloseChannel', channelId: message.channelId, reasonCode: 'miner-gone' });
  }

  /** A message for a channel, or for each channel of a group, which then share what it brings. */
  #onChannelMessage(message: Extract<MiningFromServer, { readonly channelId: number }>, nowMs: number): void {
    if (message.type === 'SetNewPrevHash') this.#rejections.tipChanged(nowMs);
    const channel = this.#directory.get(message.channelId);
    if (channel !== undefined) return channel.receive(ownMessage(message), nowMs);
    const members = this.#directory.members(message.channelId);
    if (members === undefined) return;
    const own = ownMessage(message);
    for (const each of members) {
      if (!this.open) return;
      each.receive(own, nowMs);
    }
  }

  /** @param taken an id that two would have */
  #isFree(taken: number | undefined): boolean {
    if (taken !== undefined) this.#owner.giveUp(this, 'channel-id-collision', `id ${taken}`);
    return taken === undefined;
  }
}
