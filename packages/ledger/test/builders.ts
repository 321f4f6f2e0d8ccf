import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Clock, type JournalEntry, type JournalRecord, type Logger, readJournal } from '../src/index.ts';

export const silent: Logger = { info() {}, warn() {}, error() {} };

/** A logger that remembers its lines. */
export function listening(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  return { log: { info: say, warn: say, error: say }, lines };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'sv2kit-ledger-'));
}

/** A clock that stands still; `advance` runs what is due. */
export class StillClock implements Clock {
  #nowMs = 1_800_000_000_000;
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Disposable {
    const timer = { dueMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.dueMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.run();
    }
  }
}

/** Lets what waits in the event loop run. */
export async function turns(count = 4): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

export async function readAll(directory: string, from?: number, to?: number): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of readJournal(directory, from, to)) entries.push(entry);
  return entries;
}

export function share(sequenceNumber: number): JournalRecord {
  return {
    type: 'ShareAccepted',
    timeMs: 1_800_000_000_000 + sequenceNumber,
    channelKey: 7,
    sequenceNumber,
    jobId: 3,
    difficulty: 1024.5,
    nonce: 0xdead_beef,
    ntime: 1_800_000_000,
    version: 0x2000_0000,
    extranonce: Uint8Array.of(1, 2, 3, 4),
    hash: new Uint8Array(32).fill(sequenceNumber & 0xff),
    userIdentity: undefined,
    isBlock: false,
  };
}

const u32 = fc.nat({ max: 0xffff_ffff });
const timeMs = fc.nat({ max: 2 ** 48 - 1 });
const bytes = fc.uint8Array({ maxLength: 40 });
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const difficulty = fc.double({ min: 0, noNaN: true });
const text = fc.string({ unit: 'binary', maxLength: 20 });
const type = <const T extends string>(name: T) => fc.constant(name);
const header = { timeMs, channelKey: u32 };
const satoshis = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const submitted = { sequenceNumber: u32, jobId: u32, nonce: u32, ntime: u32, version: u32, extranonce: bytes };

/** Any record at all, except Start, which only the journal itself writes. */
export const anyRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({
    type: type('ChannelOpened'),
    ...header,
    connection: u32,
    channelId: u32,
    kind: fc.constantFrom('standard' as const, 'extended' as const),
    userIdentity: bytes,
    extranoncePrefix: bytes,
    remote: text,
    device: text,
  }),
  fc.record({ type: type('ChannelClosed'), ...header, reason: text }),
  fc.record({
    type: type('ShareAccepted'),
    ...header,
    ...submitted,
    difficulty,
    hash: fixed(32),
    userIdentity: maybe(bytes),
    isBlock: fc.boolean(),
  }),
  fc.record({ type: type('ShareRejected'), ...header, ...submitted, userIdentity: maybe(bytes), code: text }),
  fc.record({
    type: type('BlockFound'),
    ...header,
    height: maybe(u32),
    hash: fixed(32),
    header: fixed(80),
    coinbase: fc.uint8Array({ maxLength: 600 }),
    via: text,
    path: text,
    userIdentity: bytes,
  }),
  fc.record({
    type: type('CustomJobAccepted'),
    ...header,
    jobId: u32,
    mode: fc.constantFrom('full-template' as const, 'coinbase-only' as const),
    tokenId: fixed(16),
    prevHash: fixed(32),
    height: u32,
    difficulty,
    credit: fc.double({ min: 0, max: 1, noNaN: true }),
    payout: maybe(satoshis),
    value: maybe(satoshis),
  }),
  fc.record({
    type: type('BlockStatus'),
    timeMs,
    hash: fixed(32),
    status: fc.constantFrom('submitted', 'accepted', 'confirmed', 'orphaned', 'rejected', 'matured'),
    by: text,
    reason: text,
  }),
  fc.record({
    type: type('PayoutTerms'),
    timeMs,
    mode: fc.constantFrom('pool' as const, 'solo' as const, 'pplns' as const),
    feePpm: u32,
    window: fc.double({ min: 0, noNaN: true }),
    confirmations: u32,
    poolScript: bytes,
    chain: text,
  }),
  fc.record({
    type: type('PayoutSplit'),
    timeMs,
    splitId: u32,
    position: fc.maxSafeNat(),
    value: satoshis,
    entries: fc.uint8Array({ maxLength: 600 }),
  }),
  fc.record({ type: type('PayoutPaid'), timeMs, account: text, amount: satoshis, txid: fixed(32), note: text }),
);
