import { type RecordDefinition, RECORD_HEADER_SIZE } from './declare.ts';
import { type JournalRecord, records } from './records.ts';
import { RecordError, type Sink } from './sink.ts';

/** A record of a kind or version that this program does not know, or with a word that it does not: a newer one's. */
export interface UnknownRecord {
  readonly type: 'Unknown';
  readonly code: number;
  readonly version: number;
  readonly body: Uint8Array;
}

type AnyDefinition = RecordDefinition<JournalRecord>;
const byType: Readonly<Record<JournalRecord['type'], AnyDefinition>> = records;
const byCode = new Map(
  Object.values(records).map((definition): [number, AnyDefinition] => [definition.code, definition]),
);

/** Bytes that a record takes in the journal. */
export function recordSize(record: JournalRecord): number {
  return byType[record.type].size(record);
}

/** Writes a record where there is room for `recordSize(record)` bytes. */
export function writeRecord(sink: Sink, record: JournalRecord): void {
  byType[record.type].write(sink, record);
}

/**
 * Reads all records of a batch's payload. What does not hold what its declaration says is handed on as it is.
 *
 * @throws RecordError when the payload does not hold whole records
 */
export function* readRecords(payload: Uint8Array): Generator<JournalRecord | UnknownRecord> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  for (let offset = 0; offset < payload.length; ) {
    if (payload.length - offset < RECORD_HEADER_SIZE) throw new RecordError('half a record header');
    const code = view.getUint8(offset);
    const version = view.getUint8(offset + 1);
    const start = offset + RECORD_HEADER_SIZE;
    const end = start + view.getUint32(offset + 2, true);
    if (end > payload.length) throw new RecordError('half a record');
    const body = payload.subarray(start, end);
    yield decode(code, version, body) ?? { type: 'Unknown', code, version, body: new Uint8Array(body) };
    offset = end;
  }
}

/** Whether a record that could not be read is of a kind that this program knows: then its body is not as declared. */
export function isMalformed({ code, version }: UnknownRecord): boolean {
  return byCode.get(code)?.version === version;
}

function decode(code: number, version: number, body: Uint8Array): JournalRecord | undefined {
  const definition = byCode.get(code);
  if (definition?.version !== version) return undefined;
  try {
    return definition.read(body);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
