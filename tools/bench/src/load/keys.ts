import { randomBytes } from 'node:crypto';
import { ephemeralKey } from '@sv2kit/net';
import { issueCertificate, publicKeyOf, type ServerIdentity } from '@sv2kit/noise';

/** An authority of the bench's own, and what it certifies. */
export interface BenchKeys {
  readonly authoritySecret: Uint8Array;
  /** x-only, 32 bytes. */
  readonly authority: Uint8Array;
  readonly identity: ServerIdentity;
}

export function benchKeys(): BenchKeys {
  const authoritySecret = new Uint8Array(randomBytes(32));
  const staticKey = ephemeralKey();
  const certificate = issueCertificate({
    authoritySecret,
    staticPublicKey: publicKeyOf(staticKey.secret),
    validFrom: 0,
    notValidAfter: 0xffff_ffff,
    auxRand: randomBytes(32),
  });
  return { authoritySecret, authority: publicKeyOf(authoritySecret), identity: { staticKey, certificate } };
}
