import {
  type CloseChannel,
  type MiningFromClient,
  REQUIRES_VERSION_ROLLING,
  type SetupConnection,
  type UpdateChannel,
} from '@sv2kit/codec';
import type { CloseReason, ConnectionHandler, Leaver, Logger } from '@sv2kit/net';
import type { ServerCloseReason } from './codes.ts';
import type { ServerContext } from './context.ts';
import { CustomJobs } from './custom-jobs.ts';
import { Gates } from './gates.ts';
import type { Miner } from './miner.ts';
import { Openings } from './openings.ts';
import type { MinerConnection } from './ports.ts';
import { ShareIntake } from './share-intake.ts';
import { WorkLine } from './work-line.ts';

/** One connection of miners: its channels, its groups, and what is due to them. */
export class Downstream implements ConnectionHandler<MiningFromClient>, Leaver {
  readonly connection: MinerConnection;
  readonly #context: ServerContext;
  readonly #log: Logger;
  readonly #gates: Gates;
  readonly #miners = new Map<number, Miner>();
  /** Channels that are alone in their group, by its id. */
  readonly #alone = new Map<number, Miner>();
  readonly #line: WorkLine;
  readonly #openings: Openings;
  readonly #customJobs: CustomJobs;
  /** What SetupConnection.Success said (§5.3.1). */
  readonly #fixedVersion: boolean;
  /** For its shares. */
  readonly intake: ShareIntake;
  /** Since when it is set up; unix milliseconds. */
  readonly sinceMs: number;
  #lastId = 0;
  #closed = false;
  /** Its client knows that all channels are closed; what was on its way is answered. */
  #parting = false;
  #hushed = false;

  constructor(context: ServerContext, connection: MinerConnection) {
    this.#context = context;
    this.connection = connection;
    this.#fixedVersion = context.versionMask === 0;
    this.sinceMs = context.deps.clock.now();
    this.#line = new WorkLine(context, connection, this.#miners, (miner) =>
      this.#closeMiner(miner, 'extranonce-too-small'),
    );
    this.#log = context.deps.log.child({ connection: connection.id });
    const { sharesPerMinute } = context.config.targets;
    this.#gates = new Gates(context.limits, sharesPerMinute, context.ticks());
    this.intake = new ShareIntake(context, {
      connection,
      gates: this.#gates,
      miners: this.#miners,
      log: this.#log,
      end: (reason) => this.end(reason),
    });
    this.#customJobs = new CustomJobs(context, connection, this.#gates, (channelId) => this.#extended(channelId));
    this.#openings = new Openings(context, {
      downstream: this,
      gates: this.#gates,
      line: this.#line,
      log: this.#log,
      channels: () => this.#miners.size,
      nextId: () => this.#nextId(),
      onOpen: (miner) => this.#add(miner),
    });
  }

  get miners(): IterableIterator<Miner> {
    return this.#miners.values();
  }

  /** Channels open now. */
  get size(): number {
    return this.#miners.size;
  }

  get device(): string {
    const { vendor, hardwareVersion, firmware } = this.connection.setup;
    return [vendor, hardwareVersion, firmware].filter((part) => part !== '').join(' ');
  }

  onReady(): void {
    // It may have changed since SetupConnection was answered.
    if (!this.canRoll(this.#context.versionMask !== 0)) return this.end('version-rolling-changed');
    this.#context.downstreams.add(this);
    // Has nothing to open a channel for until it has a template, a token or miners: silence is what ends it.
    if (this.selectsWork || isOwnTranslator(this.connection.setup)) this.connection.markInUse();
  }

  onMessage(message: MiningFromClient): void {
    if (this.#closed || this.#hushed) return;
    switch (message.type) {
      case 'SubmitSharesStandard':
      case 'SubmitSharesExtended':
        return this.intake.onShare(message);
      case 'OpenStandardMiningChannel':
      case 'OpenExtendedMiningChannel':
        return this.#openings.onRequest(message);
      case 'UpdateChannel':
        return this.#onUpdate(message);
      case 'CloseChannel':
        return this.#onCloseChannel(message);
      case 'SetCustomMiningJob':
        return this.#customJobs.onSet(message);
      case 'SetupConnection':
      case 'RequestExtensions':
        return; // the session's
      default:
        return message satisfies never;
    }
  }

  onDrain(): void {
    this.advance();
  }

  onClose(reason: CloseReason): void {
    this.#closed = true;
    this.#context.downstreams.delete(this);
    this.#openings.close();
    this.#customJobs.close();
    for (const miner of [...this.#miners.values()]) this.#remove(miner, reason.code);
  }

  /** Brings the connection up to the board. */
  advance(): void {
    if (!this.#parting) this.#line.advance();
  }

  get isGone(): boolean {
    return this.#closed;
  }

  get isSettled(): boolean {
    return this.#miners
      .values()
      .every(({ acknowledgements, channel }) => acknowledgements.pending === 0 && !channel.holds);
  }

  /** Asks the client to connect anew, to the same address (§3.6.5). */
  inviteBack(): void {
    if (this.#closed) return;
    this.connection.send({ type: 'Reconnect', newHost: '', newPort: 0 });
  }

  /** All channels are closed for the client (§5.3.9), but shares that are on their way are still judged and answered. */
  part(): void {
    if (this.#closed || this.#parting) return;
    this.#parting = true;
    this.#openings.close();
    const { deps, desk } = this.#context;
    for (const miner of this.#miners.values()) {
      desk.settleHeld(miner, miner.channel.expireHeld(Number.POSITIVE_INFINITY));
      this.connection.send({ type: 'CloseChannel', channelId: miner.channel.channelId, reasonCode: 'shutdown' });
    }
    deps.log.debug('a connection is taken leave of', { connection: this.connection.id });
  }

  /** Its channels have been closed for so long that nothing honest is on its way any more. */
  hush(): void {
    this.#hushed = true;
  }

  /** Whether its channels get jobs of their own instead of their group's. */
  get standardJobs(): boolean {
    return this.#line.standardJobs;
  }

  /** Whether its client brings jobs of its own (REQUIRES_WORK_SELECTION). */
  get selectsWork(): boolean {
    return this.#line.selectsWork;
  }

  /**
   * Whether the client can be served when versions may roll, or may not: what SetupConnection said is for good (§5.3.1),
   * and a standard job does not say it (§5.3.15).
   */
  canRoll(rolling: boolean): boolean {
    if (rolling) return !this.#fixedVersion;
    if ((this.connection.setup.flags & REQUIRES_VERSION_ROLLING) !== 0) return false;
    return this.#miners.values().every(({ channel }) => this.knowsWhetherToRoll(channel.kind));
  }

  /** Whether a channel's devices hear rightly if versions may roll: by SetupConnection, or by each of their jobs. */
  knowsWhetherToRoll(kind: 'standard' | 'extended'): boolean {
    return kind === 'extended' || this.#fixedVersion === (this.#context.versionMask === 0);
  }

  /** A tip has been seen that custom jobs may wait for. */
  retryCustomJobs(): void {
    if (!this.#closed) this.#customJobs.retry();
  }

  tickCustomJobs(nowMs: number): void {
    if (!this.#closed) this.#customJobs.tick(this.#miners.values(), nowMs);
  }

  /** The target that vardiff wants goes out; it binds the jobs after it. */
  retarget(miner: Miner): void {
    if (!this.#parting) this.#line.retarget(miner);
  }

  /** Shares come much faster than wanted: the channel is given a harder target at once. */
  retargetNow(miner: Miner): void {
    if (!this.#parting) this.#line.retargetNow(miner);
  }

  /** A job whose search space is new, for a channel that does badly. */
  giveNewWork(miner: Miner): void {
    if (!this.#parting) this.#line.sendSpareJob(miner);
  }

  /** Whether the connection has no other channel. */
  isAlone(miner: Miner): boolean {
    return this.#miners.size === 1 && this.#miners.has(miner.channel.channelId);
  }

  /** The channel ends; the connection too where no other channel is on it, and is to be made anew (§3.6.5). */
  sendAway(miner: Miner): void {
    const reason = 'too-many-refused-shares';
    if (!this.isAlone(miner)) return this.#closeMiner(miner, reason);
    this.#closeMiner(miner, reason);
    this.inviteBack();
    this.end(reason);
  }

  /** Closes every channel, then the connection. */
  end(reason: ServerCloseReason = 'shutdown'): void {
    this.#closed = true;
    this.#openings.close();
    for (const miner of [...this.#miners.values()]) this.#closeMiner(miner, reason);
    this.connection.end(reason);
  }

  #onUpdate({ channelId, nominalHashRate, maximumTarget }: UpdateChannel): void {
    const miner = this.#miners.get(channelId);
    if (miner === undefined) {
      this.#context.deps.metrics.strays.inc({ message: 'UpdateChannel' });
      return this.connection.send({ type: 'UpdateChannelError', channelId, errorCode: 'invalid-channel-id' });
    }
    const stated = this.#openings.statedDifficulty(nominalHashRate, maximumTarget);
    if (typeof stated === 'string')
      return this.connection.send({ type: 'UpdateChannelError', channelId, errorCode: stated });
    const nowMs = this.#context.deps.clock.now();
    this.#context.workers.restate(miner.worker, nominalHashRate - miner.nominalHashRate);
    const target = miner.update(nominalHashRate, maximumTarget.slice(), stated, nowMs);
    // Also when it stays: proxies wait for it before they let their own miners go easier.
    this.connection.send({ type: 'SetTarget', channelId, maximumTarget: target });
    // The new target binds no job that is out (§5.3.21): until the next one, shares would pour in.
    if (miner.isFarTooEasy) this.#line.sendSpareJob(miner);
  }

  #onCloseChannel({ channelId }: CloseChannel): void {
    const miner = this.#miners.get(channelId) ?? this.#alone.get(channelId);
    if (miner !== undefined) return this.#remove(miner, 'client');
    const members = this.#line.members(channelId);
    if (members === undefined) return this.#context.deps.metrics.strays.inc({ message: 'CloseChannel' });
    for (const member of members) {
      const closed = this.#miners.get(member.channelId);
      if (closed !== undefined) this.#remove(closed, 'client');
    }
  }

  /** The extended channels that an id stands for: one, or those of a group, whose standard members are left out (§5.3.18). */
  #extended(channelId: number): Miner[] {
    const ids = this.#line.members(channelId)?.map((member) => member.channelId) ?? [channelId];
    return ids.map((id) => this.#miners.get(id)).filter((miner): miner is Miner => miner?.channel.kind === 'extended');
  }

  #add(miner: Miner): void {
    this.#miners.set(miner.channel.channelId, miner);
    if (miner.ownGroupId !== undefined) this.#alone.set(miner.ownGroupId, miner);
  }

  #closeMiner(miner: Miner, reason: ServerCloseReason): void {
    if (!this.#miners.has(miner.channel.channelId)) return;
    this.#remove(miner, reason);
    if (!this.#parting)
      this.connection.send({ type: 'CloseChannel', channelId: miner.channel.channelId, reasonCode: reason });
  }

  #remove(miner: Miner, reason: string): void {
    const { channel, lease } = miner;
    const { desk, acknowledger, allocator, holding, register, workers, deps } = this.#context;
    this.#miners.delete(channel.channelId);
    if (miner.ownGroupId !== undefined) this.#alone.delete(miner.ownGroupId);
    desk.settleHeld(miner, channel.close());
    acknowledger.leave(miner);
    holding.delete(miner);
    this.#line.leave(miner);
    allocator.release(lease, { mined: miner.hasMined });
    const nowMs = deps.clock.now();
    miner.names?.close(nowMs);
    workers.close(miner.worker, miner.nominalHashRate, nowMs);
    register.closed(miner, reason);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** What a translator of this project calls itself; a connection says nowhere else that it is a proxy's (§3.6.1). */
function isOwnTranslator({ vendor, hardwareVersion }: Pick<SetupConnection, 'vendor' | 'hardwareVersion'>): boolean {
  return vendor === 'sv2kit' && hardwareVersion === 'translator';
}
