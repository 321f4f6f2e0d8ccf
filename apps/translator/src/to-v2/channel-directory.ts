import type { OpenChannel } from '@sv2kit/mining';
import type { UpstreamChannel } from './upstream-channel.ts';

/** The open channels of one upstream and their groups, by the ids that they share (§5.2.3). */
export class ChannelDirectory {
  readonly #channels = new Map<number, UpstreamChannel>();
  readonly #groups = new Map<number, Set<UpstreamChannel>>();

  get size(): number {
    return this.#channels.size;
  }

  get groups(): number {
    return this.#groups.size;
  }

  get(channelId: number): UpstreamChannel | undefined {
    return this.#channels.get(channelId);
  }

  /** Channels of a group; changes as they come and go. */
  members(groupChannelId: number): ReadonlySet<UpstreamChannel> | undefined {
    return this.#groups.get(groupChannelId);
  }

  channels(): MapIterator<UpstreamChannel> {
    return this.#channels.values();
  }

  /** @returns the id that is taken already, if one is */
  add(channel: UpstreamChannel, { channelId, groupChannelId }: OpenChannel): number | undefined {
    if (this.#channels.has(channelId) || this.#groups.has(channelId)) return channelId;
    this.#channels.set(channelId, channel);
    return this.#join(channel, channelId, groupChannelId);
  }

  /** SetGroupChannel (§5.3.22). @returns the id that is taken already, if it is */
  regroup(channel: UpstreamChannel, groupChannelId: number): number | undefined {
    const channelId = channel.place?.channelId;
    if (channelId === undefined) return undefined;
    this.#leaveGroup(channel);
    return this.#join(channel, channelId, groupChannelId);
  }

  remove(channel: UpstreamChannel): void {
    if (channel.place === undefined) return;
    this.#channels.delete(channel.place.channelId);
    this.#leaveGroup(channel);
  }

  #join(channel: UpstreamChannel, channelId: number, groupChannelId: number): number | undefined {
    if (this.#channels.has(groupChannelId)) return groupChannelId;
    let members = this.#groups.get(groupChannelId);
    if (members === undefined) {
      members = new Set();
      this.#groups.set(groupChannelId, members);
    }
    members.add(channel);
    channel.place = { channelId, groupChannelId, members };
    return undefined;
  }

  #leaveGroup(channel: UpstreamChannel): void {
    const { place } = channel;
    channel.place = undefined;
    if (place === undefined) return;
    place.members.delete(channel);
    if (place.members.size === 0) this.#groups.delete(place.groupChannelId);
  }
}
