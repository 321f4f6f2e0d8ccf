import {
  addressFromScript,
  displayHash,
  encodeCountedOutputs,
  encodeHeader,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import {
  encodeSplit,
  outputLimits,
  type PayoutMode,
  scaleWeights,
  Split,
  type Weight,
  windowWork,
} from '@sv2kit/payout';
import { JournalWork } from '../../src/payouts/journal-work.ts';
import type { BlockStatus, JournalEntry, JournalRecord } from '../../src/index.ts';

export const CHAIN = 'regtest';
/** Difficulty 4.66e-10. */
export const REGTEST_NBITS = 0x207fffff;
export const REGTEST_DIFFICULTY = 4.656542373906925e-10;
export const COMMITMENT = witnessCommitmentOutput([]);

export const p2wpkh = (n: number): Uint8Array => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(n));
export const addressOf = (script: Uint8Array): string => addressFromScript(script, CHAIN) ?? '';
export const POOL_SCRIPT = p2wpkh(0xee);
export const [ALICE, BOB, CAROL] = [1, 2, 3].map((n) => addressOf(p2wpkh(n))) as [string, string, string];

const encoder = new TextEncoder();
const START_MS = 1_800_000_000_000;

export interface Terms {
  readonly mode: PayoutMode;
  readonly feePpm?: number;
  readonly window?: number;
  readonly confirmations?: number;
}

/** A journal as it comes about, record by record. */
export class Story {
  readonly entries: JournalEntry[] = [];
  timeMs = START_MS;
  terms: Required<Terms> = { mode: 'pool', feePpm: 0, window: 2, confirmations: 6 };
  /** What jobs carry. */
  split: Split | undefined;
  readonly #work = new JournalWork();
  #channelKey = 0;
  #sequence = 0;
  #epoch = 0;
  #splitId = 0;

  constructor() {
    this.start();
  }

  get position(): number {
    return this.entries.length;
  }

  add(record: JournalRecord): number {
    const entry = { position: this.entries.length + 1, record };
    this.entries.push(entry);
    this.#work.take(entry);
    return entry.position;
  }

  start(): void {
    this.#epoch += 1;
    this.#channelKey = 0;
    this.split = undefined;
    this.add({ type: 'Start', timeMs: this.timeMs, bootEpoch: this.#epoch });
  }

  pay(terms: Terms): void {
    this.terms = { feePpm: 0, window: 2, confirmations: 6, ...terms };
    this.split = undefined;
    const { timeMs } = this;
    this.add({ type: 'PayoutTerms', timeMs, ...this.terms, poolScript: POOL_SCRIPT, chain: CHAIN });
  }

  /** @returns its key */
  open(identity: string): number {
    this.#channelKey += 1;
    const { timeMs } = this;
    this.add({
      type: 'ChannelOpened',
      timeMs,
      channelKey: this.#channelKey,
      connection: 1,
      channelId: this.#channelKey,
      kind: 'extended',
      userIdentity: encoder.encode(identity),
      extranoncePrefix: new Uint8Array(8),
      remote: '192.0.2.1:50000',
      device: 'Maker X1',
    });
    return this.#channelKey;
  }

  share(channelKey: number, difficulty = REGTEST_DIFFICULTY): void {
    this.#sequence += 1;
    this.add({
      type: 'ShareAccepted',
      timeMs: this.timeMs,
      channelKey,
      sequenceNumber: this.#sequence,
      jobId: 1,
      difficulty,
      nonce: 0,
      ntime: 0,
      version: 0,
      extranonce: new Uint8Array(),
      hash: this.#hash(),
      userIdentity: undefined,
      isBlock: false,
    });
  }

  /** The pool looks up who shares now, and records by what coinbases pay from here on. */
  renewSplit(limits: { readonly leastOutput?: bigint; readonly mostOutputs?: number } = {}): void {
    const { weights } = this.#work.window(windowWork(this.terms.window, REGTEST_DIFFICULTY), CHAIN);
    this.carry(weights, this.position, limits);
  }

  /** Coinbases pay by these weights, said to be the window's at a position. */
  carry(
    exact: readonly Weight[],
    position: number,
    { leastOutput = 1000n, mostOutputs = 10 }: { readonly leastOutput?: bigint; readonly mostOutputs?: number } = {},
  ): void {
    if (exact.length === 0) return;
    const limits = outputLimits(POOL_SCRIPT, { leastOutput, mostOutputs });
    const weights = scaleWeights(exact);
    this.#splitId += 1;
    const entries = encodeSplit({ limits, networkDifficulty: REGTEST_DIFFICULTY, weights }, CHAIN);
    const { timeMs } = this;
    this.add({ type: 'PayoutSplit', timeMs, splitId: this.#splitId, position, value: 0n, entries });
    this.split = this.splitOf(weights, { leastOutput, mostOutputs });
  }

  splitOf(weights: readonly Weight[], limits: { readonly leastOutput: bigint; readonly mostOutputs: number }): Split {
    const terms = { ...this.terms, poolScript: POOL_SCRIPT, chain: CHAIN } as const;
    return new Split({ terms, limits: outputLimits(POOL_SCRIPT, limits), weights });
  }

  /** @returns the block's hash as people write it */
  block(
    channelKey: number,
    outputs: readonly TxOut[],
    { path = 'pool-template', identity = '' }: { readonly path?: string; readonly identity?: string } = {},
  ): string {
    const hash = this.#hash();
    this.add({
      type: 'BlockFound',
      timeMs: this.timeMs,
      channelKey,
      height: this.position,
      hash,
      header: headerOf(REGTEST_NBITS),
      coinbase: coinbaseOf([...outputs, COMMITMENT]),
      via: 'sv2-extended',
      path,
      userIdentity: encoder.encode(identity),
    });
    this.share(channelKey);
    return displayHash(hash);
  }

  status(block: string, status: BlockStatus['status'], reason = ''): void {
    const hash = Uint8Array.from(Buffer.from(block, 'hex')).reverse();
    this.add({ type: 'BlockStatus', timeMs: this.timeMs, hash, status, by: 'node', reason });
  }

  #hash(): Uint8Array {
    const hash = new Uint8Array(32).fill(0xff, 0, 24);
    new DataView(hash.buffer).setUint32(8, this.position + 1, true);
    return hash;
  }
}

export const toPool = (value: bigint): TxOut[] => [{ value, script: POOL_SCRIPT }];

export function coinbaseOf(outputs: readonly TxOut[]): Uint8Array {
  return Uint8Array.of(
    ...[1, 0, 0, 0, 1],
    ...new Uint8Array(32),
    ...[0xff, 0xff, 0xff, 0xff, 2, 0x51, 0x00, 0xff, 0xff, 0xff, 0xff],
    ...encodeCountedOutputs(outputs),
    ...[0, 0, 0, 0],
  );
}

function headerOf(nbits: number): Uint8Array {
  const zero = new Uint8Array(32);
  return encodeHeader({ version: 0x20000000, prevHash: zero, merkleRoot: zero, ntime: 0, nbits, nonce: 0 });
}
