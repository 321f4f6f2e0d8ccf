import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Projection } from '../../src/database/projection.ts';
import type { BlockPayout, JournalEntry } from '../../src/index.ts';
import { Recomputation } from '../../src/payouts/recompute.ts';
import { onBothDatabases } from '../database/databases.ts';
import { anyStory } from './any-story.ts';
import { projected } from './projected.ts';
import { ALICE, BOB, Story, toPool } from './story.ts';

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

async function recomputed(entries: readonly JournalEntry[]): Promise<BlockPayout[]> {
  const recomputation = new Recomputation();
  for (const entry of entries) await recomputation.take(entry);
  return Array.from(recomputation.payouts(), ({ payout }) => byName(payout));
}

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
        expect(payouts.map(byName)).toEqual(await recomputed(entries));
        for (const payout of payouts) isBalanced(payout);
      }),
      { numRuns },
    );
  });

  test.each(['pool', 'pplns'] as const)(
    'sums of minutes that are made sums of hours change no window, be they summed up before (%s first)',
    async (mode) => {
      const story = hours(mode);
      await using plain = await projected(await fresh(), story.entries);
      await using kept = await projected(await fresh(), []);
      let rolledUp = 0;
      for (let from = 0; from < story.entries.length; from += 7) {
        await kept.apply(story.entries.slice(from, from + 7));
        rolledUp += (await kept.retain({ sharesDays: 0, minutesDays: 1, journalDays: 0 })).slices;
      }
      expect(rolledUp).toBeGreaterThan(10);
      const payouts = await told(plain);
      expect(payouts.filter(({ owedBy }) => owedBy === 'window').length).toBeGreaterThan(3);
      expect(await told(kept)).toEqual(payouts);
      expect(payouts.map(byName)).toEqual(await recomputed(story.entries));
    },
  );
});

/** Hours of three miners, with blocks now and then, whose windows end in the middle of earlier hours. */
function hours(mode: 'pool' | 'pplns'): Story {
  const story = new Story();
  story.pay({ mode });
  const channels = [story.open(ALICE), story.open(BOB), story.open('carol')];
  for (let minute = 0; minute < 2400; minute++) {
    story.timeMs += 60_000;
    story.share(channels[(minute * minute) % 3] ?? 1);
    if (minute % 90 === 89) story.pay({ mode: 'pplns', window: 10 + minute / 2 });
    if (minute % 70 === 69) story.block(channels[0] ?? 1, toPool(1_000_000n));
  }
  return story;
}
