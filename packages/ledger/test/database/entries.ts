import type { JournalEntry, JournalRecord } from '../../src/index.ts';
import { T0 } from './journals.ts';

const text = new TextEncoder();

/** Entries one behind the other, from a position on. */
export function placed(records: readonly JournalRecord[], from = 1): JournalEntry[] {
  return records.map((record, index) => ({ position: from + index, record }));
}

export function started(bootEpoch = 1, timeMs = T0): JournalRecord {
  return { type: 'Start', timeMs, bootEpoch };
}

export function opened(channelKey: number, user = 'bc1qa', timeMs = T0): JournalRecord {
  return {
    type: 'ChannelOpened',
    timeMs,
    channelKey,
    connection: channelKey,
    channelId: channelKey,
    kind: 'extended',
    userIdentity: text.encode(user),
    extranoncePrefix: Uint8Array.of(1, 2),
    remote: '192.0.2.1:5000',
    device: 'maker model',
  };
}

/** A hash that shows 2^(8 * zeros - 32) times about a difficulty of 1. */
export function hashOf(zeros: number): Uint8Array {
  return new Uint8Array(32).fill(0xff, 0, 32 - zeros);
}

interface ShareOptions {
  readonly timeMs?: number;
  readonly difficulty?: number;
  readonly hash?: Uint8Array;
  readonly worker?: string;
  readonly isBlock?: boolean;
}

export function accepted(channelKey: number, options: ShareOptions = {}): JournalRecord {
  const { timeMs = T0, difficulty = 8, hash = hashOf(5), worker, isBlock = false } = options;
  const userIdentity = worker === undefined ? undefined : text.encode(worker);
  return { type: 'ShareAccepted', timeMs, channelKey, ...SUBMITTED, difficulty, hash, userIdentity, isBlock };
}

export function rejected(channelKey: number, code: string, timeMs = T0): JournalRecord {
  return { type: 'ShareRejected', timeMs, channelKey, ...SUBMITTED, userIdentity: undefined, code };
}

const SUBMITTED = { sequenceNumber: 7, jobId: 3, nonce: 1, ntime: 2, version: 3, extranonce: new Uint8Array(4) };

export function found(channelKey: number, hash: Uint8Array, timeMs = T0): JournalRecord {
  const header = new Uint8Array(80);
  // nbits 0x1d00ffff: difficulty 1.
  header.set([0xff, 0xff, 0x00, 0x1d], 72);
  const what = { height: 100, hash, header, coinbase: COINBASE, via: 'sv2-extended', path: 'pool-template' };
  return { type: 'BlockFound', timeMs, channelKey, ...what, userIdentity: text.encode('bc1qa') };
}

export function became(
  hash: Uint8Array,
  status: 'submitted' | 'accepted' | 'confirmed' | 'orphaned' | 'rejected' | 'matured',
  timeMs = T0,
): JournalRecord {
  return { type: 'BlockStatus', timeMs, hash, status, by: 'node', reason: '' };
}

/** One input, one output of 5,000 satoshis, no witness. */
const COINBASE = Uint8Array.from([
  ...[2, 0, 0, 0, 1, ...new Uint8Array(32), 255, 255, 255, 255, 2, 1, 100, 255, 255, 255, 255],
  ...[1, 0x88, 0x13, 0, 0, 0, 0, 0, 0, 1, 0x51, 0, 0, 0, 0],
]);
