import fc from 'fast-check';
import type { JournalEntry, JournalRecord, UnknownRecord } from '../../src/index.ts';

/** A minute's edge, with some time on either side. */
export const T0 = 1_800_000_000_000;
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const type = <const T extends string>(name: T) => fc.constant(name);

/** Mostly close together, seldom far off: clocks jump. */
const timeMs = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: T0 - 90_000, max: T0 + 200_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 48 - 1, T0 - 86_400_000, T0 + 86_400_000) },
);
const channelKey = fc.nat({ max: 3 });
/** Names that are no text, or that a database may not like. */
const identity = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('bc1qa', 'bc1qa.rig', 'Ünicode', 'a\\b').map((name) => Buffer.from(name)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom([0], [0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]).map((b) => Uint8Array.from(b)),
  },
  { weight: 1, arbitrary: fc.constantFrom(0x61, 0xff, 0).map((byte) => new Uint8Array(70_000 % 65_536).fill(byte)) },
);
const text = fc.oneof(
  fc.constantFrom('', 'a\0b', '\ud800', '{"x"}', '\\'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const difficulty = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(1, 1024.5, 0.000_1, 65_536, 0) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1e60, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300, 9.8e53, 5e-324) },
);
const hash = fc.oneof(
  fc.constantFrom(0, 1, 2).map((byte) => new Uint8Array(32).fill(byte)),
  fixed(32).map((bytes) => bytes.fill(0, 26)),
);
const blockHash = fc.constantFrom(0, 1, 2).map((byte) => new Uint8Array(32).fill(byte));
const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const submitted = {
  sequenceNumber: u32,
  jobId: u32,
  nonce: u32,
  ntime: u32,
  version: u32,
  extranonce: fc.uint8Array({ maxLength: 4 }),
  userIdentity: maybe(identity),
};
const header = { timeMs, channelKey };

const accepted: fc.Arbitrary<JournalRecord> = fc.record({
  type: type('ShareAccepted'),
  ...header,
  ...submitted,
  difficulty,
  hash,
  isBlock: fc.boolean(),
});
const rejected: fc.Arbitrary<JournalRecord> = fc.record({
  type: type('ShareRejected'),
  ...header,
  ...submitted,
  code: fc.oneof(fc.constantFrom('stale-share', 'duplicate-share'), text),
});
const opened: fc.Arbitrary<JournalRecord> = fc.record({
  type: type('ChannelOpened'),
  ...header,
  connection: fc.nat({ max: 2 }),
  channelId: u32,
  kind: fc.constantFrom('standard' as const, 'extended' as const),
  userIdentity: identity,
  extranoncePrefix: fc.uint8Array({ maxLength: 8 }),
  remote: text,
  device: text,
});
const seldom: fc.Arbitrary<JournalRecord | UnknownRecord> = fc.oneof(
  fc.record({ type: type('Start'), timeMs, bootEpoch: u32 }),
  fc.record({ type: type('ChannelClosed'), ...header, reason: text }),
  fc.record({
    type: type('BlockFound'),
    ...header,
    height: maybe(u32),
    hash: blockHash,
    header: fixed(80),
    coinbase: fc.uint8Array({ maxLength: 40 }),
    via: text,
    path: text,
    userIdentity: identity,
  }),
  fc.record({
    type: type('BlockStatus'),
    timeMs,
    hash: blockHash,
    status: fc.constantFrom('submitted', 'accepted', 'confirmed', 'orphaned', 'rejected', 'matured'),
    by: text,
    reason: text,
  }),
  fc.record({
    type: type('CustomJobAccepted'),
    ...header,
    jobId: u32,
    mode: fc.constantFrom('full-template', 'coinbase-only'),
    tokenId: fixed(16),
    prevHash: fixed(32),
    height: u32,
    difficulty,
    credit: fc.constantFrom(1, 0.5, 0.1, 2, Number.NaN),
    payout: maybe(u64),
    value: maybe(u64),
  }),
  fc.record({
    type: type('Unknown'),
    code: fc.integer({ min: 100, max: 255 }),
    version: fc.constant(1),
    body: fixed(3),
  }),
);

/** A journal as no pool would write it: what may ever be in one is. */
export const anyJournal: fc.Arbitrary<JournalEntry[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: accepted },
      { weight: 2, arbitrary: rejected },
      { weight: 2, arbitrary: opened },
      { weight: 3, arbitrary: seldom },
    ),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
  .map((records) => records.map((record, index) => ({ position: index + 1, record })));

/** Sizes of batches, to be gone through in turns. */
export const anyBatches = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
