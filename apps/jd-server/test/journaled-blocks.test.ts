import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sv2kit/daemon';
import { type BlockStatus, openJournal } from '@sv2kit/ledger';
import { expect, onTestFinished, test } from 'vitest';
import { unsettledBlocks } from '../src/journaled-blocks.ts';

const DAY_MS = 86_400_000;
const NOW = 1_700_000_000_000;

test('blocks of earlier runs that are not settled are those without an end, and those lost of late', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sv2kit-blocks-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const journal = await openJournal({ directory, log: silentLogger });
  const found = (fill: number, timeMs: number, ...statuses: (readonly [BlockStatus['status'], string])[]): void => {
    const hash = new Uint8Array(32).fill(fill);
    const block = { header: new Uint8Array(80), coinbase: new Uint8Array(60), via: 'push-solution' } as const;
    const who = { path: 'declared-full-template', userIdentity: new TextEncoder().encode('alice') } as const;
    journal.append({ type: 'BlockFound', timeMs, channelKey: 0, height: 100 + fill, hash, ...block, ...who });
    for (const [status, reason] of statuses) {
      journal.append({ type: 'BlockStatus', timeMs, hash, status, by: 'a', reason });
    }
  };
  found(1, NOW - 9 * DAY_MS, ['confirmed', '3 confirmations'], ['matured', '100 confirmations']);
  found(2, NOW - 9 * DAY_MS, ['orphaned', '']);
  found(3, NOW - 9 * DAY_MS, ['accepted', ''], ['confirmed', '42 confirmations']);
  found(4, NOW - DAY_MS, ['orphaned', '']);
  found(5, NOW - 1_000);
  await journal.close();
  const blocks = await unsettledBlocks(directory, journal.position, NOW);
  expect(blocks.map(({ height, status, confirmations }) => [height, status, confirmations])).toEqual([
    [103, 'confirmed', 42],
    [104, 'orphaned', 0],
    [105, 'submitted', 0],
  ]);
  expect(blocks[0]).toMatchObject({ userIdentity: 'alice', by: 'a', foundAtMs: NOW - 9 * DAY_MS });
});
