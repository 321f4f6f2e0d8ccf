import { VirtualClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { watchSolo } from '../../src/solo/watch.ts';

const found = { hash: 'ab', height: 7, via: 'sv2-extended', path: 'solo', userIdentity: 'rig' };
/** Without the time of day, which is the machine's. */
const words = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''));

test('the node’s answer, the first miner and the loss of the last are told at once', () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  let details: Record<string, unknown> = { work: { kind: 'solo' } };
  const solo = { status: () => ({ jdClient: details }), close: () => Promise.resolve() };
  using _watch = watchSolo(solo, clock, (line) => lines.push(line));
  clock.advance(1_000);
  for (const channels of [0, 1, 2, 0]) {
    details = { work: { height: 7 }, channels, hashrate: 1e12, shares: { accepted: 0 } };
    clock.advance(1_000);
  }
  expect(words(lines)).toEqual([
    'waiting for the node\n',
    'working on block 7, no miner is connected\n',
    'working on block 7, 1 channel, 1.00 TH/s, 0 shares\n',
    'working on block 7, no miner is connected\n',
  ]);
});

test('blocks are told at once and whenever they fare otherwise; how it goes once a minute, if it has changed', () => {
  const clock = new VirtualClock();
  let details: Record<string, unknown> = { work: { kind: 'solo' } };
  const lines: string[] = [];
  const solo = { status: () => ({ jdClient: details }), close: () => Promise.resolve() };
  using _watch = watchSolo(solo, clock, (line) => lines.push(line));
  clock.advance(2_000);
  expect(words(lines.splice(0))).toEqual(['waiting for the node\n']);
  details = { work: { height: 7 }, channels: 0 };
  clock.advance(60_000);
  expect(words(lines.splice(0))).toEqual(['working on block 7, no miner is connected\n']);
  details = {
    work: { height: 8 },
    channels: 1,
    hashrate: 2e12,
    shares: { accepted: 3 },
    blocks: [{ ...found, state: 'found' }],
  };
  clock.advance(1_000);
  expect(words(lines.splice(0))).toEqual([
    'block 7 found: ab\n',
    'working on block 8, 1 channel, 2.00 TH/s, 3 shares\n',
  ]);
  details = { ...details, hashrate: 3e12, shares: { accepted: 4 } };
  details = { ...details, blocks: [{ ...found, state: 'confirmed' }] };
  clock.advance(60_000);
  expect(words(lines.splice(0))).toEqual([
    'block 7 confirmed: ab\n',
    'working on block 8, 1 channel, 3.00 TH/s, 4 shares\n',
  ]);
  clock.advance(180_000);
  expect(lines).toEqual([]);
});
