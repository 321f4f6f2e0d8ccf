import { expect, test } from 'vitest';
import { LoadChannel } from '../src/load/load-channel.ts';

const JOB = { jobId: 7, version: 0x2000_0000, minNtime: 1_700_000_000 };

function channelWith(shares: number, extranonceSize?: number): LoadChannel {
  const channel = new LoadChannel(3, extranonceSize);
  for (let at = 1; at <= shares; at += 1) channel.share(JOB, at);
  return channel;
}

function acknowledged(channel: LoadChannel, last: number, now: number): number[] {
  const waited: number[] = [];
  channel.acknowledge(last, now, (ms) => waited.push(ms));
  return waited;
}

test('numbers shares and never makes the same header twice', () => {
  const channel = new LoadChannel(3, 4);
  const [first, second] = [channel.share(JOB, 1), channel.share(JOB, 2)];
  expect(first).toMatchObject({ type: 'SubmitSharesExtended', channelId: 3, sequenceNumber: 1, nonce: 1 });
  expect(second).toMatchObject({ sequenceNumber: 2, nonce: 2 });
});

test('one Success ends the wait of every share up to its sequence number (§5.3.13)', () => {
  const channel = channelWith(5);
  expect(acknowledged(channel, 3, 10)).toEqual([9, 8, 7]);
  expect(channel.pending).toBe(2);
});

test('remembers when shares went out however many are on the way', () => {
  const channel = channelWith(1_000);
  expect(acknowledged(channel, 1_000, 1_001)).toEqual(Array.from({ length: 1_000 }, (_, index) => 1_000 - index));
});

test('a refused share is not counted as acknowledged and is pending no longer than those before it', () => {
  const channel = channelWith(4);
  channel.refuse(2);
  channel.refuse(3);
  expect(channel.pending).toBe(4);
  expect(acknowledged(channel, 1, 5)).toEqual([4]);
  expect(channel.pending).toBe(1);
  expect(acknowledged(channel, 4, 5)).toEqual([1]);
  expect(channel.pending).toBe(0);
});
