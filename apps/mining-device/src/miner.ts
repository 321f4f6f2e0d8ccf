import { difficultyFromTarget } from '@sv2kit/bitcoin';
import {
  type MiningFromClient,
  type MiningFromServer,
  REQUIRES_EXTENDED_CHANNELS,
  REQUIRES_FIXED_VERSION,
} from '@sv2kit/codec';
import { ChannelClient, type ClientAction, type ClientOptions } from '@sv2kit/mining';
import type { CloseReason, Connection, ConnectionHandler } from '@sv2kit/net';
import { DEFAULT_POLICY } from '@sv2kit/upstream';
import { isBlock } from './is-block.ts';
import { type MinerPhase, REACTIONS } from './reactions.ts';
import type { Found } from './rig.ts';
import type { Workplace, WorkplaceDeps } from './workplace.ts';

/** A channel that the server has closed is asked for again after this long, then after twice as long, and so on. */
const FIRST_REOPEN_MS = 1000;
const LAST_REOPEN_MS = DEFAULT_POLICY.maxBackoffMs;

/** What a miner says of itself when it opens its channel. */
export type ChannelWish = Pick<ClientOptions, 'userIdentity' | 'maxTarget' | 'channel'>;

export interface MinerDeps extends WorkplaceDeps {
  readonly wish: ChannelWish;
  /** Hashes per second to open with. */
  readonly nominalHashRate: () => number;
  /** This server is of no use: drop it for another. @param reason a constant code */
  giveUp(reason: string): void;
}

/** One connection to a Stratum V2 server: keeps a channel open and mines what it is given there. */
export class Miner implements Workplace, ConnectionHandler<MiningFromServer> {
  readonly protocol = 'sv2';
  readonly #connection: Connection<MiningFromClient>;
  readonly #deps: MinerDeps;
  #channel: ChannelClient;
  #phase: MinerPhase = 'closed';
  #requestId = 0;
  #reopen: Disposable | undefined;
  #reopenMs = FIRST_REOPEN_MS;

  constructor(connection: Connection<MiningFromClient>, deps: MinerDeps) {
    this.#connection = connection;
    this.#deps = deps;
    this.#channel = this.#newChannel();
  }

  get phase(): MinerPhase {
    return this.#phase;
  }

  /** closed -> opening */
  open(): void {
    if (this.#phase !== 'closed') throw new Error(`a channel cannot be opened while ${this.#phase}`);
    const { wish } = this.#deps;
    if (wish.channel.kind === 'standard' && (this.#connection.flags & REQUIRES_EXTENDED_CHANNELS) !== 0) {
      this.#deps.log.warn('the server accepts extended channels only: set channel to extended');
      this.#deps.giveUp('extended-channels-required');
      return;
    }
    this.#channel = this.#newChannel();
    this.#become('opening');
    this.#connection.send(this.#channel.openMessage());
  }

  onMessage(message: MiningFromServer): void {
    switch (REACTIONS[message.type][this.#phase]) {
      case 'channel':
        for (const action of this.#channel.receive(message, this.#deps.clock.now())) this.#act(action);
        return;
      case 'below':
        return;
      case 'unexpected':
        this.#deps.log.debug('a message that names nothing known', { type: message.type, phase: this.#phase });
        this.#deps.listener.onUnexpected(message.type);
    }
  }

  onClose(reason: CloseReason): void {
    this.#deps.log.debug('connection closed', { reason: reason.code });
    this.#reopen?.[Symbol.dispose]();
    this.#lose();
  }

  /** A thread has found a share. */
  onFound({ stretch, nonce, hash }: Found): void {
    const { jobId, nbits, target } = stretch.work;
    if (this.#phase !== 'mining' || this.#channel.findWork(jobId) !== stretch.work) return;
    const { ntime, version, extranonce } = stretch;
    const share = this.#channel.share({ jobId, nonce, ntime, version, ...(extranonce && { extranonce }) });
    this.#connection.send(share);
    this.#deps.shares.submitted(share.sequenceNumber, this.#deps.clock.now(), difficultyFromTarget(target));
    this.#deps.listener.onShare(difficultyFromTarget(hash), isBlock(hash, nbits));
  }

  /** Tells the server the device's hashrate anew (§5.3.7). */
  tellHashrate(): void {
    if (this.#channel.phase !== 'open') return;
    const { nominalHashRate, wish } = this.#deps;
    this.#connection.send(this.#channel.update(nominalHashRate(), wish.maxTarget));
  }

  /** Closes the channel in good order (§5.3.9), before the connection is ended. */
  close(): void {
    const channelId = this.#channel.channel?.channelId;
    if (channelId !== undefined) this.#connection.send({ type: 'CloseChannel', channelId, reasonCode: 'shutdown' });
    this.#reopen?.[Symbol.dispose]();
    this.#lose();
  }

  #act(action: ClientAction): void {
    const { log, shares, clock } = this.#deps;
    switch (action.kind) {
      case 'opened':
        log.info('channel opened', {
          channel: action.channel.channelId,
          difficulty: difficultyFromTarget(action.channel.target),
        });
        this.#become('waiting');
        return;
      case 'open-refused':
        log.warn('the server refuses a channel', { code: action.errorCode });
        this.#deps.giveUp('open-refused');
        return;
      case 'work':
        this.#mine(action);
        return;
      case 'accepted':
        shares.accepted(action.lastSequenceNumber, action.count, clock.now());
        return;
      case 'rejected':
        log.debug('share rejected', { code: action.errorCode, sequenceNumber: action.sequenceNumber });
        shares.rejected(action.sequenceNumber, action.errorCode, clock.now());
        return;
      case 'update-refused':
        log.warn('the server refuses a change of the channel', { code: action.errorCode });
        return;
      case 'closed':
        this.#onChannelClosed(action.reasonCode);
        return;
      case 'violation':
        log.warn('the server breaks the protocol', { code: action.code });
        this.#deps.giveUp(action.code);
        return;
      case 'target':
        log.debug('target for later jobs', { difficulty: difficultyFromTarget(action.target) });
        return;
      case 'future-job':
      case 'prefix':
      case 'regrouped':
      case 'custom-job-accepted':
      case 'custom-job-refused':
        log.debug('channel updated', { kind: action.kind });
        return;
      default:
        action satisfies never;
    }
  }

  /** waiting or mining -> mining */
  #mine({ work, newTip }: ClientAction & { kind: 'work' }): void {
    this.#reopenMs = FIRST_REOPEN_MS;
    this.#become('mining');
    const { rig, listener, versionMask } = this.#deps;
    rig.mine(work, { versionMask, forgetEarlier: newTip });
    listener.onWork(newTip);
  }

  /** waiting or mining -> closed, and to opening after a while */
  #onChannelClosed(reasonCode: string): void {
    const { clock, log } = this.#deps;
    log.warn('the server has closed the channel; it is asked for again', { reasonCode, afterMs: this.#reopenMs });
    this.#lose();
    this.#reopen = clock.after(this.#reopenMs, () => this.open());
    this.#reopenMs = Math.min(this.#reopenMs * 2, LAST_REOPEN_MS);
  }

  /** any -> closed; nothing when it is closed already, for the threads may work for another connection by now */
  #lose(): void {
    if (this.#phase === 'closed') return;
    this.#channel.close();
    this.#deps.rig.rest();
    this.#deps.shares.abandon();
    this.#become('closed');
  }

  #become(phase: MinerPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#deps.listener.onPhase(phase);
  }

  #newChannel(): ChannelClient {
    const { wish, nominalHashRate } = this.#deps;
    return new ChannelClient({
      ...wish,
      requestId: ++this.#requestId,
      nominalHashRate: nominalHashRate(),
      fixedVersion: (this.#connection.flags & REQUIRES_FIXED_VERSION) !== 0,
    });
  }
}
