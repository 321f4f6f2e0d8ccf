import type { ChannelView } from '../../data/views.ts';

/** A worker's name is that of its user, a dot, and its own. */
export function isOf(channel: Pick<ChannelView, 'user' | 'worker'>, name: string): boolean {
  return (channel.worker === '' ? channel.user : `${channel.user}.${channel.worker}`) === name;
}
