import { join } from 'node:path';
import { EPOCH_FILE, readEpoch } from '../boot-epoch.ts';
import { nodeFiles } from '../files.ts';
import type { JournalEntry } from '../read-journal.ts';
import { readRecords } from '../records/encode.ts';
import { RecordError } from '../records/sink.ts';
import { batchesOf, type ScannedSegment, scanJournal } from './scan.ts';

/** Something about a ledger that is not as it should be. */
export interface Finding {
  readonly code: FindingCode;
  /** File or journal that it is about. */
  readonly where: string;
  /** For people. */
  readonly text: string;
}

/** What can be found. */
export const FINDING_REASONS = {
  'header-damaged': 'A segment of the journal has a damaged header.',
  'records-missing': 'The journal has a gap.',
  'records-damaged': 'Records of the journal fail their checksum.',
  'record-unreadable': 'A record is whole but does not hold what its kind should.',
  'epoch-not-rising': 'A run has a boot epoch that is not above that of the run before.',
  'epoch-file': 'The file of the boot epoch is missing, damaged, or below what the journal has seen.',
  'channel-unknown': 'A share or a block is of a channel that was not opened in its run.',
  'file-missing': 'A file of the backup is not there.',
  'file-differs': 'A file of the backup is not what was written.',
  'file-strange': 'A file in the backup is not of the backup.',
  'database-away': 'The database cannot be reached or read.',
  'database-damaged': 'SQLite finds the database damaged.',
  'database-ahead': 'The database holds more than the journal.',
  'database-other': 'The database is of another journal.',
  'database-differs': 'The database does not hold what the journal says.',
} as const;
export type FindingCode = keyof typeof FINDING_REASONS;

/** What a journal holds. */
export interface JournalSummary {
  readonly name: string;
  readonly firstPosition: number;
  /** One less than `firstPosition` when it holds nothing. */
  readonly lastPosition: number;
  readonly segments: number;
  readonly bytes: number;
  /** Of the last write, which a crash left unfinished or which is under way. */
  readonly unfinishedBytes: number;
  /** Larger than that of every run there was. */
  readonly bootEpoch: number | undefined;
  readonly records: Readonly<Record<string, number>>;
}

/** Told of each record that can be read, in order. */
type EntryListener = (entry: JournalEntry) => void;

/** Most findings of one kind about one journal; the rest is counted only. */
const MOST_ALIKE = 10;

/** Reads a whole journal and holds it against what its writer promises. */
export class JournalCheck {
  readonly #name: string;
  readonly #findings: Finding[] = [];
  readonly #alike = new Map<FindingCode, number>();
  readonly #records: Record<string, number> = {};
  #channels = new Set<number>();
  /** Channels of a run whose start is not in the journal any more are not known. */
  #wholeRun = false;
  #epoch = 0;
  #first: number | undefined;
  #last = 0;
  #segments = 0;
  #bytes = 0;
  #unfinished = 0;

  /** @param name for people: journal, payments */
  constructor(name: string) {
    this.#name = name;
  }

  /** @param onSegment is told of the bytes read */
  async run(
    directory: string,
    onEntry: EntryListener,
    onSegment: (bytes: number) => void,
  ): Promise<{ readonly summary: JournalSummary; readonly findings: readonly Finding[] }> {
    // Read first: a run that begins meanwhile has a larger one.
    const epochFile = nodeFiles.list(directory).includes(EPOCH_FILE) ? readEpoch(nodeFiles, directory) : undefined;
    const startedWith = epochFile ?? 0;
    const onFault = ({ code, segment, text }: { code: FindingCode; segment: string; text: string }): void =>
      this.#find(code, join(this.#name, segment), text);
    for await (const segment of scanJournal(directory, onFault)) {
      this.#segment(segment, onEntry);
      onSegment(segment.size);
    }
    const seen = Math.max(epochFile ?? 0, readEpoch(nodeFiles, directory) ?? startedWith);
    if (this.#epoch > seen) {
      const text = `the file boot-epoch says ${seen === 0 ? 'nothing' : seen}, but the journal has seen ${this.#epoch}`;
      this.#find('epoch-file', join(this.#name, EPOCH_FILE), text);
    }
    return { summary: this.#summary(seen === 0 ? undefined : seen), findings: this.#all() };
  }

  #segment(segment: ScannedSegment, onEntry: EntryListener): void {
    this.#first ??= segment.firstPosition;
    if (segment.firstPosition !== this.#last + 1) this.#wholeRun = segment.firstPosition === 1;
    this.#segments += 1;
    this.#bytes += segment.bytes.length;
    this.#unfinished = segment.size - segment.bytes.length;
    this.#last = segment.lastPosition;
    let position = segment.firstPosition;
    for (const { payload, firstPosition, count } of batchesOf(segment.bytes)) {
      position = firstPosition;
      try {
        for (const record of readRecords(payload)) this.#entry({ position: position++, record }, onEntry);
        if (position !== firstPosition + count) throw new RecordError(`${count} records were announced`);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        const text = `record ${position} in ${segment.name} cannot be read: ${error.message}`;
        this.#find('record-unreadable', join(this.#name, segment.name), text);
      }
    }
  }

  #entry(entry: JournalEntry, onEntry: EntryListener): void {
    const { record, position } = entry;
    this.#records[record.type] = (this.#records[record.type] ?? 0) + 1;
    switch (record.type) {
      case 'Start':
        if (record.bootEpoch <= this.#epoch) {
          const text = `the run that begins at record ${position} has epoch ${record.bootEpoch}, after ${this.#epoch}`;
          this.#find('epoch-not-rising', this.#name, text);
        }
        this.#epoch = Math.max(this.#epoch, record.bootEpoch);
        this.#channels = new Set();
        this.#wholeRun = true;
        break;
      case 'ChannelOpened':
        this.#channels.add(record.channelKey);
        break;
      case 'ShareAccepted':
      case 'ShareRejected':
      case 'CustomJobAccepted':
        if (this.#wholeRun && !this.#channels.has(record.channelKey)) this.#unknown(position, record.channelKey);
        break;
      default:
        break;
    }
    onEntry(entry);
  }

  #unknown(position: number, channelKey: number): void {
    const text = `record ${position} is of channel ${channelKey}, which was not opened in its run`;
    this.#find('channel-unknown', this.#name, text);
  }

  #find(code: FindingCode, where: string, text: string): void {
    const alike = (this.#alike.get(code) ?? 0) + 1;
    this.#alike.set(code, alike);
    if (alike <= MOST_ALIKE) this.#findings.push({ code, where, text });
  }

  #all(): readonly Finding[] {
    const more = [...this.#alike].filter(([, count]) => count > MOST_ALIKE);
    const rest = more.map(([code, count]) => ({
      code,
      where: this.#name,
      text: `and ${count - MOST_ALIKE} more of this kind`,
    }));
    return [...this.#findings, ...rest];
  }

  #summary(bootEpoch: number | undefined): JournalSummary {
    return {
      name: this.#name,
      firstPosition: this.#first ?? 1,
      lastPosition: this.#first === undefined ? 0 : this.#last,
      segments: this.#segments,
      bytes: this.#bytes,
      unfinishedBytes: this.#unfinished,
      bootEpoch,
      records: this.#records,
    };
  }
}
