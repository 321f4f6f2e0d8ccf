import { sameBytes } from '@sv2kit/bitcoin';
import type { AllocateMiningJobTokenSuccess } from '@sv2kit/codec';

/** A token that was allocated and not yet used. */
export interface Token {
  readonly token: Uint8Array;
  /** The allocated outputs as they came (counted); the same array for tokens that came with the same ones. */
  readonly outputs: Uint8Array;
  /** Unix milliseconds. */
  readonly receivedMs: number;
}

export interface TokenPolicy {
  /** Tokens in hand or asked for. */
  readonly wanted: number;
  /** Older tokens are not used: the server may have forgotten them. Milliseconds. */
  readonly maxAgeMs: number;
  /** How long an answer may take while there is no token in hand. Milliseconds. */
  readonly answerMs: number;
}

export const TOKEN_POLICY: TokenPolicy = { wanted: 3, maxAgeMs: 300_000, answerMs: 10_000 };

export type TokenReceipt =
  /** `changed`: the outputs differ from the last ones; older tokens are discarded, for jobs must pay the new ones. */
  | { readonly kind: 'added'; readonly changed: boolean; readonly outputs: Uint8Array }
  /** Nobody asked for it. */
  | { readonly kind: 'unasked' };

/** The tokens of one connection to a job declarator server (§6.4.2, §6.4.3). Oldest first. */
export class TokenStock {
  readonly #policy: TokenPolicy;
  /** When each unanswered request went out, by request id; oldest first. */
  readonly #asked = new Map<number, number>();
  #tokens: Token[] = [];
  #outputs: Uint8Array | undefined;
  #requestId = 0;
  #discarded = 0;

  constructor(policy: TokenPolicy = TOKEN_POLICY) {
    this.#policy = policy;
  }

  /** The outputs that the server allocates now; undefined before its first token. */
  get outputs(): Uint8Array | undefined {
    return this.#outputs;
  }

  /** Tokens that were never used: too old, or for outputs that have changed since. */
  get discarded(): number {
    return this.#discarded;
  }

  /** Tokens that can be used. */
  held(nowMs: number): number {
    this.#expire(nowMs);
    return this.#tokens.length;
  }

  /** @returns ids of the requests to send now */
  refill(nowMs: number): number[] {
    this.#expire(nowMs);
    const requestIds: number[] = [];
    while (this.#tokens.length + this.#asked.size < this.#policy.wanted) {
      this.#requestId = (this.#requestId + 1) >>> 0;
      this.#asked.set(this.#requestId, nowMs);
      requestIds.push(this.#requestId);
    }
    return requestIds;
  }

  /** AllocateMiningJobToken.Success; its bytes are copied. */
  receive(
    { requestId, miningJobToken, coinbaseTxOutputs }: AllocateMiningJobTokenSuccess,
    nowMs: number,
  ): TokenReceipt {
    if (!this.#asked.delete(requestId)) return { kind: 'unasked' };
    const last = this.#outputs;
    const changed = last === undefined || !sameBytes(last, coinbaseTxOutputs);
    const outputs = changed ? new Uint8Array(coinbaseTxOutputs) : last;
    if (changed) {
      this.#discarded += this.#tokens.length;
      this.#tokens = [];
      this.#outputs = outputs;
    }
    this.#tokens.push({ token: new Uint8Array(miningJobToken), outputs, receivedMs: nowMs });
    return { kind: 'added', changed, outputs };
  }

  /** The oldest token that can be used. */
  take(nowMs: number): Token | undefined {
    this.#expire(nowMs);
    return this.#tokens.shift();
  }

  /** Whether the server owes a token for too long; not while there is one in hand. */
  overdue(nowMs: number): boolean {
    if (this.held(nowMs) > 0) return false;
    const [oldest] = this.#asked.values();
    return oldest !== undefined && nowMs - oldest > this.#policy.answerMs;
  }

  #expire(nowMs: number): void {
    const fresh = this.#tokens.filter(({ receivedMs }) => nowMs - receivedMs <= this.#policy.maxAgeMs);
    this.#discarded += this.#tokens.length - fresh.length;
    this.#tokens = fresh;
  }
}
