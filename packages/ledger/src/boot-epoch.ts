import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { LedgerError } from './errors.ts';
import type { FileLayer } from './files.ts';

/** Beside the journal. */
export const EPOCH_FILE = 'boot-epoch';
const NEW_FILE = 'boot-epoch.new';
const LARGEST = 0xffff_ffff;

/**
 * Begins a run: returns a number larger than that of every earlier run, durable before it is returned.
 * Extranonce prefixes carry it, so that no share of an earlier run can be sent again for credit.
 *
 * @param seen the largest epoch that the journal itself knows: stands in when the epoch's own file is unreadable
 */
export function beginEpoch(files: FileLayer, directory: string, seen: number): number {
  const epoch = Math.max(readEpoch(files, directory) ?? 0, seen) + 1;
  if (epoch > LARGEST) throw new LedgerError('ledger-failed', 'the boot epoch has reached its end', { epoch });
  const body = `${epoch}`;
  const path = join(directory, NEW_FILE);
  files.remove(path);
  const handle = files.open(path, 'create');
  try {
    files.write(handle, [new TextEncoder().encode(`${body} ${checksum(body)}\n`)], 0);
    files.sync(handle);
  } finally {
    files.close(handle);
  }
  files.rename(path, join(directory, EPOCH_FILE));
  files.syncDirectory(directory);
  return epoch;
}

/** The epoch last begun; undefined when there is none or its file is damaged. */
export function readEpoch(files: FileLayer, directory: string): number | undefined {
  if (!files.list(directory).includes(EPOCH_FILE)) return undefined;
  const [body = '', sum = ''] = new TextDecoder()
    .decode(files.read(join(directory, EPOCH_FILE)))
    .trim()
    .split(' ');
  return /^\d+$/.test(body) && sum === checksum(body) ? Number(body) : undefined;
}

function checksum(body: string): string {
  return crc32(`sv2kit boot epoch ${body}`).toString(16).padStart(8, '0');
}
