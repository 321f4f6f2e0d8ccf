import { beginEpoch } from './boot-epoch.ts';
import { type Clock, systemClock } from './clock.ts';
import { isDiskFull } from './disk-full.ts';
import { LedgerError } from './errors.ts';
import { type FileLayer, nodeFiles } from './files.ts';
import { inlineWriter } from './inline-writer.ts';
import { Journal } from './journal.ts';
import { epochBefore, forgetCopyMark } from './keeping/restored-epoch.ts';
import { LEDGER_LIMITS } from './limits.ts';
import { lockDirectory } from './lock.ts';
import type { Logger } from './logger.ts';
import { recover } from './recover.ts';
import { threadWriter } from './thread-writer.ts';

export interface JournalOptions {
  /** Made when it is not there. One journal each. */
  readonly directory: string;
  readonly log: Logger;
  /** Shortest time between the starts of two syncs: more gives larger batches and later acknowledgements. */
  readonly syncIntervalMs?: number;
  /** A segment file that has reached this size is followed by the next. */
  readonly segmentBytes?: number;
  /** With more than this waiting for the disk, the journal takes no more. */
  readonly maxPendingBytes?: number;
  readonly clock?: Clock;
  /** Another file system, for tests: the journal then writes in this thread and takes no lock. */
  readonly file?: FileLayer;
}

/**
 * Opens the journal of a directory for writing: takes the directory's lock, cuts off what a crash left half written,
 * begins a new boot epoch and records the start.
 *
 * @throws LedgerError 'ledger-locked', 'ledger-corrupted', 'ledger-version', 'ledger-full' or 'ledger-failed'; what the
 * file system throws when the directory cannot be used at all
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  try {
    return await openUnlessFull(options);
  } catch (cause) {
    if (!(cause instanceof Error && isDiskFull(cause))) throw cause;
    const { directory } = options;
    const message = `nothing can be written to ${directory}: ${cause.message}`;
    throw new LedgerError('ledger-full', message, { directory }, { cause });
  }
}

async function openUnlessFull(options: JournalOptions): Promise<Journal> {
  const { directory, log, clock = systemClock, file: files = nodeFiles } = options;
  files.makeDirectory(directory);
  const lock = options.file === undefined ? lockDirectory(directory) : { release() {} };
  try {
    const { tail, lastEpoch, cutBytes, kept } = recover(files, directory);
    if (cutBytes > 0) log.warn('an unfinished write was cut off the ledger', { directory, cutBytes });
    if (kept !== undefined) log.error('the ledger was damaged before whole records, which were kept aside', { kept });
    const copied = epochBefore(files, directory, clock.now());
    const bootEpoch = beginEpoch(files, directory, Math.max(lastEpoch, copied));
    forgetCopyMark(files, directory);
    if (copied > 0) log.warn('the ledger is a restored backup and goes on with a new boot epoch', { bootEpoch });
    const writerOptions = {
      directory,
      segmentBytes: options.segmentBytes ?? LEDGER_LIMITS.segmentBytes,
      bootEpoch,
      tail,
    };
    const journal = new Journal(
      {
        bootEpoch,
        nextPosition: tail.nextPosition,
        syncIntervalMs: options.syncIntervalMs ?? LEDGER_LIMITS.syncIntervalMs,
        maxPendingBytes: options.maxPendingBytes ?? LEDGER_LIMITS.maxPendingBytes,
        clock,
        log,
      },
      (events) =>
        options.file === undefined
          ? threadWriter(writerOptions, events)
          : inlineWriter(files, writerOptions, events, clock),
      () => lock.release(),
    );
    journal.append({ type: 'Start', timeMs: clock.now(), bootEpoch });
    await flushOrClose(journal);
    return journal;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A journal that cannot even record its start is of no use. */
async function flushOrClose(journal: Journal): Promise<void> {
  try {
    await journal.flush();
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}
