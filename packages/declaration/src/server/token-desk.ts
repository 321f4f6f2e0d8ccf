import { sha256 } from '@noble/hashes/sha2.js';
import { ProtocolError } from '@sv2kit/codec';
import type { DeclarationLimits } from '../limits.ts';
import type { JobMode } from '../mode.ts';
import { openToken, sealToken, TOKEN_ID_SIZE, type TokenClaims, userDigest } from '../token.ts';
import type { DeclarationViolation } from './codes.ts';
import { TokenBucket } from './token-bucket.ts';

/** Numbers tokens so that none has the id of another, of this run or an earlier one. */
export class TokenIds {
  readonly #preimage: Uint8Array;
  #count = 0n;

  /** @param seed random bytes of this run */
  constructor(seed: Uint8Array) {
    this.#preimage = new Uint8Array(seed.length + 8);
    this.#preimage.set(seed);
  }

  next(): Uint8Array {
    this.#count += 1n;
    const { buffer, length } = this.#preimage;
    new DataView(buffer).setBigUint64(length - 8, this.#count, true);
    return sha256(this.#preimage).slice(0, TOKEN_ID_SIZE);
  }
}

/** A token on its way. */
export interface Allocation {
  readonly requestId: number;
  readonly token: Uint8Array;
  /** Whether it had to wait for its turn. */
  readonly delayed: boolean;
}

/** A token that a job is declared with. */
export interface Redeemed {
  readonly claims: TokenClaims;
  readonly userIdentity: Uint8Array;
}

interface Request {
  readonly userIdentity: Uint8Array;
  readonly requestId: number;
}

/** The tokens of one connection (§6.4.2): given at a slow rate, each good for one declaration on this connection. */
export class TokenDesk {
  readonly #key: Uint8Array;
  readonly #mode: JobMode;
  readonly #ids: TokenIds;
  readonly #limits: DeclarationLimits;
  readonly #bucket: TokenBucket;
  readonly #waiting: Request[] = [];
  /** For whom, by id. */
  readonly #live = new Map<string, Uint8Array>();

  constructor(key: Uint8Array, mode: JobMode, ids: TokenIds, limits: DeclarationLimits, nowMs: number) {
    this.#key = key;
    this.#mode = mode;
    this.#ids = ids;
    this.#limits = limits;
    this.#bucket = new TokenBucket(limits.tokensBurst, limits.tokensPerMinute, nowMs);
  }

  /** Tokens that no job was declared with yet. */
  get live(): number {
    return this.#live.size;
  }

  /**
   * @returns undefined while the token waits for its turn
   * @throws ProtocolError `too-many-token-requests`
   */
  allocate(userIdentity: Uint8Array, requestId: number, nowMs: number): Allocation | undefined {
    if (this.#waiting.length === 0 && this.#bucket.take(nowMs)) {
      return this.#give({ userIdentity: userIdentity.slice(), requestId }, false, nowMs);
    }
    if (this.#waiting.length >= this.#limits.waitingTokenRequests) {
      throw new ProtocolError('too-many-token-requests' satisfies DeclarationViolation);
    }
    this.#waiting.push({ userIdentity: userIdentity.slice(), requestId });
    return undefined;
  }

  /** The tokens whose turn has come. */
  *due(nowMs: number): Generator<Allocation> {
    for (let [next] = this.#waiting; next !== undefined && this.#bucket.take(nowMs); [next] = this.#waiting) {
      this.#waiting.shift();
      yield this.#give(next, true, nowMs);
    }
  }

  /** live -> used. Undefined for a token that is not good, or not good any more. */
  redeem(token: Uint8Array, nowMs: number): Redeemed | undefined {
    const claims = openToken(this.#key, token);
    if (claims === undefined || claims.commitment !== undefined) return undefined;
    const name = nameOf(claims.id);
    const userIdentity = this.#live.get(name);
    this.#live.delete(name);
    if (userIdentity === undefined || claims.expires <= nowMs / 1000) return undefined;
    return { claims, userIdentity };
  }

  #give({ userIdentity, requestId }: Request, delayed: boolean, nowMs: number): Allocation {
    const id = this.#ids.next();
    const expires = Math.floor(nowMs / 1000) + this.#limits.allocatedTokenSeconds;
    const user = userDigest(userIdentity);
    const token = sealToken(this.#key, { id, mode: this.#mode, user, expires, commitment: undefined });
    if (this.#mode === 'full-template') this.#keep(nameOf(id), userIdentity);
    return { requestId, token, delayed };
  }

  #keep(name: string, userIdentity: Uint8Array): void {
    this.#live.set(name, userIdentity);
    const [oldest] = this.#live.keys();
    if (this.#live.size > this.#limits.liveTokens && oldest !== undefined) this.#live.delete(oldest);
  }
}

function nameOf(id: Uint8Array): string {
  return String.fromCharCode(...id);
}
