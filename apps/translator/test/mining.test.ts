import { expect, test } from 'vitest';
import { openSite } from './site.ts';

test.for([false, true])('a V1 miner finds shares for a V2 pool, aggregated: %s (§5.3.12)', async (aggregate) => {
  const site = await openSite({ aggregate });
  const miner = await site.miner({ username: 'account.rig1' });
  for (let i = 0; i < 5; i += 1) {
    expect(await miner.submit(miner.solve())).toMatchObject({ result: true, error: null });
  }
  await expect.poll(() => site.pool.shares.length).toBe(5);
  expect(site.pool.identities).toEqual([aggregate ? 'alice.translator' : 'alice.rig1']);
  await expect
    .poll(() => site.status()['upstreamShares'])
    .toMatchObject({ forwarded: 5, accepted: 5, rejected: 0, lost: 0 });
});
