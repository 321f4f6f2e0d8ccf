import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Projection } from '../../src/database/projection.ts';
import type { BlockPayout } from '../../src/index.ts';
import { Recomputation } from '../../src/payouts/recompute.ts';
import { onBothDatabases } from '../database/databases.ts';
import { anyStory } from './any-story.ts';
import { projected } from './projected.ts';

const PAGE = { offset: 0, limit: 1000 };
const batches = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

async function told(projection: Projection): Promise<BlockPayout[]> {
  const { items } = await projection.query('blockPayouts', PAGE);
  const payouts = await Promise.all(items.map(({ block }) => projection.query('payouts', { block })));
  return payouts.filter((payout) => payout !== undefined).reverse();
}

const byName = (payout: BlockPayout): BlockPayout => ({
  ...payout,
  entries: payout.entries.toSorted((a, b) => (a.account < b.account ? -1 : 1)),
});

/** Dues, fee and donations are the revenue. */
function isBalanced({ revenue, fee, donated, forgone, entries }: BlockPayout): void {
  expect(entries.reduce((total, { amount }) => total + amount, fee + donated - forgone)).toBe(revenue);
  for (const { amount, direct } of entries) expect(direct >= 0n && direct <= amount).toBe(true);
}

onBothDatabases(({ name, fresh }) => {
  const numRuns = name === 'sqlite' ? 40 : 6;

  test('whatever happens, in whatever batches, blocks owe the same, to the satoshi; the journal alone says so too', async () => {
    await fc.assert(
      fc.asyncProperty(anyStory, batches, async ({ entries }, sizes) => {
        await using whole = await projected(await fresh(), entries);
        await using cut = await projected(await fresh(), entries, sizes);
        const payouts = await told(whole);
        expect(await told(cut)).toEqual(payouts);
        expect((await cut.query('dues', PAGE)).items).toEqual((await whole.query('dues', PAGE)).items);
        const recomputation = new Recomputation();
        for (const entry of entries) await recomputation.take(entry);
        const recomputed = Array.from(recomputation.payouts(), ({ payout }) => payout);
        expect(payouts.map(byName)).toEqual(recomputed.map(byName));
        for (const payout of payouts) isBalanced(payout);
      }),
      { numRuns },
    );
  });
});
