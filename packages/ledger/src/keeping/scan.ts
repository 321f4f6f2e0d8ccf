import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import {
  type Batch,
  batchAt,
  declaredEnd,
  decodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
  segmentName,
} from '../format.ts';
import { segmentsIn } from '../recover.ts';

/** Looks at the end of a journal that is being written, before what is torn there counts as damage. */
const LOOKS = 5;
const BETWEEN_LOOKS_MS = 40;

/** One segment of a journal, and the part of it that counts. */
export interface ScannedSegment {
  readonly name: string;
  readonly firstPosition: number;
  /** One less than `firstPosition` when it holds nothing. */
  readonly lastPosition: number;
  /** Epoch of the run that began it. */
  readonly bootEpoch: number;
  /** Header and whole batches up to where the next segment begins. */
  readonly bytes: Uint8Array;
  /** Of the file: what is behind `bytes` is an unfinished write, or was written again in the next segment. */
  readonly size: number;
}

/** Something that is not as the journal's writer leaves it. */
export interface JournalFault {
  readonly code: 'header-damaged' | 'records-missing' | 'records-damaged';
  readonly segment: string;
  /** First position that cannot be read. */
  readonly position: number;
  /** For people. */
  readonly text: string;
}

interface Listed extends SegmentHeader {
  readonly name: string;
}

/**
 * Reads a journal segment by segment, each checked by its checksums, beside a running writer too: behind the last whole
 * batch is its end. Segments that the journal's retention removes meanwhile are left out.
 *
 * @param onFault is told of each damage; the scan goes on with the next segment
 */
export async function* scanJournal(
  directory: string,
  onFault: (fault: JournalFault) => void,
): AsyncGenerator<ScannedSegment> {
  let unread = 1;
  for (let isEndGone = true; isEndGone; ) {
    const listed = (await listSegments(directory, onFault)).filter(({ firstPosition }) => firstPosition >= unread);
    isEndGone = false;
    let next = listed[0]?.firstPosition ?? unread;
    for (const [index, segment] of listed.entries()) {
      if (segment.firstPosition > next) onFault(missing(segment.name, next, segment.firstPosition));
      const following = listed[index + 1];
      const scanned = await readSegment(directory, segment, following?.firstPosition, onFault);
      // The last one is never removed: when it is gone, others have come.
      isEndGone = scanned === undefined;
      next = scanned === undefined ? (following?.firstPosition ?? next) : scanned.lastPosition + 1;
      if (scanned === undefined) continue;
      unread = next;
      yield scanned;
    }
  }
}

/** Bytes of all segments there are. */
export async function journalSize(directory: string): Promise<number> {
  let size = 0;
  for (const { name } of await listSegments(directory, () => {})) {
    size += (await stat(join(directory, name)).catch(unlessGone))?.size ?? 0;
  }
  return size;
}

/** Position of the last record in a folder of a journal, which may be written meanwhile; 0 when there is none. */
export async function lastPositionIn(directory: string): Promise<number> {
  const last = (await listSegments(directory, () => {})).at(-1);
  if (last === undefined) return 0;
  const scanned = await readSegment(directory, last, undefined, () => {});
  return scanned?.lastPosition ?? last.firstPosition - 1;
}

/** The batches of a scanned segment. */
export function* batchesOf(bytes: Uint8Array): Generator<Batch> {
  let offset = SEGMENT_HEADER_SIZE;
  for (let batch = batchAt(bytes, offset); batch !== undefined; batch = batchAt(bytes, offset)) {
    yield batch;
    offset = batch.end;
  }
}

/** Segments whose records count, oldest first. */
async function listSegments(directory: string, onFault: (fault: JournalFault) => void): Promise<Listed[]> {
  const names = await readdir(directory);
  const listed: Listed[] = [];
  for (const sequence of segmentsIn({ list: () => names }, directory)) {
    const name = segmentName(sequence);
    const start = await readStart(join(directory, name));
    if (start === undefined) continue;
    const header = decodeSegmentHeader(start, name);
    if (header === undefined) {
      const bytes = await readFile(join(directory, name));
      // A header that was never whole is that of a segment without records.
      if (bytes.length > SEGMENT_HEADER_SIZE && batchAt(bytes, SEGMENT_HEADER_SIZE) !== undefined) {
        const text = `${name} has a damaged header before whole records`;
        onFault({ code: 'header-damaged', segment: name, position: (listed.at(-1)?.firstPosition ?? 0) + 1, text });
      }
      continue;
    }
    // A later segment that begins at or before an earlier one replaces it.
    while ((listed.at(-1)?.firstPosition ?? 0) >= header.firstPosition) listed.pop();
    listed.push({ name, ...header });
  }
  return listed;
}

/** @returns undefined when the file is gone */
async function readStart(path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(new Uint8Array(SEGMENT_HEADER_SIZE), 0, SEGMENT_HEADER_SIZE, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    return unlessGone(error);
  }
}

async function readSegment(
  directory: string,
  segment: Listed,
  following: number | undefined,
  onFault: (fault: JournalFault) => void,
): Promise<ScannedSegment | undefined> {
  const { name, firstPosition, bootEpoch } = segment;
  for (let look = 1; ; look += 1) {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(directory, name));
    } catch (error) {
      return unlessGone(error);
    }
    const end = walk(bytes, firstPosition, following);
    const scanned = {
      name,
      firstPosition,
      lastPosition: end.next - 1,
      bootEpoch,
      bytes: bytes.subarray(0, end.offset),
      size: bytes.length,
    };
    const fault = faultAt(bytes, name, end, following);
    if (fault === undefined) return scanned;
    if (following !== undefined || look === LOOKS) {
      onFault(fault);
      return scanned;
    }
    // The writer may be in the middle of this very place.
    await after(BETWEEN_LOOKS_MS);
  }
}

interface End {
  readonly next: number;
  readonly offset: number;
}

function walk(bytes: Uint8Array, firstPosition: number, following = Number.POSITIVE_INFINITY): End {
  let next = firstPosition;
  let offset = SEGMENT_HEADER_SIZE;
  while (next < following) {
    const batch = batchAt(bytes, offset);
    if (batch === undefined || batch.firstPosition !== next) break;
    next += batch.count;
    offset = batch.end;
  }
  return { next, offset };
}

function faultAt(
  bytes: Uint8Array,
  segment: string,
  { next, offset }: End,
  following: number | undefined,
): JournalFault | undefined {
  if (following !== undefined) {
    return next === following ? undefined : { ...missing(segment, next, following), code: 'records-damaged' };
  }
  if (offset === bytes.length || batchAt(bytes, declaredEnd(bytes, offset)) === undefined) return undefined;
  const text = `${segment} is damaged at byte ${offset}, before whole records`;
  return { code: 'records-damaged', segment, position: next, text };
}

function missing(segment: string, expected: number, found: number): JournalFault {
  const text = `records ${expected} to ${found - 1} cannot be read in or before ${segment}`;
  return { code: 'records-missing', segment, position: expected, text };
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
