import type { LedgerAnswers } from '@sv2kit/mining-server';
import { expect, test } from 'vitest';
import { blockViews } from '../src/index.ts';

const PAGE = { offset: 0, limit: 10 };

test('a block is of the same user and worker with and without a ledger, and luck is a ratio like effort', async () => {
  const row = { hash: 'a', status: 'accepted', by: '', reason: '', user: 'alice', worker: 'rig', path: '', via: '' };
  const answer = { total: 1, items: [{ ...row, foundAtMs: 1, effort: 0.5, luck: 2 }] };
  const ledger = { exists: true, ask: () => Promise.resolve(answer) } as unknown as LedgerAnswers;
  const { items } = await blockViews(PAGE, [], ledger);
  expect(items).toMatchObject([{ user: 'alice', worker: 'rig', effort: 0.5, luck: 2 }]);
  const report = {
    hash: 'a',
    height: 1,
    path: '',
    via: '',
    userIdentity: 'alice.rig',
    state: 'accepted',
    by: '',
  } as const;
  const none = { exists: false } as unknown as LedgerAnswers;
  const alone = await blockViews(PAGE, [{ ...report, foundAtMs: 1 }], none);
  expect(alone.items).toMatchObject([{ user: 'alice', worker: 'rig' }]);
});
