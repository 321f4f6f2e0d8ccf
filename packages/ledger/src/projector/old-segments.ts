import { basename, join } from 'node:path';
import type { FileLayer } from '../files.ts';
import { batchAt, SEGMENT_HEADER_SIZE, segmentName } from '../format.ts';
import { readRecords } from '../records/encode.ts';
import { segmentsIn } from '../recover.ts';
import { type ListedSegment, SegmentList } from './segment-list.ts';

/** A batch's first record lies in here, unless it is a very long one. */
const START_BYTES = 64 * 1024;

/**
 * Removes the journal's files whose records are all projected and older than `beforeMs`: never the last one, never the
 * one with the record that was projected last.
 *
 * @param projected position of that record
 * @param beforeMs unix milliseconds
 * @returns how many
 */
export function removeOldSegments(files: FileLayer, directory: string, projected: number, beforeMs: number): number {
  const listed = new SegmentList(files, directory).look();
  const kept = listed.find((_, index) => {
    const next = listed[index + 1];
    return next === undefined || next.firstPosition > projected || !beginsBefore(files, next, beforeMs);
  });
  if (kept === undefined) return 0;
  const old = segmentsIn(files, directory)
    .map(segmentName)
    .filter((name) => name < basename(kept.path));
  for (const name of old) files.remove(join(directory, name));
  if (old.length > 0) files.syncDirectory(directory);
  return old.length;
}

/** Whether a segment's first record is older, and with it all segments before it. */
function beginsBefore(files: FileLayer, segment: ListedSegment, beforeMs: number): boolean {
  for (let length = START_BYTES; ; length *= 16) {
    const bytes = files.readAt(segment.path, SEGMENT_HEADER_SIZE, length);
    const batch = batchAt(bytes, 0);
    if (batch === undefined && bytes.length === length) continue;
    const [first] = batch === undefined ? [] : readRecords(batch.payload);
    return first !== undefined && first.type !== 'Unknown' && first.timeMs < beforeMs;
  }
}
