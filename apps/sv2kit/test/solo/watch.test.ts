import { Health, VirtualClock } from '@sv2kit/daemon';
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
  using _watch = watchSolo(solo, { clock, health: new Health(clock) }, (line) => lines.push(line));
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
  using _watch = watchSolo(solo, { clock, health: new Health(clock) }, (line) => lines.push(line));
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

test('a node that stays away is told once, and once that it is back; what follows from it goes without a word', () => {
  const clock = new VirtualClock();
  const health = new Health(clock);
  const [node, templates] = [
    health.condition('template-provider.node a.sock', 'no answer from the node yet'),
    health.condition('jd-client.templates', 'no template yet'),
  ];
  const lines: string[] = [];
  const solo = { status: () => ({ jdClient: { work: { height: 7 } } }), close: () => Promise.resolve() };
  using _watch = watchSolo(solo, { clock, health }, (line) => lines.push(line));
  const said = (ms: number): string[] => {
    clock.advance(ms);
    return words(lines.splice(0)).filter((line) => !line.startsWith('working'));
  };
  expect(said(1_000)).toEqual([]);
  node.ok();
  templates.ok();
  expect(said(10_000)).toEqual([]);
  node.failing('nobody listens at a.sock');
  templates.failing('work is stale');
  expect(said(5_000)).toEqual(['node a.sock: nobody listens at a.sock\n']);
  node.failing('there is no socket at a.sock');
  expect(said(60_000)).toEqual([]);
  node.ok();
  expect(said(1_000)).toEqual(['node a.sock: all is well again\n']);
  expect(said(5_000)).toEqual(['jd-client.templates: work is stale\n']);
  templates.ok();
  expect(said(5_000)).toEqual(['jd-client.templates: all is well again\n']);
});
