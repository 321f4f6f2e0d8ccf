// How fast the journal takes shares, and how long one waits for the disk: node bench/append.ts [seconds] [dir]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { type JournalRecord, NOT_RECORDED, openJournal } from '../src/index.ts';

const seconds = Number(process.argv[2] ?? 5);
const parent = process.argv[3] ?? tmpdir();
const hash = new Uint8Array(32).fill(7);
const extranonce = Uint8Array.of(1, 2, 3, 4);

function share(sequenceNumber: number): JournalRecord {
  return {
    type: 'ShareAccepted',
    timeMs: Date.now(),
    channelKey: sequenceNumber % 5000,
    sequenceNumber,
    jobId: 3,
    difficulty: 1024.5,
    nonce: sequenceNumber,
    ntime: 1_800_000_000,
    version: 0x2000_0000,
    extranonce,
    hash,
    userIdentity: undefined,
    isBlock: false,
  };
}

async function inJournal(run: (journal: Awaited<ReturnType<typeof openJournal>>) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(parent, 'sv2kit-bench-'));
  const log = { info() {}, warn() {}, error: console.error };
  try {
    await using journal = await openJournal({ directory, log });
    await run(journal);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** As many as one thread can append while the event loop turns, refused ones not counted. */
async function throughput(): Promise<void> {
  await inJournal(async (journal) => {
    const first = journal.position;
    const start = performance.now();
    let busyMs = 0;
    while (performance.now() - start < seconds * 1000) {
      const before = performance.now();
      for (let i = 0; i < 500; i++) if (journal.append(share(i)) === NOT_RECORDED) break;
      busyMs += performance.now() - before;
      await turn();
    }
    await journal.flush();
    const appended = journal.position - first;
    const rate = appended / ((performance.now() - start) / 1000);
    console.log(
      `throughput: ${Math.round(rate)} appends/s on disk, ${((busyMs * 1000) / appended).toFixed(2)} µs each`,
    );
  });
}

/** Shares at a steady rate: milliseconds from append to the watermark that covers it. */
async function latency(perSecond: number): Promise<void> {
  await inJournal(async (journal) => {
    const histogram = createHistogram({ lowest: 1, highest: 10_000_000, figures: 3 });
    const waiting: { readonly position: number; readonly at: number }[] = [];
    let syncs = 0;
    journal.onWatermark((watermark) => {
      syncs += 1;
      const now = performance.now();
      let done = 0;
      for (const { position, at } of waiting) {
        if (position > watermark) break;
        histogram.record(Math.max(1, Math.round((now - at) * 1000)));
        done += 1;
      }
      waiting.splice(0, done);
    });
    const start = performance.now();
    for (let sent = 0; performance.now() - start < seconds * 1000; await turn()) {
      const due = ((performance.now() - start) / 1000) * perSecond;
      for (; sent < due; sent++) waiting.push({ position: journal.append(share(sent)), at: performance.now() });
    }
    await journal.flush();
    const at = (percentile: number): string => (histogram.percentile(percentile) / 1000).toFixed(2);
    const perSync = Math.round(histogram.count / syncs);
    console.log(
      `latency at ${perSecond}/s: p50 ${at(50)} ms, p99 ${at(99)} ms, ${histogram.count} samples, ${perSync} per sync`,
    );
  });
}

await throughput();
for (const rate of [100, 1000, 20_000]) await latency(rate);
