import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from '@sv2kit/daemon';
import { ephemeralKey } from '@sv2kit/net';
import {
  certificateValidity,
  decodeEllSwift,
  formatUrl,
  issueCertificate,
  publicKeyOf,
  type ServerIdentity,
} from '@sv2kit/noise';

const DAY = 86_400;

/** An authority of a scenario: its secret in a file for the roles, and whatever it has to sign. */
export class Authority {
  readonly #secret: Uint8Array = randomBytes(32);
  /** x-only, 32 bytes. */
  readonly publicKey: Uint8Array = publicKeyOf(this.#secret);
  /** For `authority_secret_file`. */
  readonly secretFile: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.secretFile = join(folder, 'authority.key');
    writeSecretFile(this.secretFile, 'authority-secret', this.#secret, []);
  }

  /** A static key with a certificate. @param validity - in unix seconds; now and for a day when absent */
  identity(
    validity: { readonly validFrom: number; readonly notValidAfter: number } = certificateValidity(
      Math.floor(Date.now() / 1000),
      DAY,
    ),
  ): ServerIdentity {
    const staticKey = ephemeralKey();
    const certificate = issueCertificate({
      ...validity,
      authoritySecret: this.#secret,
      staticPublicKey: decodeEllSwift(staticKey.encoded),
      auxRand: randomBytes(32),
    });
    return { staticKey, certificate };
  }

  /** What a client of this authority's server on that port is configured with. */
  url(port: number): string {
    return formatUrl({ host: '127.0.0.1', port, authority: this.publicKey });
  }
}
