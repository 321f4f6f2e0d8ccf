import { type BlockHeader, blockSubsidy, decodeHeader, heightOf, sameBytes, targetFromNbits } from '@sv2kit/bitcoin';
import type { BlockTransaction, CoinbaseReserve, HeldSolution, HeldTemplate, SubmitResult } from '../node.ts';
import type { BlockReader } from './block-reader.ts';
import type { CoinbaseTx } from './client/coinbase-tx.ts';
import type { Lane } from './client/lane.ts';
import type { TemplateHandle } from './client/template-handle.ts';
import type { IpcSession } from './ipc-session.ts';
import { submitSolution } from './solution.ts';

/** What a node says of a template at once: all but its transactions. */
export interface TemplateReading {
  readonly header: BlockHeader;
  readonly height: number;
  readonly coinbase: CoinbaseTx;
  readonly merklePath: readonly Uint8Array[];
}

/**
 * Asks for all of it in one go.
 *
 * @throws IpcError
 */
export async function readTemplate(handle: TemplateHandle, lane: Lane): Promise<TemplateReading> {
  const [bytes, coinbase, merklePath] = await Promise.all([
    handle.header(lane),
    handle.coinbaseTx(lane),
    handle.merklePath(lane),
  ]);
  return { header: decodeHeader(bytes), height: heightOf(coinbase.scriptSigPrefix), coinbase, merklePath };
}

/** Whether both build on the same block, at the same difficulty. */
export function isSameTip(a: TemplateReading, b: TemplateReading): boolean {
  return a.header.nbits === b.header.nbits && sameBytes(a.header.prevHash, b.header.prevHash);
}

/** Whether a miner would mine the same. */
export function isSameWork(a: TemplateReading, b: TemplateReading): boolean {
  return (
    isSameTip(a, b) &&
    a.header.version === b.header.version &&
    sameLists(a.merklePath, b.merklePath) &&
    sameLists(a.coinbase.requiredOutputs, b.coinbase.requiredOutputs)
  );
}

export interface HeldTemplateParts {
  readonly session: IpcSession;
  readonly handle: TemplateHandle;
  readonly reading: TemplateReading;
  readonly reserve: CoinbaseReserve;
  readonly mintime: number;
  readonly bestBlockChanged: boolean;
  readonly receivedAtMs: number;
  readonly blocks: BlockReader;
  isBest(hash: Uint8Array): Promise<boolean>;
}

/** A template at the node, for as long as its reader or its stream needs it. */
export class NodeHeldTemplate implements HeldTemplate {
  readonly kind = 'held';
  readonly height: number;
  readonly prevHash: Uint8Array;
  readonly version: number;
  readonly nbits: number;
  readonly target: Uint8Array;
  readonly curtime: number;
  readonly mintime: number;
  readonly coinbaseValue: bigint;
  readonly fees: bigint;
  readonly bestBlockChanged: boolean;
  readonly receivedAtMs: number;
  readonly reserve: CoinbaseReserve;
  readonly merklePath: readonly Uint8Array[];
  readonly coinbase: HeldTemplate['coinbase'];
  readonly #parts: HeldTemplateParts;
  #transactions: Promise<readonly BlockTransaction[]> | undefined;
  #isWatched = true;
  #isWanted = true;
  /** Solutions on their way: the node is asked about them afterwards. */
  #solutions = 0;

  constructor(parts: HeldTemplateParts) {
    const { header, height, coinbase, merklePath } = parts.reading;
    this.#parts = parts;
    this.height = height;
    this.prevHash = header.prevHash;
    this.version = header.version;
    this.nbits = header.nbits;
    this.target = targetFromNbits(header.nbits);
    this.curtime = header.ntime;
    this.mintime = parts.mintime;
    this.coinbaseValue = coinbase.blockRewardRemaining;
    this.fees = coinbase.blockRewardRemaining - blockSubsidy(height, parts.session.network ?? 'signet');
    this.bestBlockChanged = parts.bestBlockChanged;
    this.receivedAtMs = parts.receivedAtMs;
    this.reserve = parts.reserve;
    this.merklePath = merklePath;
    this.coinbase = coinbase;
  }

  /** Whether its reader has not released it. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  get isGone(): boolean {
    return this.#parts.session.over.aborted;
  }

  transactions(): Promise<readonly BlockTransaction[]> {
    const { session, handle, blocks } = this.#parts;
    // Megabytes, and whoever asked has them: not kept.
    this.#transactions ??= blocks.read(session, handle).finally(() => {
      this.#transactions = undefined;
    });
    return this.#transactions;
  }

  transactionFees(): Promise<readonly bigint[]> {
    const { session, handle } = this.#parts;
    return handle.fees(session.lanes.ask);
  }

  async submitSolution(solution: HeldSolution): Promise<SubmitResult> {
    const { session, handle, isBest } = this.#parts;
    this.#solutions += 1;
    try {
      return await submitSolution({ session, handle, template: this, isBest }, solution);
    } finally {
      this.#solutions -= 1;
      this.#let();
    }
  }

  release(): void {
    this.#isWanted = false;
    this.#let();
  }

  /** Its stream has gone on to another. */
  passed(): void {
    this.#isWatched = false;
    this.#let();
  }

  #let(): void {
    if (!this.#isWatched && !this.#isWanted && this.#solutions === 0) this.#parts.handle.release();
  }
}

function sameLists(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, index) => sameBytes(bytes, b[index] ?? EMPTY));
}

const EMPTY = new Uint8Array(0);
