import { sameBytes } from '@sv2kit/bitcoin';
import { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION } from '@sv2kit/codec';
import { applyStep, Feed, type FeedStep, type ExtranonceSpace, stepNtime } from '@sv2kit/mining';
import type { Group, Recipe } from '@sv2kit/mining';
import type { ServerContext } from './context.ts';
import { planMove } from './extranonce-move.ts';
import { Groups } from './groups.ts';
import type { Addressee, AnyChannel, Miner } from './miner.ts';
import type { MinerConnection } from './ports.ts';

/** What one connection is sent of work: the groups it has, and every step that is due to them or to single channels. */
export class WorkLine {
  /** Whether its channels get jobs of their own instead of their group's (REQUIRES_STANDARD_JOBS). */
  readonly standardJobs: boolean;
  readonly #context: ServerContext;
  readonly #connection: MinerConnection;
  readonly #miners: ReadonlyMap<number, Miner>;
  readonly #groups: Groups;
  readonly #onMisfit: (miner: Miner) => void;
  /** Where the prefixes of its channels lie, and the version bits that their jobs free. */
  #space: ExtranonceSpace;
  #versionMask: number;

  /**
   * @param miners the connection's open channels by id
   * @param onMisfit closes a channel that rolls more extranonce than there is left
   */
  constructor(
    context: ServerContext,
    connection: MinerConnection,
    miners: ReadonlyMap<number, Miner>,
    onMisfit: (miner: Miner) => void,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#miners = miners;
    this.#onMisfit = onMisfit;
    this.#space = context.space;
    this.#versionMask = context.versionMask;
    this.standardJobs = (connection.setup.flags & REQUIRES_STANDARD_JOBS) !== 0;
    this.#groups = new Groups((connection.setup.flags & REQUIRES_WORK_SELECTION) !== 0);
  }

  /** Whether the client brings its own jobs (REQUIRES_WORK_SELECTION). */
  get selectsWork(): boolean {
    return this.#groups.custom;
  }

  /** How a channel of a recipe gets its work. @param nextId for a group that does not exist yet */
  addressee(recipe: Recipe, userIdentity: Uint8Array, nextId: () => number): Addressee {
    this.#follow();
    if (this.#groups.custom) return { kind: 'custom', group: this.#groups.of(recipe, userIdentity, nextId) };
    if (this.standardJobs) return { kind: 'own', feed: new Feed(), recipe };
    return { kind: 'group', group: this.#groups.of(recipe, userIdentity, nextId) };
  }

  /** The channels of a group by its id. */
  members(groupChannelId: number): AnyChannel[] | undefined {
    return this.#groups.members(groupChannelId);
  }

  /**
   * Brings every addressee up to the board. Targets go out before the jobs that they will bind (§5.3.21), never between
   * a tip and its job. A peer that does not drain gets the latest state once it does.
   */
  advance(): void {
    if (this.#connection.congested) return;
    this.#follow();
    if (!this.#groups.custom) for (const group of this.#groups) this.#advanceGroup(group);
    if (this.standardJobs) for (const miner of this.#miners.values()) this.#advanceOwn(miner);
  }

  /**
   * A future job and its prev-hash on the channel's own id (§5.3.15); then the channel is one of its group. Whoever joins
   * must get all that the members got, so they are brought up first: call {@link WorkLine.prepareFor} before Success.
   */
  welcome(miner: Miner): void {
    const { addressee, channel, userIdentity } = miner;
    if (addressee.kind === 'custom') return this.#groups.join(addressee.group, channel, userIdentity);
    const feed = addressee.kind === 'own' ? addressee.feed : new Feed();
    for (const step of feed.advance(this.#context.board)) this.#sendStep(miner, step);
    if (addressee.kind !== 'group') return;
    if (addressee.group.size === 0) addressee.group.feed.follow(feed);
    this.#groups.join(addressee.group, channel, userIdentity);
  }

  /** A channel is about to join: its group is brought up to the board. */
  prepareFor(addressee: Addressee): void {
    if (addressee.kind === 'group') this.#advanceGroup(addressee.group);
  }

  /** The channel gets nothing more. */
  leave({ addressee, channel }: Miner): void {
    if (addressee.kind !== 'own') this.#groups.leave(addressee.group, channel);
  }

  /** A channel whose difficulty cannot wait for the next broadcast: its target, and a job that the target binds. */
  retargetNow(miner: Miner): void {
    if (this.retarget(miner)) this.sendSpareJob(miner);
  }

  /** @returns whether another target went out */
  retarget(miner: Miner): boolean {
    const target = miner.retarget(this.#context.deps.clock.now());
    if (target === undefined) return false;
    this.#connection.send({ type: 'SetTarget', channelId: miner.channel.channelId, maximumTarget: target });
    return true;
  }

  /** The same template as another job, for one channel. */
  sendSpareJob(miner: Miner): void {
    const { board } = this.#context;
    this.#follow();
    const source = board.another();
    // A job is for the board's tip; a channel that has not been brought to it yet will be, with new targets.
    if (source === undefined || board.work === undefined || miner.addressee.kind === 'custom') return;
    if (miner.channel.active?.work.tip !== board.work.tip) return;
    this.#sendStep(miner, { kind: 'active', source, work: board.work });
  }

  #advanceGroup(group: Group<AnyChannel>): void {
    const { board, frames, deps } = this.#context;
    if (group.size === 0 || !group.feed.isBehind(board)) return;
    for (const step of group.feed.advance(board)) {
      const nowMs = deps.clock.now();
      const job = step.source.job(group.recipe);
      const minNtime = stepNtime(step, job, group.members(), nowMs);
      if (minNtime === undefined) continue;
      if (step.kind !== 'prev-hash') for (const member of group.members()) this.#retargetMember(member);
      const settlements = group.apply(step, minNtime, nowMs);
      this.#connection.sendFrame(frames.extended(step, job, group.groupChannelId, minNtime));
      for (const member of group.members()) this.#miners.get(member.channelId)?.noteActivation(nowMs);
      for (const { channel, settled } of settlements) {
        const miner = this.#miners.get(channel.channelId);
        if (miner !== undefined) this.#context.desk.settleHeld(miner, settled);
      }
    }
  }

  #advanceOwn(miner: Miner): void {
    const { board } = this.#context;
    if (miner.addressee.kind !== 'own' || !miner.addressee.feed.isBehind(board)) return;
    for (const step of miner.addressee.feed.advance(board)) {
      if (step.kind !== 'prev-hash') this.retarget(miner);
      this.#sendStep(miner, step);
    }
  }

  /** A step for one channel, on its own id. */
  #sendStep(miner: Miner, step: FeedStep): void {
    const { frames, deps, desk } = this.#context;
    const { channel, recipe } = miner;
    const nowMs = deps.clock.now();
    const job = step.source.job(recipe);
    const minNtime = stepNtime(step, job, [channel], nowMs);
    if (minNtime === undefined) return;
    const settled = applyStep(step, channel, recipe, minNtime, nowMs);
    this.#connection.sendFrame(
      channel.kind === 'standard'
        ? frames.standard(step, job, channel, minNtime)
        : frames.extended(step, job, channel.channelId, minNtime),
    );
    miner.noteActivation(nowMs);
    desk.settleHeld(miner, settled);
  }

  #retargetMember(channel: AnyChannel): void {
    const miner = this.#miners.get(channel.channelId);
    if (miner !== undefined) this.retarget(miner);
  }

  /**
   * Prefixes may lie elsewhere since: every channel gets its new one before any job that is made for it (§5.3.10). Jobs
   * may free other version bits, too.
   */
  #follow(): void {
    const { space, versionMask } = this.#context;
    if (this.#space === space && this.#versionMask === versionMask) return;
    this.#space = space;
    this.#versionMask = versionMask;
    const misfits: Miner[] = [];
    for (const group of this.#groups) {
      const miners = [...group.members()].map(({ channelId }) => this.#miners.get(channelId));
      const recipe = this.#move(
        miners.filter((miner) => miner !== undefined),
        group.recipe,
        misfits,
      );
      group.become(recipe);
    }
    for (const miner of this.#miners.values()) {
      if (miner.addressee.kind !== 'own') continue;
      miner.addressee.recipe = this.#move([miner], miner.recipe, misfits);
      miner.addressee.feed.forgetJobs();
    }
    this.#groups.recipesChanged();
    for (const miner of misfits) this.#onMisfit(miner);
  }

  #move(miners: readonly Miner[], before: Recipe, misfits: Miner[]): Recipe {
    const { allocator, config, versionMask } = this.#context;
    const plan = planMove(allocator, miners, before, config.leastExtranonceSize);
    for (const { miner, prefix } of plan.moved) {
      const { channel } = miner;
      if (sameBytes(channel.extranoncePrefix, prefix)) continue;
      channel.setExtranoncePrefix(prefix);
      const { channelId } = channel;
      this.#connection.send({ type: 'SetExtranoncePrefix', channelId, extranoncePrefix: prefix });
    }
    misfits.push(...plan.misfits);
    return { ...plan.recipe, versionMask };
  }
}
