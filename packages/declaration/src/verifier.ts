import type { SetCustomMiningJob } from '@sv2kit/codec';
import { type Disagreement, disagreement } from './commitment.ts';
import { sameBytes } from '@sv2kit/bitcoin';
import type { JobMode } from './mode.ts';
import { openToken, userDigest } from './token.ts';

/** Why a token does not vouch for a custom job: codes of `SetCustomMiningJob.Error` (§5.3.20). */
export type TokenRefusal =
  | 'invalid-mining-job-token'
  /** Allocated on a connection that declares its jobs, and used without declaring one. */
  | 'job-not-yet-validated'
  | Disagreement;

/** What a verifier says of a custom job. */
export type Verification =
  | {
      readonly kind: 'verified';
      readonly mode: JobMode;
      /** 16 bytes. */
      readonly tokenId: Uint8Array;
      /** Unix seconds. */
      readonly expires: number;
      /** Full template: subsidy and fees as the server's node verified them, satoshis. */
      readonly value: bigint | undefined;
      /** Full template: lowest ntime the network takes, unix seconds. */
      readonly minNtime: number | undefined;
    }
  | { readonly kind: 'refused'; readonly code: TokenRefusal };

/** Through which a pool trusts declared jobs: its own job declarator server, or the tokens of another process. */
export interface JobVerifier {
  /**
   * @param userIdentity of the channel
   * @param now unix seconds
   */
  verify(message: SetCustomMiningJob, userIdentity: Uint8Array, now: number): Verification;
}

/**
 * Believes tokens that were made with the key and are for this user, not expired, and for this very job (§6.4.5).
 *
 * @param key 32 bytes, shared with the job declarator server and nobody else
 */
export function tokenVerifier(key: Uint8Array): JobVerifier {
  return { verify: (message, userIdentity, now) => verify(key, message, userIdentity, now) };
}

function verify(key: Uint8Array, message: SetCustomMiningJob, userIdentity: Uint8Array, now: number): Verification {
  const claims = openToken(key, message.miningJobToken);
  if (claims === undefined || claims.expires <= now || !sameBytes(claims.user, userDigest(userIdentity))) {
    return { kind: 'refused', code: 'invalid-mining-job-token' };
  }
  const { id, mode, expires, commitment } = claims;
  if (commitment === undefined && mode === 'full-template') return { kind: 'refused', code: 'job-not-yet-validated' };
  const code = commitment === undefined ? undefined : disagreement(commitment, message);
  if (code !== undefined) return { kind: 'refused', code };
  return {
    kind: 'verified',
    mode,
    tokenId: id,
    expires,
    value: commitment?.value,
    minNtime: commitment?.minNtime,
  };
}
