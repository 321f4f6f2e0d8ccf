import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Commitment, COMMITMENT_SIZE, readCommitment, writeCommitment } from './commitment.ts';
import type { JobMode } from './mode.ts';

/** Bytes of a token's id. */
export const TOKEN_ID_SIZE = 16;
/** Bytes of the key that a job declarator server shares with its pool. */
export const TOKEN_KEY_SIZE = 32;

/** What a token says. */
export interface TokenClaims {
  /** 16 bytes, never given twice. */
  readonly id: Uint8Array;
  readonly mode: JobMode;
  /** 16 bytes: {@link userDigest} of whom it was given to. */
  readonly user: Uint8Array;
  /** Unix seconds; from then on it is worth nothing. */
  readonly expires: number;
  /** What was declared with it; absent in a token that was only allocated. */
  readonly commitment: Commitment | undefined;
}

/** First byte: format 1, and which kind. */
const HEADS = {
  'coinbase-only': { allocated: 0x10, declared: undefined },
  'full-template': { allocated: 0x11, declared: 0x12 },
} as const;
const MAC_SIZE = 32;
const USER_SIZE = 16;
const ID_AT = 1;
const USER_AT = ID_AT + TOKEN_ID_SIZE;
const EXPIRES_AT = USER_AT + USER_SIZE;
const COMMITMENT_AT = EXPIRES_AT + 4;
const ALLOCATED_SIZE = COMMITMENT_AT + MAC_SIZE;
const DECLARED_SIZE = COMMITMENT_AT + COMMITMENT_SIZE + MAC_SIZE;

/**
 * Writes a token: head, id, user, expiry (u32 LE), commitment, then HMAC-SHA256 of all of it.
 *
 * @param key 32 bytes
 * @returns at most 255 bytes, as B0_255 holds them (§6.4.3)
 */
export function sealToken(key: Uint8Array, claims: TokenClaims): Uint8Array {
  const { id, mode, user, expires, commitment } = claims;
  const head = commitment === undefined ? HEADS[mode].allocated : HEADS[mode].declared;
  if (head === undefined) throw new RangeError('nothing is declared in coinbase-only mode');
  const bytes = new Uint8Array(commitment === undefined ? ALLOCATED_SIZE : DECLARED_SIZE);
  bytes[0] = head;
  bytes.set(sized(id, TOKEN_ID_SIZE), ID_AT);
  bytes.set(sized(user, USER_SIZE), USER_AT);
  new DataView(bytes.buffer).setUint32(EXPIRES_AT, expires, true);
  if (commitment !== undefined) writeCommitment(commitment, bytes, COMMITMENT_AT);
  bytes.set(macOf(key, bytes), bytes.length - MAC_SIZE);
  return bytes;
}

/**
 * Reads a token.
 *
 * @returns undefined when it was not made with this key, or is malformed
 */
export function openToken(key: Uint8Array, token: Uint8Array): TokenClaims | undefined {
  const mode = modeOf(token[0]);
  const declared = token[0] === HEADS['full-template'].declared;
  if (mode === undefined || token.length !== (declared ? DECLARED_SIZE : ALLOCATED_SIZE)) return undefined;
  if (!sameMac(macOf(key, token), token.subarray(token.length - MAC_SIZE))) return undefined;
  return {
    id: token.slice(ID_AT, USER_AT),
    mode,
    user: token.slice(USER_AT, EXPIRES_AT),
    expires: new DataView(token.buffer, token.byteOffset, token.byteLength).getUint32(EXPIRES_AT, true),
    commitment: declared ? readCommitment(token, COMMITMENT_AT) : undefined,
  };
}

const DOT = 0x2e;

/**
 * Names whom a token is for: 16 bytes of SHA-256 over the identity up to its first dot, since `user.worker` and `user`
 * are paid alike.
 */
export function userDigest(identity: Uint8Array): Uint8Array {
  const dot = identity.indexOf(DOT);
  return sha256(dot === -1 ? identity : identity.subarray(0, dot)).slice(0, USER_SIZE);
}

function macOf(key: Uint8Array, token: Uint8Array): Uint8Array {
  return hmac(sha256, sized(key, TOKEN_KEY_SIZE), token.subarray(0, token.length - MAC_SIZE));
}

/** Takes as long wherever they differ. */
function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < MAC_SIZE; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

function modeOf(head: number | undefined): JobMode | undefined {
  if (head === HEADS['coinbase-only'].allocated) return 'coinbase-only';
  if (head === HEADS['full-template'].allocated || head === HEADS['full-template'].declared) return 'full-template';
  return undefined;
}

function sized(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length !== size) throw new RangeError(`${size} bytes are right, not ${bytes.length}`);
  return bytes;
}
