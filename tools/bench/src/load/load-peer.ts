import { MAX_TARGET } from '@sv2kit/bitcoin';
import {
  type MiningFromClient,
  type MiningFromServer,
  type SubmitSharesError,
  type SubmitSharesSuccess,
  utf8,
} from '@sv2kit/codec';
import type { CloseReason, Connection, ConnectionHandler } from '@sv2kit/net';
import { type CurrentJob, LoadChannel } from './load-channel.ts';
import type { ShareSource } from './offered-load.ts';

export type ChannelKind = 'standard' | 'extended';
/** Bytes that an extended channel asks to roll. */
const EXTRANONCE_SIZE = 4;

/** What a peer reports as it happens; times are those of `performance.now()`. */
export interface PeerObserver {
  acknowledged(ms: number): void;
  refused(code: string): void;
  /** The peer's SetNewPrevHash has arrived. */
  tip(): void;
  /** Shares of a channel were answered: there is room for more. */
  answered(source: ShareSource): void;
  /** The pool has ended the connection, or a channel of it. */
  closed(reason: Pick<CloseReason, 'code' | 'error'>): void;
}

/** A channel and the connection that its shares go out by. */
class LoadSource implements ShareSource {
  readonly channel: LoadChannel;
  readonly #peer: LoadPeer;

  constructor(peer: LoadPeer, channel: LoadChannel) {
    this.#peer = peer;
    this.channel = channel;
  }

  get pending(): number {
    return this.channel.pending;
  }

  submit(now: number): void {
    this.#peer.submit(this.channel, now);
  }
}

/** One connection of the load: a device with one channel, or a proxy with many of a kind. */
export class LoadPeer implements ConnectionHandler<MiningFromServer> {
  readonly kind: ChannelKind;
  readonly channels: LoadSource[] = [];
  readonly #byId = new Map<number, LoadSource>();
  readonly #connection: Connection<MiningFromClient>;
  readonly #observer: PeerObserver;
  readonly #wanted: number;
  readonly #open = Promise.withResolvers<void>();
  readonly #futures = new Map<number, Omit<CurrentJob, 'minNtime'>>();
  #job: CurrentJob | undefined;

  constructor(connection: Connection<MiningFromClient>, kind: ChannelKind, channels: number, observer: PeerObserver) {
    this.#connection = connection;
    this.kind = kind;
    this.#wanted = channels;
    this.#observer = observer;
  }

  /** Opens the channels; resolves when each of them has work. */
  open(): Promise<void> {
    for (let requestId = 1; requestId <= this.#wanted; requestId += 1) {
      const common = { requestId, userIdentity: utf8('bench'), nominalHashRate: 1, maxTarget: MAX_TARGET };
      this.#connection.send(
        this.kind === 'standard'
          ? { type: 'OpenStandardMiningChannel', ...common }
          : { type: 'OpenExtendedMiningChannel', ...common, minExtranonceSize: EXTRANONCE_SIZE },
      );
    }
    if (this.#wanted === 0) this.#open.resolve();
    return this.#open.promise;
  }

  submit(channel: LoadChannel, now: number): void {
    if (this.#job !== undefined) this.#connection.send(channel.share(this.#job, now));
  }

  end(): void {
    this.#connection.end('bench over');
  }

  onMessage(message: MiningFromServer): void {
    switch (message.type) {
      case 'SubmitSharesSuccess':
        return this.#onSuccess(message);
      case 'SubmitSharesError':
        return this.#onError(message);
      case 'NewMiningJob':
      case 'NewExtendedMiningJob': {
        const { jobId, version, minNtime } = message;
        if (minNtime === undefined) this.#futures.set(jobId, { jobId, version });
        else this.#job = { jobId, version, minNtime };
        return;
      }
      case 'SetNewPrevHash':
        return this.#onTip(message.jobId, message.minNtime);
      case 'OpenStandardMiningChannelSuccess':
        return this.#onOpened(new LoadChannel(message.channelId, undefined));
      case 'OpenExtendedMiningChannelSuccess':
        return this.#onOpened(new LoadChannel(message.channelId, message.extranonceSize));
      case 'OpenMiningChannelError':
        return this.#open.reject(new Error(`a channel was refused: ${message.errorCode}`));
      case 'CloseChannel':
        return this.#observer.closed({ code: message.reasonCode });
      default:
        return;
    }
  }

  onClose(reason: CloseReason): void {
    this.#open.reject(new Error(`the pool ended a connection: ${reason.code}`));
    this.#observer.closed(reason);
  }

  #onOpened(channel: LoadChannel): void {
    const source = new LoadSource(this, channel);
    this.channels.push(source);
    this.#byId.set(channel.channelId, source);
  }

  #onTip(jobId: number, minNtime: number): void {
    const future = this.#futures.get(jobId);
    if (future === undefined) throw new Error(`job ${jobId} was never announced`);
    this.#job = { ...future, minNtime };
    // With several channels that are just being opened the others still refer to the same job.
    for (const each of this.#futures.keys()) if (each < jobId) this.#futures.delete(each);
    this.#observer.tip();
    if (this.channels.length === this.#wanted) this.#open.resolve();
  }

  #onSuccess({ channelId, lastSequenceNumber }: SubmitSharesSuccess): void {
    const source = this.#byId.get(channelId);
    if (source === undefined) throw new Error(`no channel ${channelId}`);
    source.channel.acknowledge(lastSequenceNumber, performance.now(), this.#waited);
    this.#observer.answered(source);
  }

  readonly #waited = (ms: number): void => this.#observer.acknowledged(ms);

  #onError({ channelId, sequenceNumber, errorCode }: SubmitSharesError): void {
    this.#observer.refused(errorCode);
    const source = this.#byId.get(channelId);
    source?.channel.refuse(sequenceNumber);
    if (source !== undefined) this.#observer.answered(source);
  }
}
