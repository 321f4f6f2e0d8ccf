import { encodeOutputs, sameBytes, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import { type CoinbaseFields, coinbaseFields } from './coinbase-fields.ts';
import type { CoinbaseSpace } from './coinbase-space.ts';
import type { HeldTemplate } from './node-template.ts';
import { ownBytes } from './own-bytes.ts';
import type { SharedTransaction } from './shared-transactions.ts';

/** A block to be mined, but for its parent and its coinbase's own outputs: what NewTemplate (§7.2) says. */
export interface TemplateContent {
  /** Of the block to be mined. */
  readonly height: number;
  readonly version: number;
  /** When the node gave it, or it was made here: unix milliseconds. */
  readonly receivedAtMs: number;
  readonly coinbase: CoinbaseFields;
  /** What the node was asked to keep free for the coinbase; undefined for a content that was made here. */
  readonly reserve: CoinbaseSpace | undefined;
  /** In block order, without the coinbase; undefined while only the node has them. */
  readonly transactions: readonly SharedTransaction[] | undefined;
  /** Of these transactions, in satoshis. */
  readonly fees: bigint;
  /** Subsidy and these fees, in satoshis. */
  readonly valueRemaining: bigint;
  /** Deepest first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
  /** Outputs that the coinbase must have, consensus-serialised, without a count in front (§7.2). */
  readonly outputs: Uint8Array;
  readonly outputsCount: number;
}

/** A block without transactions: valid on any parent of the right height. */
export function emptyContent(height: number, version: number, subsidy: bigint, receivedAtMs: number): TemplateContent {
  const outputs = [witnessCommitmentOutput([])];
  return {
    height,
    version,
    receivedAtMs,
    coinbase: coinbaseFields(height),
    reserve: undefined,
    transactions: [],
    fees: 0n,
    valueRemaining: subsidy,
    merklePath: [],
    outputs: encodeOutputs(outputs),
    outputsCount: outputs.length,
  };
}

/** The content of a held template, which is copied as it is given; its transactions may come later. */
export class HeldContent implements TemplateContent {
  readonly height: number;
  readonly version: number;
  readonly receivedAtMs: number;
  readonly coinbase: CoinbaseFields;
  readonly reserve: CoinbaseSpace;
  readonly fees: bigint;
  readonly valueRemaining: bigint;
  readonly merklePath: readonly Uint8Array[];
  readonly outputs: Uint8Array;
  readonly outputsCount: number;
  #transactions: readonly SharedTransaction[] | undefined;

  constructor({ height, version, receivedAtMs, coinbase, reserve, fees, coinbaseValue, merklePath }: HeldTemplate) {
    this.height = height;
    this.version = version;
    this.receivedAtMs = receivedAtMs;
    this.coinbase = {
      coinbaseTxVersion: coinbase.version,
      coinbasePrefix: ownBytes(coinbase.scriptSigPrefix),
      coinbaseTxInputSequence: coinbase.sequence,
      coinbaseTxLocktime: coinbase.lockTime,
    };
    this.reserve = reserve;
    this.fees = fees;
    this.valueRemaining = coinbaseValue;
    this.merklePath = merklePath.map(ownBytes);
    this.outputs = Uint8Array.from(coinbase.requiredOutputs.flatMap((output) => [...output]));
    this.outputsCount = coinbase.requiredOutputs.length;
    // An empty block has nothing to wait for.
    this.#transactions = merklePath.length === 0 ? [] : undefined;
  }

  get transactions(): readonly SharedTransaction[] | undefined {
    return this.#transactions;
  }

  /** Its transactions are here. */
  complete(transactions: readonly SharedTransaction[]): void {
    this.#transactions = transactions;
  }

  /** Whether these can be its transactions, as far as the merkle path shows at a glance: their number and the first. */
  fits(transactions: readonly SharedTransaction[]): boolean {
    const [first] = transactions;
    const [deepest] = this.merklePath;
    if (this.merklePath.length !== Math.ceil(Math.log2(transactions.length + 1))) return false;
    return first === undefined || deepest === undefined || sameBytes(first.txid, deepest);
  }
}

/** Whether two contents are of the same transactions in the same order: then their fees are the same too. */
export function sameChoice(a: TemplateContent, b: TemplateContent | undefined): boolean {
  if (b === undefined || a.merklePath.length !== b.merklePath.length || !sameBytes(a.outputs, b.outputs)) return false;
  return a.merklePath.every((hash, depth) => {
    const other = b.merklePath[depth];
    return other !== undefined && sameBytes(hash, other);
  });
}
