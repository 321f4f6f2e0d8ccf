import { VirtualClock } from '@sv2kit/daemon';
import { silentLogger } from '@sv2kit/net';
import { expect, test } from 'vitest';
import { restoreBlocks, TEMPLATE_SOURCE_LIMITS } from '../src/index.ts';
import { NOW } from './support.ts';

test('orphans are followed on after a restart when they are young, once the database is there', async () => {
  const clock = new VirtualClock(NOW);
  const asked: unknown[] = [];
  const restored: unknown[] = [];
  let isAway = true;
  const ledger = {
    state: { kind: 'ok' },
    journal: { position: 7 },
    projected: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()),
    query: (_name: string, args: unknown) => {
      asked.push(args);
      return Promise.resolve([]);
    },
  };
  const done = restoreBlocks({
    ledger: ledger as unknown as Parameters<typeof restoreBlocks>[0]['ledger'],
    desk: { restore: (blocks) => void restored.push(blocks) },
    clock,
    log: silentLogger,
    signal: new AbortController().signal,
  });
  await clock.advanceAsync(0);
  isAway = false;
  await clock.advanceAsync(TEMPLATE_SOURCE_LIMITS.restoreAgainMs);
  await done;
  expect([asked, restored]).toEqual([[{ sinceMs: clock.now() - TEMPLATE_SOURCE_LIMITS.orphansMs }], [[]]]);
});
