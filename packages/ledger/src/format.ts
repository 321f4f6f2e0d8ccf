import { crc32 } from 'node:zlib';
import { LedgerError } from './errors.ts';

/*
 * A segment file is a header and then batches:
 *   header  magic 'SV2J' | format U16 | reserved U16 | first position U64 | boot epoch U32 | CRC-32 of all before
 *   batch   CRC-32 of all behind it | payload length U32 | record count U32 | first position U64 | payload
 * All numbers little-endian. A segment reaches to where the next one begins: what an older segment holds from that
 * position on is the leftover of a write that failed, and was written again in the next one.
 */
const FORMAT_VERSION = 1;
export const SEGMENT_HEADER_SIZE = 24;
export const BATCH_HEADER_SIZE = 20;

const MAGIC = 0x4a32_5653;
const TWO_32 = 0x1_0000_0000;
const SEGMENT_NAME = /^(\d{10})\.journal$/;

export interface SegmentHeader {
  /** Position of the first record in the segment. */
  readonly firstPosition: number;
  /** Epoch of the run that began the segment. */
  readonly bootEpoch: number;
}

/** One batch found in a segment's bytes. */
export interface Batch {
  readonly firstPosition: number;
  readonly count: number;
  /** A view. */
  readonly payload: Uint8Array;
  /** Offset just behind the batch. */
  readonly end: number;
}

/** File name of a segment by its number, so that names sort as numbers do. */
export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(10, '0')}.journal`;
}

/** The number in a segment's file name; undefined for other files. */
export function segmentSequence(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, FORMAT_VERSION, true);
  setUint64(view, 8, header.firstPosition);
  view.setUint32(16, header.bootEpoch, true);
  view.setUint32(20, crc32(bytes.subarray(0, 20)), true);
  return bytes;
}

/**
 * Reads a segment's header; undefined when it is torn.
 *
 * @throws LedgerError 'ledger-version' when it is whole but of another format
 */
export function decodeSegmentHeader(bytes: Uint8Array, name: string): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_SIZE) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(20, true) !== crc32(bytes.subarray(0, 20))) return undefined;
  const format = view.getUint16(4, true);
  if (format !== FORMAT_VERSION) {
    throw new LedgerError('ledger-version', `${name} has format ${format}; this program knows ${FORMAT_VERSION}`, {
      name,
      format,
    });
  }
  return { firstPosition: getUint64(view, 8), bootEpoch: view.getUint32(16, true) };
}

/** Fills in the header of a batch whose payload is already behind it; `sealBatch` must follow. */
export function writeBatchHeader(view: DataView, payloadLength: number, count: number, firstPosition: number): void {
  view.setUint32(4, payloadLength, true);
  view.setUint32(8, count, true);
  setUint64(view, 12, firstPosition);
}

/** Puts the checksum at the front of a batch. */
export function sealBatch(batch: Uint8Array): void {
  viewOf(batch).setUint32(0, crc32(batch.subarray(4)), true);
}

/** Position of a batch's first record and how many there are. */
export function batchRange(batch: Uint8Array): { readonly firstPosition: number; readonly count: number } {
  const view = viewOf(batch);
  return { firstPosition: getUint64(view, 12), count: view.getUint32(8, true) };
}

/** The batch at `offset`, or undefined when there is no whole one whose checksum is right. */
export function batchAt(bytes: Uint8Array, offset: number): Batch | undefined {
  if (bytes.length - offset < BATCH_HEADER_SIZE) return undefined;
  const view = viewOf(bytes);
  const length = view.getUint32(offset + 4, true);
  const start = offset + BATCH_HEADER_SIZE;
  const end = start + length;
  if (length === 0 || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(offset, true)) return undefined;
  const count = view.getUint32(offset + 8, true);
  return { firstPosition: getUint64(view, offset + 12), count, payload: bytes.subarray(start, end), end };
}

/** Where the batch at `offset` ends by its own word, whether or not it is whole; beyond the end when it has none. */
export function declaredEnd(bytes: Uint8Array, offset: number): number {
  if (bytes.length - offset < BATCH_HEADER_SIZE) return bytes.length;
  return offset + BATCH_HEADER_SIZE + viewOf(bytes).getUint32(offset + 4, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_32, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_32), true);
}

function getUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * TWO_32;
}
