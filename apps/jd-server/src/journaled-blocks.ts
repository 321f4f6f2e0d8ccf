import { displayHash } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import { type BlockStatus, readJournal } from '@sv2kit/ledger';

/** A block of an earlier run, and what became of it. */
export interface JournaledBlock {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** As explorers show it. */
  readonly name: string;
  readonly height: number;
  readonly userIdentity: string;
  readonly foundAtMs: number;
  readonly status: BlockStatus['status'];
  readonly by: string;
  readonly reason: string;
  readonly confirmations: number;
}

/** How long ago a block may have been found that is orphaned or refused, and is looked for yet. */
const LOST_MS = 172_800_000;

/**
 * The blocks of a journal that are not settled, oldest first: a job declarator server writes nothing else, so that it is
 * read in no time.
 *
 * @param to the last record to read
 */
export async function unsettledBlocks(directory: string, to: number, nowMs: number): Promise<JournaledBlock[]> {
  const blocks = new Map<string, JournaledBlock>();
  for await (const { record } of readJournal(directory, 1, to)) {
    if (record.type === 'BlockFound') {
      const { hash, height, timeMs, userIdentity } = record;
      if (height === undefined) continue;
      const name = displayHash(hash);
      const found = { hash, name, height, userIdentity: fromUtf8(userIdentity), foundAtMs: timeMs };
      blocks.set(name, { ...found, status: 'submitted', by: '', reason: '', confirmations: 0 });
    } else if (record.type === 'BlockStatus') {
      const { status, by, reason } = record;
      const block = blocks.get(displayHash(record.hash));
      if (block === undefined) continue;
      const confirmations = status === 'confirmed' ? Number(/^\d+/.exec(reason)?.[0] ?? 1) : 0;
      blocks.set(block.name, { ...block, status, by, reason, confirmations });
    }
  }
  return Array.from(blocks.values()).filter(({ status, foundAtMs }) => {
    if (status === 'matured') return false;
    return nowMs - foundAtMs < LOST_MS || (status !== 'orphaned' && status !== 'rejected');
  });
}
