import { expect, test } from 'vitest';
import { scripted } from './scripted-site.ts';
import { EASY, openSite, type Site } from './site.ts';
import type { V1Miner } from './v1-miner.ts';

/** Shares a second at the first difficulty: 300 TH/s at 1,024. */
const POUR = 68;

/** What a rig sends in so many seconds: fewer shares as they get harder. */
async function pour(site: Site, miner: V1Miner, seconds: number): Promise<number> {
  const begun = miner.job.difficulty;
  const stepMs = 1_000 / POUR;
  let due = 0;
  let sent = 0;
  for (let ms = 0; ms < seconds * 1_000; ms += stepMs) {
    site.clock.advance(stepMs);
    due += begun / miner.job.difficulty;
    if (due < 1) continue;
    due -= 1;
    sent += 1;
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true });
    // What the share sets off upstream comes back while the next one is searched.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

test('a rig far stronger than was guessed sends a pool no more than it bears before its target has settled', {
  timeout: 30_000,
}, async () => {
  const targets = { sharesPerMinute: 6, minDifficulty: 2 ** -40, maxDifficulty: 2 ** 40, assumedHashrate: 256 };
  const site = await openSite({ pool: { config: { targets } } });
  const miner = await site.miner();
  expect(await pour(site, miner, 10)).toBeLessThan(75);
  expect(miner.job.difficulty).toBeGreaterThanOrEqual(64 * EASY);
  await expect.poll(() => site.status()['upstreamShares']).toMatchObject({ rejected: 0, lost: 0 });
});

test('an upstream hears of a far stronger rig after the first shares that show it (§5.3.7)', async () => {
  const { upstream, site } = await scripted();
  const miner = await site.miner();
  const [open] = upstream.of('OpenExtendedMiningChannel');
  await pour(site, miner, 0.5);
  await expect.poll(() => upstream.of('UpdateChannel').length).toBe(1);
  expect(upstream.of('UpdateChannel')[0]?.nominalHashRate).toBeGreaterThan(4 * (open?.nominalHashRate ?? 0));
  await pour(site, miner, 0.4);
  expect(upstream.of('UpdateChannel').length).toBe(1);
});
