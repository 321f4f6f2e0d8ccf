import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Arena, ARENA_BYTES } from '../src/arena.ts';
import { openJournal } from '../src/index.ts';
import type { JournalRecord } from '../src/records/records.ts';

const share: JournalRecord = {
  type: 'ShareAccepted',
  timeMs: 1_800_000_000_000,
  channelKey: 7,
  sequenceNumber: 1,
  jobId: 3,
  difficulty: 1024.5,
  nonce: 0xdead_beef,
  ntime: 1_800_000_000,
  version: 0x2000_0000,
  extranonce: Uint8Array.of(1, 2, 3, 4),
  hash: new Uint8Array(32).fill(7),
  userIdentity: undefined,
  isBlock: false,
};

const directory = mkdtempSync(join(tmpdir(), 'sv2kit-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true }));
const journal = await openJournal({
  directory,
  log: { info() {}, warn() {}, error: console.error },
  syncIntervalMs: 0,
});

async function onDisk(shares: number): Promise<void> {
  for (let i = 0; i < shares; i++) journal.append(share);
  await journal.flush();
}

const buffer = new ArrayBuffer(ARENA_BYTES);
let arena = new Arena(buffer, 1);

/** What to measure: name -> one iteration. Run by `npm run bench -- ledger`. */
export const suite: Record<string, () => void | Promise<void>> = {
  'a share encoded into its batch'() {
    if (!arena.hasRoom(200)) arena = new Arena(buffer, 1);
    arena.add(share);
  },
  'a share, appended, until it is on disk': () => onDisk(1),
  '1,000 shares, appended, until they are on disk': () => onDisk(1000),
};
