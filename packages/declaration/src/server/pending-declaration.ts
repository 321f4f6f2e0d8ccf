import { sameBytes } from '@sv2kit/bitcoin';
import type { DeclareMiningJob } from '@sv2kit/codec';
import type { DeclarationLimits } from '../limits.ts';
import type { DeclaredCoinbase } from './declared-coinbase.ts';
import type { CheckRequest } from './effects.ts';
import type { Redeemed } from './token-desk.ts';

/** Where a declaration stands. */
export type Stage =
  /** For a tip that the node has not reached, or for the node. `tipHash`: what it was to be checked on before, if it was. */
  | {
      readonly phase: 'held';
      readonly untilMs: number;
      /** When the node is to be asked again. */
      readonly retryAtMs: number;
      readonly tipHash: Uint8Array | undefined;
    }
  /** `tipHash`: what it is checked on. */
  | { readonly phase: 'checking'; readonly check: number; readonly tipHash: Uint8Array }
  /** For transactions. */
  | {
      readonly phase: 'asking';
      readonly positions: readonly number[];
      readonly untilMs: number;
      readonly tipHash: Uint8Array;
    };

/** One DeclareMiningJob that is not answered yet: held -> checking -> asking -> checking; held while the node is away. */
export class PendingDeclaration {
  readonly requestId: number;
  readonly version: number;
  readonly coinbase: DeclaredCoinbase;
  /** Satoshis to the pool. */
  readonly payout: bigint;
  readonly redeemed: Redeemed;
  readonly wtxids: Uint8Array;
  readonly startedAtMs: number;
  #provided: CheckRequest['provided'] = [];
  #providedBytes = 0;
  #asked = false;
  #stage: Stage;
  /** How long it waits for a node that went away while it was judged. */
  #troubledUntilMs: number | undefined;
  #trouble = '';

  /** @param holdMs how long it may be held */
  constructor(
    message: DeclareMiningJob,
    coinbase: DeclaredCoinbase,
    payout: bigint,
    redeemed: Redeemed,
    nowMs: number,
    holdMs: number,
  ) {
    this.requestId = message.requestId;
    this.version = message.version;
    this.coinbase = coinbase;
    this.payout = payout;
    this.redeemed = redeemed;
    this.wtxids = joined(message.wtxidList);
    this.startedAtMs = nowMs;
    const untilMs = nowMs + holdMs;
    this.#stage = { phase: 'held', untilMs, retryAtMs: untilMs, tipHash: undefined };
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Whether its client was asked for transactions: it is asked once. */
  get asked(): boolean {
    return this.#asked;
  }

  /** Why the node could not be asked when it was last tried. */
  get trouble(): string {
    return this.#trouble;
  }

  get provided(): number {
    return this.#provided.length;
  }

  get providedBytes(): number {
    return this.#providedBytes;
  }

  get transactions(): number {
    return this.wtxids.length / 32;
  }

  /** Whether the tip that it was or is checked on is another than this one. */
  isOnOther(tipHash: Uint8Array): boolean {
    return this.#stage.tipHash !== undefined && !sameBytes(this.#stage.tipHash, tipHash);
  }

  /** held | asking -> checking */
  check(check: number, tipHash: Uint8Array): CheckRequest {
    if (this.#stage.phase === 'checking') throw new Error('a declaration is checked once at a time');
    this.#stage = { phase: 'checking', check, tipHash };
    const { segwitPrefix, segwitSuffix, extranonceSize } = this.coinbase.parts;
    const coinbase = new Uint8Array(segwitPrefix.length + extranonceSize + segwitSuffix.length);
    coinbase.set(segwitPrefix);
    coinbase.set(segwitSuffix, segwitPrefix.length + extranonceSize);
    return { version: this.version, coinbase, wtxids: this.wtxids, provided: this.#provided };
  }

  /**
   * checking | asking -> held: the node cannot be asked.
   *
   * @param trouble why, for the operator
   * @returns false when that has lasted for `holdMs` already
   */
  hold(trouble: string, nowMs: number, { holdMs, retryMs }: Pick<DeclarationLimits, 'holdMs' | 'retryMs'>): boolean {
    if (this.#stage.phase === 'held') throw new Error('a declaration is held once at a time');
    this.#trouble = trouble;
    this.#troubledUntilMs ??= nowMs + holdMs;
    if (nowMs >= this.#troubledUntilMs) return false;
    const { tipHash } = this.#stage;
    this.#stage = { phase: 'held', untilMs: this.#troubledUntilMs, retryAtMs: nowMs + retryMs, tipHash };
    return true;
  }

  /** checking -> asking */
  ask(positions: readonly number[], untilMs: number): void {
    if (this.#stage.phase !== 'checking' || this.#asked) throw new Error(`asks while ${this.#stage.phase}`);
    this.#asked = true;
    this.#stage = { phase: 'asking', positions, untilMs, tipHash: this.#stage.tipHash };
  }

  /** Takes what was asked for; the bytes are copied. */
  take(transactions: readonly Uint8Array[], bytes: number): void {
    if (this.#stage.phase !== 'asking') throw new Error(`takes transactions while ${this.#stage.phase}`);
    const copy = new Uint8Array(bytes);
    let end = 0;
    this.#provided = this.#stage.positions.map((position, at) => {
      const transaction = transactions[at] ?? new Uint8Array(0);
      const start = end;
      copy.set(transaction, start);
      end += transaction.length;
      return { position, transaction: copy.subarray(start, end) };
    });
    this.#providedBytes = bytes;
  }
}

function joined(wtxids: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(wtxids.length * 32);
  wtxids.forEach((wtxid, at) => {
    bytes.set(wtxid, at * 32);
  });
  return bytes;
}
