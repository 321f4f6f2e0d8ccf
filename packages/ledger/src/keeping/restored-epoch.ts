import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { FileLayer } from '../files.ts';

/** Beside a backup's journal until it is opened: it is a copy, and its original may have gone on. */
export const COPY_MARK = 'boot-epoch.copy';
/** Values of a boot epoch, which has 3 bytes of an extranonce prefix (§5.1.2.1). */
const EPOCHS = 0x100_0000;
/** Starts that an original is given beyond the time between backup and restore. */
const STARTS = 0x1_0000;
/** Epochs among which chance chooses: copies may be opened in the same minute. */
const CHOICES = 0x1_0000;
/** A copy skips one epoch for as much time as has gone by since it was made. */
const MS_PER_EPOCH = 60_000;

/** What a copy says of itself. */
export interface CopyMark {
  /** Epoch of the original when it was copied. */
  readonly bootEpoch: number;
  /** Unix milliseconds. */
  readonly takenMs: number;
}

/**
 * Epoch that a copy's next one must be larger than. The original may have been started again since, and so may have
 * another copy of the same backup: an epoch is skipped for each minute since, as many more as nobody starts a server in
 * vain, and some by chance. Never more than half of what is left of all epochs.
 *
 * @param chance from 0 up to 1
 */
export function epochOfCopy({ bootEpoch, takenMs }: CopyMark, nowMs: number, chance: number): number {
  const minutes = Math.max(0, Math.ceil((nowMs - takenMs) / MS_PER_EPOCH));
  const half = Math.max(0, Math.floor((EPOCHS - 1 - bootEpoch) / 2));
  return bootEpoch + Math.min(STARTS + minutes + Math.floor(chance * CHOICES), half);
}

/** The largest epoch of a copy that is opened now for the first time; 0 for every other journal. */
export function epochBefore(files: FileLayer, directory: string, nowMs: number): number {
  const mark = readCopyMark(files, directory);
  return mark === undefined ? 0 : epochOfCopy(mark, nowMs, randomInt(CHOICES) / CHOICES);
}

/** The mark of a copy that was not opened yet; undefined for every other journal, and when it is damaged. */
function readCopyMark(files: FileLayer, directory: string): CopyMark | undefined {
  if (!files.list(directory).includes(COPY_MARK)) return undefined;
  const [epoch = '', taken = '', sum = ''] = new TextDecoder()
    .decode(files.read(join(directory, COPY_MARK)))
    .trim()
    .split(' ');
  if (!/^\d+$/.test(epoch) || !/^\d+$/.test(taken) || sum !== checksum(epoch, taken)) return undefined;
  return { bootEpoch: Number(epoch), takenMs: Number(taken) };
}

/** Bytes of a mark. */
export function encodeCopyMark({ bootEpoch, takenMs }: CopyMark): Uint8Array {
  const [epoch, taken] = [String(bootEpoch), String(takenMs)];
  return new TextEncoder().encode(`${epoch} ${taken} ${checksum(epoch, taken)}\n`);
}

/** The mark has done its work, durably, once an epoch above it has begun. */
export function forgetCopyMark(files: FileLayer, directory: string): void {
  if (!files.list(directory).includes(COPY_MARK)) return;
  files.remove(join(directory, COPY_MARK));
  files.syncDirectory(directory);
}

function checksum(epoch: string, taken: string): string {
  return crc32(`sv2kit copy of a journal ${epoch} ${taken}`).toString(16).padStart(8, '0');
}
