import { Group, type Recipe, recipeKey } from '@sv2kit/mining';
import type { AnyChannel } from './miner.ts';

/**
 * The groups of one connection (§5.2.3): channels of one recipe are in one. Where clients bring jobs of their own, the
 * channels of a group also have one user, because a token is one user's.
 */
export class Groups {
  readonly custom: boolean;
  /** With their members' user, where that matters. */
  readonly #users = new Map<Group<AnyChannel>, Uint8Array>();
  /** The one that newcomers join. */
  #byKey = new Map<string, Group<AnyChannel>>();

  /** @param custom whether the client brings its own jobs (REQUIRES_WORK_SELECTION) */
  constructor(custom: boolean) {
    this.custom = custom;
  }

  [Symbol.iterator](): IterableIterator<Group<AnyChannel>> {
    return this.#users.keys();
  }

  /** The group that a channel is to join; one of the connection's once it has. @param nextId for a new one */
  of(recipe: Recipe, userIdentity: Uint8Array, nextId: () => number): Group<AnyChannel> {
    return this.#byKey.get(this.#key(recipe, userIdentity)) ?? new Group<AnyChannel>(nextId(), recipe);
  }

  members(groupChannelId: number): AnyChannel[] | undefined {
    const group = this.#users.keys().find((each) => each.groupChannelId === groupChannelId);
    return group === undefined ? undefined : [...group.members()];
  }

  join(group: Group<AnyChannel>, channel: AnyChannel, userIdentity: Uint8Array): void {
    group.add(channel);
    if (this.#users.has(group)) return;
    this.#users.set(group, userIdentity);
    this.#index(group, userIdentity);
  }

  /** An empty group is forgotten. */
  leave(group: Group<AnyChannel>, channel: AnyChannel): void {
    group.remove(channel.channelId);
    if (group.size === 0 && this.#users.delete(group)) this.recipesChanged();
  }

  /** Groups whose recipes are equal now stay what they are; newcomers join the oldest. */
  recipesChanged(): void {
    this.#byKey = new Map();
    for (const [group, userIdentity] of this.#users) this.#index(group, userIdentity);
  }

  #index(group: Group<AnyChannel>, userIdentity: Uint8Array): void {
    const key = this.#key(group.recipe, userIdentity);
    if (!this.#byKey.has(key)) this.#byKey.set(key, group);
  }

  #key(recipe: Recipe, userIdentity: Uint8Array): string {
    return this.custom ? `${recipeKey(recipe)}:${String.fromCharCode(...userIdentity)}` : recipeKey(recipe);
  }
}
