import { createMetrics } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { minerSeries } from '../src/index.ts';
import type { MinerLevels } from '../src/status.ts';

const LEVELS: MinerLevels = {
  hashrate: { oneMinute: 1, tenMinutes: 2, oneHour: 3, oneDay: 4 },
  workers: { active: 5, idle: 6, gone: 7 },
  work: 8.5,
  bestDifficulty: 9,
  height: 10,
  networkDifficulty: 11,
  tipSinceMs: 12_000,
  workSinceMs: 13_500,
};

function looked(levels: MinerLevels) {
  let nowMs = 1_000_000;
  let looks = 0;
  const metrics = createMetrics();
  const server = {
    levels() {
      looks++;
      return levels;
    },
    topWorkers: () => [],
  };
  minerSeries(metrics, 'sv2_pool', server, 0, () => nowMs);
  return {
    text: () => metrics.text(),
    looks: () => looks,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('time series have hashrates by window, workers by state, and the work at hand', async () => {
  const lines = (await looked(LEVELS).text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'sv2_pool_hashrate{window="1m"} 1',
    'sv2_pool_hashrate{window="10m"} 2',
    'sv2_pool_hashrate{window="1h"} 3',
    'sv2_pool_hashrate{window="24h"} 4',
    'sv2_pool_workers{state="active"} 5',
    'sv2_pool_workers{state="idle"} 6',
    'sv2_pool_workers{state="gone"} 7',
    'sv2_pool_accepted_work_total 8.5',
    'sv2_pool_best_difficulty 9',
    'sv2_pool_height 10',
    'sv2_pool_network_difficulty 11',
    'sv2_pool_tip_timestamp_seconds 12',
    'sv2_pool_template_timestamp_seconds 13.5',
  ]);
});

test('without work there is no height, difficulty or time of it', async () => {
  const idle = { height: undefined, networkDifficulty: undefined, tipSinceMs: undefined, workSinceMs: undefined };
  const text = await looked({ ...LEVELS, ...idle }).text();
  expect(text).not.toMatch(
    /^sv2_pool_(?:height|network_difficulty|tip_timestamp_seconds|template_timestamp_seconds) /m,
  );
  expect(text).toMatch(/^sv2_pool_best_difficulty 9$/m);
});

test('a look goes through the workers once; the next one does so again', async () => {
  const { text, looks, pass } = looked(LEVELS);
  await text();
  expect(looks()).toBe(1);
  pass(501);
  await text();
  expect(looks()).toBe(2);
});
