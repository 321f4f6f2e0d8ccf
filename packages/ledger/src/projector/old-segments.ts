import { basename, join } from 'node:path';
import type { FileLayer } from '../files.ts';
import { segmentName } from '../format.ts';
import { segmentsIn } from '../recover.ts';
import { SegmentList } from './segment-list.ts';

/**
 * Removes the journal's files whose records are all before one: never the last file, never one with that record.
 *
 * @param before position of a record that is projected
 * @returns how many
 */
export function removeOldSegments(files: FileLayer, directory: string, before: number): number {
  const listed = new SegmentList(files, directory).look();
  const kept = listed.find((_, index) => (listed[index + 1]?.firstPosition ?? Number.POSITIVE_INFINITY) > before);
  if (kept === undefined) return 0;
  const old = segmentsIn(files, directory)
    .map(segmentName)
    .filter((name) => name < basename(kept.path));
  for (const name of old) files.remove(join(directory, name));
  if (old.length > 0) files.syncDirectory(directory);
  return old.length;
}
