import { hash } from 'node:crypto';
import type { JournalEntry } from '../read-journal.ts';
import { RECORD_HEADER_SIZE } from '../records/declare.ts';
import { recordSize, writeRecord } from '../records/encode.ts';
import { Sink } from '../records/sink.ts';

/** The bytes of a record's body, and its code: as its journal has them. */
export function bodyOf({ record }: JournalEntry): { readonly code: number; readonly body: Uint8Array } {
  if (record.type === 'Unknown') return { code: record.code, body: record.body };
  const size = recordSize(record);
  const sink = new Sink(new ArrayBuffer(size), 0);
  writeRecord(sink, record);
  return { code: sink.bytes[0] ?? 0, body: sink.bytes.subarray(RECORD_HEADER_SIZE) };
}

/** Tells one record from any other at the same position. */
export function fingerprintOf(entry: JournalEntry): string {
  const { code, body } = bodyOf(entry);
  return `${code}-${hash('sha256', body, 'hex')}`;
}
