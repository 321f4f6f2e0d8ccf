import type { DeclareMiningJob } from '@sv2kit/codec';
import type { DeclarationLimits } from '../limits.ts';
import type { JobMode } from '../mode.ts';
import { judgeOutputs } from '../payout-rules.ts';
import type { DeclareErrorCode } from './codes.ts';
import { readDeclaredCoinbase } from './declared-coinbase.ts';
import { PendingDeclaration } from './pending-declaration.ts';
import type { Surroundings } from './surroundings.ts';
import { TokenBucket } from './token-bucket.ts';
import type { TokenDesk } from './token-desk.ts';

/** Why a declaration is refused before the node is asked. */
export interface Refusal {
  readonly code: DeclareErrorCode;
  /** For people; may be empty. */
  readonly detail: string;
}

/** Which declarations of one connection are worth the node's time. */
export class Admission {
  readonly #mode: JobMode;
  readonly #hall: Surroundings;
  readonly #tokens: TokenDesk;
  readonly #declarations: TokenBucket;
  readonly #flood: TokenBucket;

  /** @param tokens of the same connection */
  constructor(mode: JobMode, hall: Surroundings, tokens: TokenDesk, nowMs: number) {
    const { limits } = hall;
    this.#mode = mode;
    this.#hall = hall;
    this.#tokens = tokens;
    this.#declarations = new TokenBucket(limits.declarationsBurst, limits.declarationsPerMinute, nowMs);
    this.#flood = new TokenBucket(limits.floodBurst, limits.floodPerMinute, nowMs);
  }

  /**
   * Everything that can be judged without the node; cheap checks first.
   *
   * @param pending declarations of this connection that are being judged
   */
  admit(message: DeclareMiningJob, pending: number, nowMs: number): PendingDeclaration | Refusal {
    const { options, limits } = this.#hall;
    if (this.#mode === 'coinbase-only') return refusal('declare-not-negotiated');
    if (!this.#declarations.take(nowMs) || this.#isFull(pending)) return refusal('too-many-declarations');
    const redeemed = this.#tokens.redeem(message.miningJobToken, nowMs);
    if (redeemed === undefined) return refusal('invalid-mining-job-token');
    const { length } = message.wtxidList;
    if (length > limits.declaredTransactions) return refusal('too-many-transactions', tooMany(length, limits));
    const reading = readDeclaredCoinbase(message.coinbaseTxPrefix, message.coinbaseTxSuffix);
    if (reading.kind === 'refused') return reading;
    const { length: outputs } = reading.coinbase.countedOutputs;
    if (outputs > limits.declaredOutputsBytes) return refusal('invalid-coinbase-tx', tooLarge(outputs, limits));
    const paid = judgeOutputs(reading.coinbase.outputs, options);
    if (paid.kind === 'refused') return refusal(paid.code);
    return new PendingDeclaration(message, reading.coinbase, paid.payout, redeemed, nowMs, limits.holdMs);
  }

  /** A connection that has less than its share, or nothing, is never refused for what others have. */
  #isFull(pending: number): boolean {
    const { limits, load } = this.#hall;
    if (pending === 0) return false;
    if (pending >= limits.pendingPerConnection) return true;
    return load.pending >= limits.pendingInAll && pending >= this.#share(limits.pendingInAll);
  }

  /**
   * Whether there is room for what a client has provided.
   *
   * @param own bytes of what this connection has provided that are held already
   */
  hasRoom(own: number, bytes: number): boolean {
    const { limits, load } = this.#hall;
    const isRoomy = load.providedBytes + bytes <= limits.providedBytesInAll;
    return isRoomy || own + bytes <= this.#share(limits.providedBytesInAll);
  }

  /** What one connection may have of a bound over all of them, whatever the others have. */
  #share(inAll: number): number {
    return Math.floor(inAll / this.#hall.load.connections);
  }

  /** Whether one more message that is of no use, or one as large as `amount`, is borne; if not, the connection shall end. */
  endures(nowMs: number, amount = 1): boolean {
    return this.#flood.take(nowMs, amount);
  }
}

function refusal(code: DeclareErrorCode, detail = ''): Refusal {
  return { code, detail };
}

function tooMany(count: number, { declaredTransactions }: DeclarationLimits): string {
  return `${count} transactions are declared; a block has at most ${declaredTransactions}`;
}

function tooLarge(bytes: number, { declaredOutputsBytes }: DeclarationLimits): string {
  return `the coinbase's outputs have ${bytes} bytes; ${declaredOutputsBytes} are allowed`;
}
