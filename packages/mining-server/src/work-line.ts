import { REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION } from '@sv2kit/codec';
import { applyStep, Feed, type FeedStep, Group, minNtimeAt, type Recipe, recipeKey } from '@sv2kit/mining';
import type { ServerContext } from './context.ts';
import type { Addressee, AnyChannel, Miner } from './miner.ts';
import type { MinerConnection } from './ports.ts';

/** What one connection is sent of work: the groups it has, and every step that is due to them or to single channels. */
export class WorkLine {
  /** Whether its channels get jobs of their own instead of their group's (REQUIRES_STANDARD_JOBS). */
  readonly standardJobs: boolean;
  readonly #context: ServerContext;
  readonly #connection: MinerConnection;
  readonly #miners: ReadonlyMap<number, Miner>;
  readonly #groups = new Map<string, Group<AnyChannel>>();

  /** @param miners the connection's open channels by id */
  constructor(context: ServerContext, connection: MinerConnection, miners: ReadonlyMap<number, Miner>) {
    this.#context = context;
    this.#connection = connection;
    this.#miners = miners;
    this.standardJobs = (connection.setup.flags & REQUIRES_STANDARD_JOBS) !== 0;
  }

  /** How a channel of a recipe gets its work. @param nextId for a group that does not exist yet */
  addressee(recipe: Recipe, nextId: () => number): Addressee {
    if ((this.#connection.setup.flags & REQUIRES_WORK_SELECTION) !== 0) return { kind: 'none' };
    if (this.standardJobs) return { kind: 'own', feed: new Feed() };
    const key = recipeKey(recipe);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group<AnyChannel>(nextId(), recipe);
      this.#groups.set(key, group);
    }
    return { kind: 'group', group };
  }

  /** The channels of a group by its id. */
  members(groupChannelId: number): AnyChannel[] | undefined {
    const group = this.#groups.values().find((each) => each.groupChannelId === groupChannelId);
    return group === undefined ? undefined : [...group.members()];
  }

  /**
   * Brings every addressee up to the board. Targets go out before the jobs that they will bind (§5.3.21), never between
   * a tip and its job. A peer that does not drain gets the latest state once it does.
   */
  advance(): void {
    if (this.#connection.congested) return;
    for (const group of this.#groups.values()) this.#advanceGroup(group);
    if (this.standardJobs) for (const miner of this.#miners.values()) this.#advanceOwn(miner);
  }

  /**
   * A future job and its prev-hash on the channel's own id (§5.3.15); then the channel is one of its group. Whoever joins
   * must get all that the members got, so they are brought up first: call {@link WorkLine.prepareFor} before Success.
   */
  welcome(miner: Miner): void {
    const { addressee, channel, recipe } = miner;
    if (addressee.kind === 'none') return;
    const feed = addressee.kind === 'own' ? addressee.feed : new Feed();
    for (const step of feed.advance(this.#context.board)) this.#sendStep(miner, step);
    if (addressee.kind !== 'group') return;
    if (addressee.group.size === 0) addressee.group.feed.follow(feed);
    addressee.group.add(channel);
    // Again, in case that its last member has left while the group was brought up.
    this.#groups.set(recipeKey(recipe), addressee.group);
  }

  /** A channel is about to join: its group is brought up to the board. */
  prepareFor(addressee: Addressee): void {
    if (addressee.kind === 'group') this.#advanceGroup(addressee.group);
  }

  /** The channel gets nothing more. */
  leave({ addressee, channel, recipe }: Miner): void {
    if (addressee.kind !== 'group') return;
    addressee.group.remove(channel.channelId);
    const key = recipeKey(recipe);
    if (addressee.group.size === 0 && this.#groups.get(key) === addressee.group) this.#groups.delete(key);
  }

  /** A channel whose difficulty cannot wait for the next broadcast: its target, and a job that the target binds. */
  retargetNow(miner: Miner): void {
    if (this.#retarget(miner)) this.sendSpareJob(miner);
  }

  #advanceGroup(group: Group<AnyChannel>): void {
    const { board, frames, deps } = this.#context;
    if (group.size === 0 || !group.feed.isBehind(board)) return;
    for (const step of group.feed.advance(board)) {
      const nowMs = deps.clock.now();
      const minNtime = ntimeOf(step, nowMs);
      if (step.kind !== 'prev-hash') for (const member of group.members()) this.#retargetMember(member);
      const settlements = group.apply(step, minNtime, nowMs);
      this.#connection.sendFrame(frames.extended(step, step.source.job(group.recipe), group.groupChannelId, minNtime));
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
      if (step.kind !== 'prev-hash') this.#retarget(miner);
      this.#sendStep(miner, step);
    }
  }

  /** A step for one channel, on its own id. */
  #sendStep(miner: Miner, step: FeedStep): void {
    const { frames, deps, desk } = this.#context;
    const { channel, recipe } = miner;
    const nowMs = deps.clock.now();
    const minNtime = ntimeOf(step, nowMs);
    const job = step.source.job(recipe);
    const settled = applyStep(step, channel, recipe, minNtime, nowMs);
    this.#connection.sendFrame(
      channel.kind === 'standard'
        ? frames.standard(step, job, channel, minNtime)
        : frames.extended(step, job, channel.channelId, minNtime),
    );
    miner.noteActivation(nowMs);
    desk.settleHeld(miner, settled);
  }

  /** The same template as another job, for one channel. */
  sendSpareJob(miner: Miner): void {
    const { board } = this.#context;
    const source = board.another();
    // A job is for the board's tip; a channel that has not been brought to it yet will be, with new targets.
    if (source === undefined || board.work === undefined || miner.addressee.kind === 'none') return;
    if (miner.channel.active?.work.tip !== board.work.tip) return;
    this.#sendStep(miner, { kind: 'active', source, work: board.work });
  }

  #retargetMember(channel: AnyChannel): void {
    const miner = this.#miners.get(channel.channelId);
    if (miner !== undefined) this.#retarget(miner);
  }

  #retarget(miner: Miner): boolean {
    const target = miner.retarget(this.#context.deps.clock.now());
    if (target === undefined) return false;
    this.#connection.send({ type: 'SetTarget', channelId: miner.channel.channelId, maximumTarget: target });
    return true;
  }
}

/** A future job has no time of its own yet. */
function ntimeOf(step: FeedStep, nowMs: number): number {
  return step.kind === 'future' ? 0 : minNtimeAt(step.work, nowMs);
}
