import { compareTargets } from '@sv2kit/bitcoin';
import type {
  MiningFromServer,
  NewExtendedMiningJob,
  NewMiningJob,
  OpenExtendedMiningChannel,
  OpenExtendedMiningChannelSuccess,
  OpenStandardMiningChannel,
  OpenStandardMiningChannelSuccess,
  SetExtranoncePrefix,
  SetNewPrevHash,
  SetTarget,
  SubmitSharesExtended,
  SubmitSharesStandard,
  UpdateChannel,
} from '@sv2kit/codec';
import { ClientJobs } from './client-jobs.ts';
import { type ClientJob, extendedJob, standardFromExtended, standardJob, type Work } from './client-work.ts';
import {
  answered,
  type ClientAction,
  type ClientOptions,
  openingViolation,
  type OpenChannel,
} from './client-actions.ts';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';
import { asItIs, copied, type Keep } from './own-message.ts';

type State =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open'; readonly channel: OpenChannel; readonly jobs: ClientJobs }
  | { readonly phase: 'closed' };

/**
 * A client's side of one channel (§5.3): every message of the server goes through {@link receive}, which ignores what is
 * not for this channel or its group. The state is what the messages have said; nothing here knows time or sockets.
 */
export class ChannelClient {
  readonly #options: ClientOptions;
  readonly #keep: Keep;
  #state: State = { phase: 'opening' };
  #maxTarget: Uint8Array;
  #sequenceNumber = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#keep = options.ownMessages === true ? asItIs : copied;
    this.#maxTarget = options.maxTarget;
  }

  /** The message that asks for the channel. */
  openMessage(): OpenStandardMiningChannel | OpenExtendedMiningChannel {
    const { requestId, userIdentity, nominalHashRate, maxTarget, channel } = this.#options;
    const common = { requestId, userIdentity, nominalHashRate, maxTarget };
    return channel.kind === 'standard'
      ? { type: 'OpenStandardMiningChannel', ...common }
      : { type: 'OpenExtendedMiningChannel', ...common, minExtranonceSize: channel.minExtranonceSize };
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  /** Undefined unless open. */
  get channel(): OpenChannel | undefined {
    return this.#state.phase === 'open' ? this.#state.channel : undefined;
  }

  /** What to mine now. */
  currentWork(): Work | undefined {
    return this.#state.phase === 'open' ? this.#state.jobs.current : undefined;
  }

  /** Work of the current tip by its job's id. */
  findWork(jobId: number): Work | undefined {
    return this.#state.phase === 'open' ? this.#state.jobs.find(jobId) : undefined;
  }

  /** One message of the server. @param nowMs unix time in milliseconds */
  receive(message: MiningFromServer, nowMs: number): ClientAction[] {
    switch (this.#state.phase) {
      case 'opening':
        return this.#receiveOpening(message);
      case 'open':
        return this.#receiveOpen(this.#state, message, nowMs);
      case 'closed':
        return [];
    }
  }

  /** A share as a message, with the channel's next sequence number. @throws Error unless the channel is open */
  share(found: {
    readonly jobId: number;
    readonly nonce: number;
    /** Unix seconds. */
    readonly ntime: number;
    readonly version: number;
    /** The rolled part, on an extended channel. */
    readonly extranonce?: Uint8Array;
    /** Which worker found it, where extension 0x0002 is negotiated. */
    readonly userIdentity?: Uint8Array;
  }): SubmitSharesStandard | SubmitSharesExtended {
    const { channelId } = this.#open();
    const { extranonce, userIdentity, ...point } = found;
    this.#sequenceNumber = (this.#sequenceNumber + 1) >>> 0;
    const common = { channelId, sequenceNumber: this.#sequenceNumber, ...point };
    if (this.#options.channel.kind === 'standard') return { type: 'SubmitSharesStandard', ...common };
    if (extranonce === undefined) throw new Error('an extended share needs its extranonce');
    return {
      type: 'SubmitSharesExtended',
      ...common,
      extranonce,
      ...(userIdentity === undefined ? {} : { userIdentity }),
    };
  }

  /** Tells the server of another hashrate or maximum target (§5.3.7). @throws Error unless the channel is open */
  update(nominalHashRate: number, maximumTarget: Uint8Array): UpdateChannel {
    const { channelId } = this.#open();
    this.#maxTarget = maximumTarget;
    return { type: 'UpdateChannel', channelId, nominalHashRate, maximumTarget };
  }

  /** open -> closed, by the client itself. */
  close(): void {
    this.#state = { phase: 'closed' };
  }

  #open(): OpenChannel {
    if (this.#state.phase !== 'open') throw new Error(`the channel is ${this.#state.phase}`);
    return this.#state.channel;
  }

  #receiveOpening(message: MiningFromServer): ClientAction[] {
    switch (message.type) {
      case 'OpenStandardMiningChannelSuccess':
      case 'OpenExtendedMiningChannelSuccess':
        return message.requestId === this.#options.requestId ? this.#onOpened(message) : [];
      case 'OpenMiningChannelError':
        if (message.requestId !== this.#options.requestId) return [];
        this.#state = { phase: 'closed' };
        return [{ kind: 'open-refused', errorCode: message.errorCode }];
      default:
        return [];
    }
  }

  /** opening -> open, or closed when the server broke a rule. */
  #onOpened(message: OpenStandardMiningChannelSuccess | OpenExtendedMiningChannelSuccess): ClientAction[] {
    const violation = openingViolation(message, this.#options.channel, this.#maxTarget);
    if (violation !== undefined) {
      this.#state = { phase: 'closed' };
      return [{ kind: 'violation', code: violation }];
    }
    const channel: OpenChannel = {
      channelId: message.channelId,
      groupChannelId: message.groupChannelId,
      target: this.#keep(message.target),
      extranoncePrefix: this.#keep(message.extranoncePrefix),
      extranonceSize: message.type === 'OpenExtendedMiningChannelSuccess' ? message.extranonceSize : 0,
    };
    this.#state = { phase: 'open', channel, jobs: new ClientJobs(channel.channelId) };
    return [{ kind: 'opened', channel }];
  }

  #receiveOpen(state: State & { phase: 'open' }, message: MiningFromServer, nowMs: number): ClientAction[] {
    const { channelId, groupChannelId } = state.channel;
    if ('channelId' in message && message.channelId !== channelId && message.channelId !== groupChannelId) return [];
    switch (message.type) {
      case 'NewMiningJob':
        return this.#onNewMiningJob(state, message, nowMs);
      case 'NewExtendedMiningJob':
        return this.#onNewExtendedMiningJob(state, message, nowMs);
      case 'SetNewPrevHash':
        return this.#onSetNewPrevHash(state, message, nowMs);
      case 'SetTarget':
        return this.#onSetTarget(state, message);
      case 'SetExtranoncePrefix':
        return this.#onSetExtranoncePrefix(state, message);
      case 'SetGroupChannel':
        if (!message.channelIds.includes(channelId)) return [];
        this.#become(state, { groupChannelId: message.groupChannelId });
        return [{ kind: 'regrouped', groupChannelId: message.groupChannelId }];
      case 'CloseChannel':
        this.#state = { phase: 'closed' };
        return [{ kind: 'closed', reasonCode: message.reasonCode }];
      default:
        return answered(message, state.channel);
    }
  }

  #onNewMiningJob(state: State & { phase: 'open' }, message: NewMiningJob, nowMs: number): ClientAction[] {
    const own = message.channelId === state.channel.channelId && this.#options.channel.kind === 'standard';
    if (!own) return [{ kind: 'violation', code: 'wrong-job-kind' }];
    const job = standardJob(message, this.#options.fixedVersion === true, this.#keep);
    return this.#onJob(state, job, message.minNtime, nowMs);
  }

  #onNewExtendedMiningJob(
    state: State & { phase: 'open' },
    message: NewExtendedMiningJob,
    nowMs: number,
  ): ClientAction[] {
    const { channelId, extranoncePrefix, extranonceSize } = state.channel;
    if (this.#options.channel.kind === 'extended') {
      const job = extendedJob(message, extranoncePrefix, extranonceSize, this.#keep);
      return this.#onJob(state, job, message.minNtime, nowMs);
    }
    if (message.channelId === channelId) return [{ kind: 'violation', code: 'wrong-job-kind' }];
    return this.#onJob(state, standardFromExtended(message, extranoncePrefix), message.minNtime, nowMs);
  }

  #onJob(
    { jobs, channel }: State & { phase: 'open' },
    job: ClientJob,
    minNtime: number | undefined,
    nowMs: number,
  ): ClientAction[] {
    if (minNtime === undefined) {
      jobs.addFuture(job);
      return [{ kind: 'future-job', jobId: job.jobId }];
    }
    const work = jobs.addActive(job, minNtime, channel.target, nowMs);
    if (work === undefined) return [{ kind: 'violation', code: 'job-without-prev-hash' }];
    return [{ kind: 'work', work, newTip: false }];
  }

  #onSetNewPrevHash(state: State & { phase: 'open' }, message: SetNewPrevHash, nowMs: number): ClientAction[] {
    const work = state.jobs.activate(message, state.channel.target, nowMs, this.#keep);
    if (work === undefined) return [{ kind: 'violation', code: 'unknown-future-job' }];
    return [{ kind: 'work', work, newTip: true }];
  }

  #onSetTarget(state: State & { phase: 'open' }, message: SetTarget): ClientAction[] {
    if (compareTargets(message.maximumTarget, this.#maxTarget) > 0) {
      return [{ kind: 'violation', code: 'target-above-maximum' }];
    }
    const target = this.#keep(message.maximumTarget);
    this.#become(state, { target });
    return [{ kind: 'target', target }];
  }

  #onSetExtranoncePrefix(state: State & { phase: 'open' }, message: SetExtranoncePrefix): ClientAction[] {
    if (message.channelId !== state.channel.channelId) return [{ kind: 'violation', code: 'prefix-for-group' }];
    if (message.extranoncePrefix.length + state.channel.extranonceSize > MAX_FULL_EXTRANONCE_SIZE) {
      return [{ kind: 'violation', code: 'extranonce-too-large' }];
    }
    const extranoncePrefix = this.#keep(message.extranoncePrefix);
    this.#become(state, { extranoncePrefix });
    return [{ kind: 'prefix', extranoncePrefix }];
  }

  #become(state: State & { phase: 'open' }, change: Partial<OpenChannel>): void {
    this.#state = { ...state, channel: { ...state.channel, ...change } };
  }
}
