import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecords, recordSize, writeRecord } from '../src/records/encode.ts';
import type { JournalRecord } from '../src/records/records.ts';
import { RecordError, Sink } from '../src/records/sink.ts';
import { anyRecord, share } from './builders.ts';

function encode(...records: readonly JournalRecord[]): Uint8Array {
  const size = records.reduce((sum, record) => sum + recordSize(record), 0);
  const sink = new Sink(new ArrayBuffer(size), 0);
  for (const record of records) writeRecord(sink, record);
  expect(sink.offset).toBe(size);
  return sink.bytes;
}

/** Lone surrogates become U+FFFD in UTF-8, as in every protocol string. */
const wellFormed = (record: JournalRecord): JournalRecord =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? value.toWellFormed() : value]),
  ) as unknown as JournalRecord;

describe('records', () => {
  test('read back as they were written, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(anyRecord), (records) => {
        expect([...readRecords(encode(...records))]).toEqual(records.map(wellFormed));
      }),
    );
  });

  test('keep their layout: a share and a start, byte for byte', () => {
    const start: JournalRecord = { type: 'Start', timeMs: 0x0102_0304_0506, bootEpoch: 9 };
    expect(Buffer.from(encode(start)).toString('hex')).toBe('01010a00000006050403020109000000');
    expect(Buffer.from(encode(share(1))).toString('hex')).toBe(
      '04014e00000001505c18a3010700000001000000030000000000000000029040' +
        `efbeadde00d2496b0000002004000102030401${'01'.repeat(31)}0000`,
    );
  });

  test('keep the layout of a job that a client brought', () => {
    const job: JournalRecord = {
      type: 'CustomJobAccepted',
      timeMs: 1,
      channelKey: 2,
      jobId: 3,
      mode: 'coinbase-only',
      tokenId: Uint8Array.of(4, 5),
      prevHash: new Uint8Array(32).fill(6),
      height: 7,
      difficulty: 1024.5,
      credit: 0.75,
      payout: 3n,
      value: undefined,
    };
    expect(Buffer.from(encode(job)).toString('hex')).toBe(
      '080151000000' +
        `01000000000002000000030000000102000405${'06'.repeat(32)}07000000` +
        '0000000000029040000000000000e83f01030000000000000000',
    );
    expect([...readRecords(encode(job))]).toEqual([job]);
  });

  test.each<{ readonly record: JournalRecord; readonly hex: string }>([
    {
      record: {
        type: 'PayoutTerms',
        timeMs: 1,
        mode: 'pplns',
        feePpm: 15_000,
        window: 2,
        confirmations: 100,
        poolScript: Uint8Array.of(0x51),
        chain: 'main',
      },
      hex: '09012000000001000000000002983a000000000000000000406400000001005104006d61696e',
    },
    {
      record: { type: 'PayoutSplit', timeMs: 1, splitId: 2, position: 3, value: 4n, entries: Uint8Array.of(5) },
      hex: '0a011f00000001000000000002000000030000000000000004000000000000000100000005',
    },
    {
      record: { type: 'PayoutPaid', timeMs: 1, account: 'a', amount: 2n, txid: new Uint8Array(32).fill(3), note: '' },
      hex: `0b01330000000100000000000100610200000000000000${'03'.repeat(32)}0000`,
    },
  ])('keep the layout of $record.type', ({ record, hex }) => {
    expect(Buffer.from(encode(record)).toString('hex')).toBe(hex);
    expect([...readRecords(encode(record))]).toEqual([record]);
  });

  test('keep a byte order mark: another account is paid with it than without', () => {
    const record = { type: 'PayoutPaid', timeMs: 1, amount: 2n, txid: new Uint8Array(32), note: '\ufeff' } as const;
    const paid = { ...record, account: '\ufeffalice' };
    expect([...readRecords(encode(paid))]).toEqual([paid]);
  });

  test('of an unknown kind or version are handed on as they are', () => {
    const bytes = Uint8Array.of(200, 1, 2, 0, 0, 0, 7, 8, 3, 9, 0, 0, 0, 0);
    expect([...readRecords(bytes)]).toEqual([
      { type: 'Unknown', code: 200, version: 1, body: Uint8Array.of(7, 8) },
      { type: 'Unknown', code: 3, version: 9, body: new Uint8Array() },
    ]);
  });

  test('that break off are refused, wherever they break off', () => {
    const bytes = encode(share(1));
    for (let length = 1; length < bytes.length; length++) {
      expect(() => [...readRecords(bytes.subarray(0, length))]).toThrow(RecordError);
    }
  });

  test('that break their declaration are refused before anything is counted', () => {
    expect(() => encode({ ...share(1), hash: new Uint8Array(31) } as JournalRecord)).toThrow(TypeError);
  });
});
