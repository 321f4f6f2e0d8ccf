import { compareTargets } from '@sv2kit/bitcoin';
import type { ServerChannel } from './channel.ts';
import { Feed, type FeedStep } from './feed.ts';
import type { Recipe } from './recipe.ts';
import type { SettledShare } from './share.ts';

/** Held shares of one channel that a step settled. */
export interface ChannelSettlement<C extends ServerChannel = ServerChannel> {
  readonly channel: C;
  readonly settled: readonly SettledShare[];
}

/** The channel's side of a step that is being sent to it or to its group. @param minNtime unix seconds */
export function applyStep(
  step: FeedStep,
  channel: ServerChannel,
  recipe: Recipe,
  minNtime: number,
  nowMs: number,
): SettledShare[] {
  const job = step.source.job(recipe);
  switch (step.kind) {
    case 'future':
      channel.addFutureJob(job);
      return [];
    case 'active':
      channel.addActiveJob(job, minNtime, nowMs);
      return [];
    case 'prev-hash':
      return channel.setNewPrevHash(job.id, step.work.tip, minNtime, nowMs, step.work.generation);
  }
}

/**
 * Channels of one connection that one message reaches (§5.2.3). All members share a recipe, hence one full extranonce
 * size; a group takes no extranonce prefix (§5.3.10).
 */
export class Group<C extends ServerChannel = ServerChannel> {
  readonly groupChannelId: number;
  readonly feed = new Feed();
  readonly #members = new Map<number, C>();
  #recipe: Recipe;

  constructor(groupChannelId: number, recipe: Recipe) {
    this.groupChannelId = groupChannelId;
    this.#recipe = recipe;
  }

  get recipe(): Recipe {
    return this.#recipe;
  }

  get size(): number {
    return this.#members.size;
  }

  members(): IterableIterator<C> {
    return this.#members.values();
  }

  /** Every member has got a prefix of another size, or is about to leave: jobs of another recipe follow. */
  become(recipe: Recipe): void {
    this.#recipe = recipe;
    this.feed.forgetJobs();
  }

  /** @throws Error when the channel's full extranonce is not of the group's size (§5.2.3) */
  add(channel: C): void {
    if (channel.fullExtranonceSize !== this.recipe.extranonceSize) {
      throw new Error(`channel ${channel.channelId} has another extranonce size than group ${this.groupChannelId}`);
    }
    this.#members.set(channel.channelId, channel);
  }

  remove(channelId: number): void {
    this.#members.delete(channelId);
  }

  /** The step is being sent to the group: every member has it. */
  apply(step: FeedStep, minNtime: number, nowMs: number): ChannelSettlement<C>[] {
    const settlements: ChannelSettlement<C>[] = [];
    for (const channel of this.#members.values()) {
      const settled = applyStep(step, channel, this.recipe, minNtime, nowMs);
      if (settled.length > 0) settlements.push({ channel, settled });
    }
    return settlements;
  }

  /** SetTarget goes out to the group: it binds every member (§5.3.21). @returns false when it is too easy for one */
  setTarget(target: Uint8Array): boolean {
    for (const channel of this.#members.values()) if (compareTargets(target, channel.maxTarget) > 0) return false;
    for (const channel of this.#members.values()) channel.setTarget(target);
    return true;
  }
}
