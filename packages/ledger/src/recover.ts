import { join } from 'node:path';
import { LedgerError } from './errors.ts';
import type { FileLayer } from './files.ts';
import {
  batchAt,
  declaredEnd,
  decodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  segmentName,
  segmentSequence,
} from './format.ts';
import { readRecords } from './records/encode.ts';

/** Where the journal ends. */
export interface Tail {
  /** Number of the last segment; 0 when there is none yet. */
  readonly sequence: number;
  /** Its length in bytes. */
  readonly size: number;
  /** Position that the next record gets; positions count from 1. */
  readonly nextPosition: number;
}

export interface Recovered {
  readonly tail: Tail;
  /** The largest boot epoch that the last segment knows. */
  readonly lastEpoch: number;
  /** Bytes of unfinished writes that were cut off. */
  readonly cutBytes: number;
  /** File that keeps the bytes cut off, when whole records follow the damage: that may be a damaged disk. */
  readonly kept: string | undefined;
}

/** Finds the journal's end and cuts off what a crash left half written: none of it was ever acknowledged. */
export function recover(files: FileLayer, directory: string): Recovered {
  const sequences = segmentsIn(files, directory);
  let cutBytes = 0;
  for (const sequence of sequences.toReversed()) {
    const path = join(directory, segmentName(sequence));
    const bytes = files.read(path);
    const header = decodeSegmentHeader(bytes, segmentName(sequence));
    if (header === undefined) {
      // Its header would have been synced together with its first records: it holds nothing.
      refuseRecordsBehind(bytes, sequence);
      files.remove(path);
      files.syncDirectory(directory);
      cutBytes += bytes.length;
      continue;
    }
    const end = scan(bytes, header.firstPosition, header.bootEpoch);
    const kept = end.size < bytes.length ? keep(files, path, bytes, end.size) : undefined;
    settle(files, path, bytes.subarray(0, end.size));
    cutBytes += bytes.length - end.size;
    const tail = { sequence, size: end.size, nextPosition: end.nextPosition };
    return { tail, lastEpoch: end.lastEpoch, cutBytes, kept };
  }
  return { tail: { sequence: 0, size: 0, nextPosition: 1 }, lastEpoch: 0, cutBytes, kept: undefined };
}

/** Numbers of the segments in a directory, rising. */
export function segmentsIn(files: Pick<FileLayer, 'list'>, directory: string): number[] {
  return files
    .list(directory)
    .map(segmentSequence)
    .filter((sequence) => sequence !== undefined)
    .toSorted((a, b) => a - b);
}

function scan(bytes: Uint8Array, firstPosition: number, epoch: number) {
  let nextPosition = firstPosition;
  let size = SEGMENT_HEADER_SIZE;
  let lastEpoch = epoch;
  for (;;) {
    const batch = batchAt(bytes, size);
    if (batch === undefined || batch.firstPosition !== nextPosition) return { nextPosition, size, lastEpoch };
    for (const record of readRecords(batch.payload)) {
      if (record.type === 'Start') lastEpoch = Math.max(lastEpoch, record.bootEpoch);
    }
    nextPosition += batch.count;
    size = batch.end;
  }
}

/** Returns the file that keeps what is to be cut off, when that is more than an unfinished write. */
function keep(files: FileLayer, path: string, bytes: Uint8Array, size: number): string | undefined {
  if (batchAt(bytes, declaredEnd(bytes, size)) === undefined) return undefined;
  const kept = `${path}.cut-${size}`;
  files.remove(kept);
  const copy = files.open(kept, 'create');
  files.write(copy, [bytes.subarray(size)], 0);
  files.sync(copy);
  files.close(copy);
  return kept;
}

/**
 * Makes `whole` all that a segment holds, on disk. What was read may be in memory only: the process may have been killed
 * between a write and its sync, and after a sync that failed the system takes for written what it dropped.
 */
function settle(files: FileLayer, path: string, whole: Uint8Array): void {
  const handle = files.open(path, 'existing');
  files.truncate(handle, whole.length);
  files.write(handle, [whole], 0);
  files.sync(handle);
  files.close(handle);
}

/** A damaged header before whole batches is not a torn write but a damaged disk: a person must decide. */
function refuseRecordsBehind(bytes: Uint8Array, sequence: number): void {
  if (bytes.length <= SEGMENT_HEADER_SIZE || batchAt(bytes, SEGMENT_HEADER_SIZE) === undefined) return;
  const name = segmentName(sequence);
  throw new LedgerError('ledger-corrupted', `${name} has a damaged header before whole records`, { name });
}
