import type { JournalRecord } from '../../src/index.ts';

/** A channel is opened. */
export function channel(channelKey: number, user = 'alice.rig'): JournalRecord {
  return {
    type: 'ChannelOpened',
    timeMs: 1_800_000_000_000,
    channelKey,
    connection: 1,
    channelId: 1,
    kind: 'extended',
    userIdentity: new TextEncoder().encode(user),
    extranoncePrefix: Uint8Array.of(0, 0, 1, 0, 0, 0, channelKey),
    remote: '192.0.2.1:50000',
    device: 'test',
  };
}
