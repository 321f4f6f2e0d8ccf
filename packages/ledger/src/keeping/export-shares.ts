import { join } from 'node:path';
import type { ChannelOpened, ShareAccepted, ShareRejected } from '../records/records.ts';
import { type JournalEntry, readJournal } from '../read-journal.ts';
import { LEDGER_FILES } from './backup.ts';
import { identityText } from '../database/apply/texts.ts';
import { nameOfWorker } from '../worker-name.ts';
import type { CsvCell } from './csv.ts';

/** Which shares; both times in unix milliseconds, the second excluded. */
export interface ShareRange {
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export const SHARE_COLUMNS = [
  'position',
  'time',
  'boot_epoch',
  'channel',
  'user',
  'worker',
  'outcome',
  'difficulty',
  'is_block',
  'job_id',
  'sequence_number',
  'nonce',
  'ntime',
  'version',
  'extranonce_prefix',
  'extranonce',
  'hash',
] as const;

/** All shares that the journal still has, accepted or not, in the order in which they came. */
export async function* shareRows(
  dataDir: string,
  { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: ShareRange,
  onPosition: (position: number) => void = () => {},
): AsyncGenerator<readonly CsvCell[]> {
  let bootEpoch: number | undefined;
  let channels = new Map<number, ChannelOpened>();
  for await (const { position, record } of readJournal(join(dataDir, LEDGER_FILES.journal))) {
    onPosition(position);
    switch (record.type) {
      case 'Start':
        bootEpoch = record.bootEpoch;
        channels = new Map();
        break;
      case 'ChannelOpened':
        channels.set(record.channelKey, record);
        break;
      case 'ShareAccepted':
      case 'ShareRejected':
        if (record.timeMs < sinceMs || record.timeMs >= untilMs) break;
        yield shareRow(position, record, bootEpoch, channels.get(record.channelKey));
        break;
      default:
        break;
    }
  }
}

function shareRow(
  position: JournalEntry['position'],
  share: ShareAccepted | ShareRejected,
  bootEpoch: number | undefined,
  channel: ChannelOpened | undefined,
): readonly CsvCell[] {
  const accepted = share.type === 'ShareAccepted';
  return [
    position,
    new Date(share.timeMs),
    bootEpoch,
    share.channelKey,
    ...namesOf(share, channel),
    accepted ? 'accepted' : share.code,
    accepted ? share.difficulty : 0,
    accepted && share.isBlock,
    share.jobId,
    share.sequenceNumber,
    share.nonce,
    share.ntime,
    share.version,
    channel && hex(channel.extranoncePrefix),
    hex(share.extranonce),
    accepted ? hex(share.hash.toReversed()) : undefined,
  ];
}

/** User and worker, as everywhere. A channel whose opening the journal has lost names nobody. */
function namesOf(
  { userIdentity: named }: ShareAccepted | ShareRejected,
  channel: ChannelOpened | undefined,
): readonly [string | undefined, string] {
  const worker = named === undefined ? '' : identityText(named);
  if (channel === undefined) return [undefined, worker];
  const name = nameOfWorker(identityText(channel.userIdentity), worker);
  return [name.user, name.worker];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
