import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LedgerError } from './errors.ts';
import { batchAt, decodeSegmentHeader, SEGMENT_HEADER_SIZE, segmentName } from './format.ts';
import { readRecords, type UnknownRecord } from './records/encode.ts';
import type { JournalRecord } from './records/records.ts';
import { segmentsIn } from './recover.ts';

/** A record and its place in the journal, counted from 1. */
export interface JournalEntry {
  readonly position: number;
  readonly record: JournalRecord | UnknownRecord;
}

interface Segment {
  readonly name: string;
  readonly firstPosition: number;
}

/**
 * Reads records from position `from` to position `to`, both included, in order. Needs no lock and may run beside the
 * writer, whose retention may remove the oldest meanwhile; whoever must not see what a crash could still take back passes
 * the watermark as `to`.
 *
 * @throws LedgerError 'ledger-corrupted' when records are missing between others
 */
export async function* readJournal(
  directory: string,
  from = 1,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<JournalEntry> {
  const segments = await listSegments(directory);
  const first = segments.findLastIndex(({ firstPosition }) => firstPosition <= from);
  let next = segments[Math.max(first, 0)]?.firstPosition ?? 1;
  let begun = false;
  for (const [index, segment] of segments.entries()) {
    if (index < first) continue;
    if (segment.firstPosition !== next) throw gap(segment.name, next, segment.firstPosition);
    // A segment ends where the next begins: what it holds beyond was written again there.
    const end = segments[index + 1]?.firstPosition ?? Number.POSITIVE_INFINITY;
    const bytes = await readFile(join(directory, segment.name)).catch(unlessGone);
    if (bytes === undefined && !begun) next = end;
    if (bytes === undefined) continue;
    begun = true;
    for (const entry of entriesOf(bytes, next)) {
      if (entry.position >= end) break;
      if (entry.position > to) return;
      next = entry.position + 1;
      if (entry.position >= from) yield entry;
    }
  }
}

/** Segments with a whole header, oldest first. */
async function listSegments(directory: string): Promise<Segment[]> {
  const names = await readdir(directory);
  const segments: Segment[] = [];
  for (const sequence of segmentsIn({ list: () => names }, directory)) {
    const name = segmentName(sequence);
    const start = await readStart(join(directory, name)).catch(unlessGone);
    const header = start && decodeSegmentHeader(start, name);
    if (header === undefined) continue;
    // A later segment that begins at or before an earlier one replaces it.
    while ((segments.at(-1)?.firstPosition ?? 0) >= header.firstPosition) segments.pop();
    segments.push({ name, firstPosition: header.firstPosition });
  }
  return segments;
}

async function readStart(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(SEGMENT_HEADER_SIZE), 0, SEGMENT_HEADER_SIZE, 0);
  return buffer.subarray(0, bytesRead);
}

function* entriesOf(bytes: Uint8Array, firstPosition: number): Generator<JournalEntry> {
  let position = firstPosition;
  let offset = SEGMENT_HEADER_SIZE;
  for (let batch = batchAt(bytes, offset); batch !== undefined; batch = batchAt(bytes, offset)) {
    if (batch.firstPosition !== position) return;
    for (const record of readRecords(batch.payload)) yield { position: position++, record };
    offset = batch.end;
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function gap(name: string, expected: number, found: number): LedgerError {
  const message = `${name} begins with record ${found}, but the segment before it ends before record ${expected}`;
  return new LedgerError('ledger-corrupted', message, { name, expected, found });
}
