import { expect, test } from 'vitest';
import { onBothDatabases } from '../database/databases.ts';
import { projected } from './projected.ts';
import { ALICE, BOB, CAROL, COMMITMENT, p2wpkh, POOL_SCRIPT, REGTEST_DIFFICULTY, Story, toPool } from './story.ts';

const PAGE = { offset: 0, limit: 100 };
const TXID = new Uint8Array(32).fill(7);

onBothDatabases(({ fresh }) => {
  test('a pool that keeps everything owes nothing', async () => {
    const story = new Story();
    story.pay({ mode: 'pool' });
    const block = story.block(story.open('alice'), toPool(5_000n));
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'pool',
      revenue: 5_000n,
      fee: 5_000n,
      entries: [],
    });
  });

  test('blocks from before there were any terms are nobody’s business', async () => {
    const story = new Story();
    const block = story.block(story.open('alice'), toPool(5_000n));
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toBeUndefined();
    expect(await projection.query('blockPayouts', PAGE)).toEqual({ total: 0, items: [] });
  });

  test('a solo block is the finder’s, paid by its coinbase', async () => {
    const story = new Story();
    story.pay({ mode: 'solo', feePpm: 10_000 });
    story.share(story.open(BOB));
    const outputs = [
      { value: 50_000n, script: POOL_SCRIPT },
      { value: 4_950_000n, script: p2wpkh(1) },
    ];
    const block = story.block(story.open(`${ALICE}.rig`), outputs, { identity: `${ALICE}.rig` });
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'solo',
      revenue: 5_000_000n,
      fee: 50_000n,
      forgone: 0n,
      entries: [{ account: ALICE, amount: 4_950_000n, direct: 4_950_000n }],
    });
  });

  test('a PPLNS block is owed by the split that its coinbase shows, not by a later one', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', feePpm: 20_000 });
    const [alice, bob] = [story.open(ALICE), story.open(`${BOB}.rig`)];
    story.share(alice);
    story.renewSplit();
    const onJob = story.split;
    const shown = story.position;
    story.share(bob);
    story.renewSplit();
    const block = story.block(alice, onJob?.of(1_000_000n).outputs ?? []);
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'split',
      split: shown,
      windowWork: undefined,
      revenue: 1_000_000n,
      fee: 20_000n,
      entries: [{ account: ALICE, amount: 980_000n, direct: 980_000n }],
    });
  });

  test('a coinbase that pays the pool alone is owed by the window that ends at the block', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', window: 2 });
    const [alice, bob, carol] = [story.open(ALICE), story.open('bob'), story.open(CAROL)];
    for (const channel of [carol, carol, alice, bob, bob]) {
      story.timeMs += 3_600_000;
      story.share(channel);
    }
    const block = story.block(carol, toPool(300n));
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'window',
      split: undefined,
      entries: [{ account: 'bob', amount: 300n, direct: 0n }],
    });
    expect(await projection.query('distribution', { window: 4, networkDifficulty: REGTEST_DIFFICULTY })).toMatchObject({
      position: story.position,
      full: true,
      weights: [ALICE, CAROL]
        .sort()
        .concat('bob')
        .map((account) => ({ account })),
    });
  });

  test('of a declared job the pool shares out what the coinbase pays it, all of it owed', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', feePpm: 100_000 });
    const alice = story.open(ALICE);
    story.share(alice);
    story.renewSplit();
    const outputs = [
      { value: 900_000n, script: POOL_SCRIPT },
      { value: 100_000n, script: p2wpkh(1) },
    ];
    const block = story.block(alice, outputs, { path: 'declared-full-template' });
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'window',
      revenue: 900_000n,
      fee: 90_000n,
      forgone: 0n,
      entries: [{ account: ALICE, amount: 810_000n, direct: 0n }],
    });
  });

  test('outputs that no split accounts for are counted for whom they pay', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns' });
    const alice = story.open(ALICE);
    story.share(alice);
    const outputs = [
      { value: 600_000n, script: POOL_SCRIPT },
      { value: 400_000n, script: p2wpkh(2) },
    ];
    const block = story.block(alice, outputs);
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      owedBy: 'window',
      forgone: 400_000n,
      entries: [
        { account: ALICE, amount: 1_000_000n, direct: 0n },
        { account: BOB, amount: 400_000n, direct: 400_000n },
      ].sort((a, b) => (a.account < b.account ? -1 : 1)),
    });
  });

  test('the operator’s journey: found, confirmed, due, paid', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 3 });
    const [alice, bob] = [story.open(ALICE), story.open('bob')];
    story.share(alice);
    story.share(bob);
    story.renewSplit();
    const block = story.block(alice, story.split?.of(1_000_000n).outputs ?? []);
    await using projection = await projected(await fresh(), story.entries);
    const states = async () => {
      const { items } = await projection.query('dues', PAGE);
      return Object.fromEntries(items.map(({ account, state }) => [account, state]));
    };
    const balance = async () => (await projection.query('balances', { ...PAGE, account: 'bob' })).items[0];
    expect(await states()).toEqual({ [ALICE]: 'pending', bob: 'pending' });
    story.status(block, 'confirmed', '2 confirmations');
    await projection.apply(story.entries);
    expect(await states()).toEqual({ [ALICE]: 'pending', bob: 'pending' });
    story.status(block, 'confirmed', '3 confirmations');
    await projection.apply(story.entries);
    expect(await states()).toEqual({ [ALICE]: 'paid', bob: 'due' });
    expect(await balance()).toMatchObject({ due: 500_000n, paid: 0n, balance: 500_000n });
    const payment = (amount: bigint) =>
      ({ type: 'PayoutPaid', timeMs: story.timeMs, account: 'bob', amount, txid: TXID, note: 'by hand' }) as const;
    await projection.apply(
      [
        { position: 1, record: { type: 'Start', timeMs: 1, bootEpoch: 1 } },
        { position: 2, record: payment(499_999n) },
      ],
      'payments',
    );
    expect(await states()).toMatchObject({ bob: 'due' });
    await projection.apply([{ position: 3, record: payment(1n) }], 'payments');
    expect(await states()).toMatchObject({ bob: 'paid' });
    expect(await balance()).toMatchObject({ due: 500_000n, paid: 500_000n, balance: 0n });
    expect((await projection.query('dues', { ...PAGE, state: 'due' })).total).toBe(0);
    expect((await projection.query('balances', { ...PAGE, owed: true })).total).toBe(0);
    expect((await projection.query('payments', { ...PAGE, account: 'bob' })).items).toMatchObject([
      { amount: 1n, txid: '07'.repeat(32), note: 'by hand' },
      { amount: 499_999n },
    ]);
    story.status(block, 'matured');
    await projection.apply(story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({
      state: 'due',
      confirmations: 100,
      matured: true,
    });
  });

  test('an orphaned block is owed by nobody, and again by the pool when it comes back', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 1 });
    const bob = story.open('bob');
    story.share(bob);
    const block = story.block(bob, toPool(1_000n));
    await using projection = await projected(await fresh(), story.entries);
    const after = async (status: Parameters<Story['status']>[1], reason = '') => {
      story.status(block, status, reason);
      await projection.apply(story.entries);
      const { items } = await projection.query('dues', { ...PAGE, account: 'bob', block });
      const [row] = (await projection.query('balances', { ...PAGE, account: 'bob' })).items;
      return [items[0]?.state, row?.balance];
    };
    expect(await after('submitted')).toEqual(['pending', 0n]);
    expect(await after('rejected')).toEqual(['reversed', 0n]);
    expect(await after('accepted')).toEqual(['pending', 0n]);
    expect(await after('confirmed', '1 confirmation')).toEqual(['due', 1_000n]);
    expect(await after('rejected')).toEqual(['due', 1_000n]);
    expect(await after('orphaned')).toEqual(['reversed', 0n]);
    expect(await after('accepted')).toEqual(['reversed', 0n]);
    expect(await after('confirmed', '1 confirmation')).toEqual(['due', 1_000n]);
  });

  test('a block that was in the chain and that the node no longer has is not due until it is back', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 3 });
    const bob = story.open('bob');
    story.share(bob);
    const block = story.block(bob, toPool(1_000n));
    const standings: unknown[] = [];
    await using projection = await projected(await fresh(), story.entries);
    const statuses = [
      ['submitted', ''],
      ['confirmed', '3 confirmations'],
      ['submitted', 'the node has lost it'],
      ['confirmed', '4 confirmations'],
    ] as const;
    for (const [status, reason] of statuses) {
      story.status(block, status, reason);
      await projection.apply(story.entries.slice(-1));
      const { state, confirmations } = (await projection.query('payouts', { block })) ?? {};
      standings.push([state, confirmations]);
    }
    expect(standings).toEqual([
      ['pending', 0],
      ['due', 3],
      ['pending', 0],
      ['due', 4],
    ]);
  });

  test('payments pay the oldest dues first', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 1 });
    const bob = story.open('bob');
    story.share(bob);
    const blocks = [1_000n, 2_000n, 4_000n].map((value) => story.block(bob, toPool(value)));
    for (const block of blocks) story.status(block, 'confirmed', '1 confirmation');
    await using projection = await projected(await fresh(), story.entries);
    await projection.apply(
      [
        {
          position: 1,
          record: { type: 'PayoutPaid', timeMs: 1, account: 'bob', amount: 3_500n, txid: TXID, note: '' },
        },
      ],
      'payments',
    );
    const { items } = await projection.query('dues', { ...PAGE, account: 'bob' });
    expect(items.map(({ amount, state }) => [amount, state])).toEqual([
      [4_000n, 'due'],
      [2_000n, 'paid'],
      [1_000n, 'paid'],
    ]);
    const [balance] = (await projection.query('balances', PAGE)).items;
    expect(balance).toMatchObject({ due: 7_000n, paid: 3_500n, balance: 3_500n });
  });

  test('a block that never gets its confirmations takes no payment from later ones that are due', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 1 });
    const bob = story.open('bob');
    story.share(bob);
    story.block(bob, toPool(1_000n), { path: 'coinbase-only' });
    story.status(story.block(bob, toPool(2_000n)), 'confirmed', '1 confirmation');
    await using projection = await projected(await fresh(), story.entries);
    const record = { type: 'PayoutPaid', timeMs: 1, account: 'bob', amount: 2_000n, txid: TXID, note: '' } as const;
    await projection.apply([{ position: 1, record }], 'payments');
    const { items } = await projection.query('dues', { ...PAGE, account: 'bob' });
    expect(items.map(({ amount, state }) => [amount, state])).toEqual([
      [2_000n, 'paid'],
      [1_000n, 'pending'],
    ]);
  });

  test('what became of a block before its finding could be recorded counts', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns', confirmations: 2 });
    const bob = story.open('bob');
    story.share(bob);
    const block = story.block(bob, toPool(1_000n));
    const late = story.entries.splice(-2);
    story.status(block, 'confirmed', '2 confirmations');
    for (const { record } of late) if (record.type !== 'Unknown') story.add(record);
    await using projection = await projected(await fresh(), story.entries);
    expect(await projection.query('payouts', { block })).toMatchObject({ state: 'due', confirmations: 2 });
  });

  test('a block that is recorded twice is owed once', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns' });
    const bob = story.open('bob');
    story.share(bob);
    const block = story.block(bob, toPool(1_000n));
    const found = story.entries.find(({ record }) => record.type === 'BlockFound')?.record;
    if (found?.type === 'BlockFound') story.add(found);
    await using projection = await projected(await fresh(), story.entries);
    expect((await projection.query('dues', { ...PAGE, block })).items).toHaveLength(1);
  });

  test.each([
    ['terms of no chain', { chain: 'moonchain' }],
    ['a fee of more than all', { feePpm: 1_000_001 }],
    ['a window without end', { window: Number.POSITIVE_INFINITY }],
  ])('%s are a record that cannot be applied', async (_, wrong) => {
    const story = new Story();
    const terms = { ...story.terms, poolScript: POOL_SCRIPT, chain: 'regtest', ...wrong };
    story.add({ type: 'PayoutTerms', timeMs: 1, ...terms });
    await expect(projected(await fresh(), story.entries)).rejects.toMatchObject({
      code: 'malformed-payout',
      position: 2,
    });
  });

  test('a split that cannot be read, and a payment of more than there is, cannot be applied', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns' });
    story.add({ type: 'PayoutSplit', timeMs: 1, splitId: 1, position: 1, value: 0n, entries: Uint8Array.of(9) });
    await expect(projected(await fresh(), story.entries)).rejects.toMatchObject({
      code: 'malformed-payout',
      position: 3,
    });
    await using projection = await projected(await fresh(), []);
    const paid = { type: 'PayoutPaid', timeMs: 1, account: 'bob', amount: 2n ** 63n, txid: TXID, note: '' } as const;
    await expect(projection.apply([{ position: 1, record: paid }], 'payments')).rejects.toMatchObject({
      code: 'malformed-payout',
    });
  });

  test('a coinbase that cannot be read, or pays more than there will ever be, is accounted for by nobody', async () => {
    const story = new Story();
    story.pay({ mode: 'pplns' });
    const bob = story.open('bob');
    story.block(bob, toPool(2n ** 63n));
    const found = story.entries.find(({ record }) => record.type === 'BlockFound')?.record;
    if (found?.type === 'BlockFound') story.add({ ...found, hash: new Uint8Array(32), coinbase: COMMITMENT.script });
    await using projection = await projected(await fresh(), story.entries);
    expect((await projection.query('blockPayouts', PAGE)).total).toBe(0);
    expect((await projection.query('blocks', PAGE)).total).toBe(2);
  });
});
