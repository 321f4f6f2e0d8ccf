import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BlockAudit, openJournal } from '../../src/index.ts';
import { openProjection } from '../../src/database/open-projection.ts';
import type { Projection } from '../../src/database/projection.ts';
import { auditPayouts } from '../../src/payouts/audit.ts';
import { Recomputation } from '../../src/payouts/recompute.ts';
import { databaseOf, onBothDatabases } from '../database/databases.ts';
import { silent, temporaryDirectory } from '../builders.ts';
import { projected } from './projected.ts';
import { ALICE, BOB, REGTEST_DIFFICULTY, Story, toPool } from './story.ts';

/** Puts a story on disk; the journal writes its own Start first. */
async function written(story: Story): Promise<string> {
  const directory = join(temporaryDirectory(), 'journal');
  await using journal = await openJournal({ directory, log: silent });
  for (const { record } of story.entries.slice(1)) if (record.type !== 'Unknown') journal.append(record);
  return directory;
}

async function audit(directory: string, projection: Projection, hash?: string): Promise<BlockAudit[]> {
  const audits: BlockAudit[] = [];
  const stored = (block: string) => projection.query('payouts', { block });
  const options = { directory, stored, ...(hash === undefined ? {} : { hash }) };
  for await (const each of auditPayouts(options)) audits.push(each);
  return audits;
}

/** Two blocks: by a split, and by the window. */
function twoBlocks() {
  const story = new Story();
  story.pay({ mode: 'pplns', feePpm: 10_000, window: 3 });
  const [alice, bob] = [story.open(ALICE), story.open(`${BOB}.rig`)];
  for (const channel of [bob, alice, bob, alice]) {
    story.timeMs += 1_800_000;
    story.share(channel);
  }
  story.renewSplit();
  story.share(bob);
  const first = story.block(alice, story.split?.of(1_000_000n).outputs ?? []);
  const second = story.block(alice, toPool(1_000_000n));
  story.status(first, 'confirmed', '6 confirmations');
  return { story, first, second };
}

onBothDatabases(({ fresh }) => {
  test('what the database says follows from the journal', async () => {
    const { story, first, second } = twoBlocks();
    await using projection = await projected(await fresh(), story.entries);
    const audits = await audit(await written(story), projection);
    expect(audits).toMatchObject([
      { block: first, differences: [], missing: undefined, recomputed: { owedBy: 'split', state: 'due' } },
      { block: second, differences: [], missing: undefined, recomputed: { owedBy: 'window', state: 'pending' } },
    ]);
    expect((await audit(await written(story), projection, second)).map(({ block }) => block)).toEqual([second]);
  });

  test('a due that somebody changed is named, with what it should be', async () => {
    const { story, first } = twoBlocks();
    const options = await fresh();
    await (await projected(options, story.entries)).close();
    const database = databaseOf(options);
    await database.transaction(async (transaction) => {
      await transaction.run('UPDATE dues SET amount = amount + 1 WHERE account = $1', [ALICE]);
      await transaction.run('UPDATE block_payouts SET fee = 0');
    });
    await database.close();
    await using projection = await openProjection(options);
    const [found] = await audit(await written(story), projection, first);
    expect(found?.differences).toEqual([
      expect.stringMatching(/^fee: 0 in the database, 10000 by the journal$/),
      expect.stringMatching(new RegExp(`^${ALICE}: \\d+ \\(\\d+ by the coinbase\\) in the database, \\d+`)),
    ]);
  });

  test('a block that the database does not have is named', async () => {
    const { story } = twoBlocks();
    await using projection = await projected(await fresh(), []);
    const audits = await audit(await written(story), projection);
    expect(audits.map(({ differences }) => differences)).toEqual([
      ['the database does not have it'],
      ['the database does not have it'],
    ]);
  });

  test('a split that is not the work of its window is named, though coinbase and database agree on it', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns' });
    const [alice, bob] = [story.open(ALICE), story.open(BOB)];
    story.share(alice);
    story.share(bob);
    story.carry([{ account: BOB, donation: 0, work: 1n }], story.position);
    story.block(alice, story.split?.of(1_000_000n).outputs ?? []);
    await using projection = await projected(await fresh(), story.entries);
    const [found] = await audit(await written(story), projection);
    expect(found?.differences).toEqual([expect.stringMatching(/^the split of record 7 is not the work of the window/)]);
  });

  test('a split is checked at the position that it names, whatever was recorded since', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', window: 2 });
    const [alice, bob] = [story.open(ALICE), story.open(BOB)];
    story.share(alice);
    const counted = story.position;
    story.share(bob);
    const weights = [{ account: ALICE, donation: 0, work: BigInt(REGTEST_DIFFICULTY * 2 ** 96) }];
    story.carry(weights, counted);
    story.block(alice, story.split?.of(1_000_000n).outputs ?? []);
    await using projection = await projected(await fresh(), story.entries);
    const [found] = await audit(await written(story), projection);
    expect(found?.differences).toEqual([]);
  });

  test('work of channels whose opening retention has removed proves nothing against the database', async () => {
    const { story, first, second } = twoBlocks();
    await using projection = await projected(await fresh(), story.entries);
    const directory = await written(story);
    const recomputed = new Recomputation();
    // All terms and shares, but none of the records that say whose channels they came over.
    const kept = story.entries.filter(({ position, record }) => position > 1 && record.type !== 'ChannelOpened');
    for (const entry of kept) await recomputed.take(entry);
    const told = Array.from(recomputed.payouts(), ({ payout, missing }) => [payout.block, payout.owedBy, missing]);
    expect(told).toEqual([
      [first, 'split', undefined],
      [second, 'window', 'the journal begins with record 2: whose channels were open then is gone'],
    ]);
    expect((await audit(directory, projection)).map(({ missing }) => missing)).toEqual([undefined, undefined]);
  });
});
