// §3.6.1 to §3.6.3: what a server makes of SetupConnection. Pure decisions; the server session carries them out.
import type { Protocol, SetupConnection } from '@sv2kit/codec';

/** The only version of the protocol there is (§3.6.1). */
export const PROTOCOL_VERSION = 2;

/** An inclusive range of protocol versions. */
export interface Versions {
  readonly min: number;
  readonly max: number;
}
const ONLY_VERSION: Versions = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };

/** A protocol that a server serves. */
export interface ServerOffer {
  readonly protocol: Protocol;
  /** SetupConnection flags that the server can honour. */
  readonly flags: number;
  /** Version 2 when absent. */
  readonly versions?: Versions;
}

export type SetupVerdict =
  | { readonly kind: 'acceptable'; readonly offer: ServerOffer; readonly version: number }
  | {
      readonly kind: 'unacceptable';
      readonly code: 'unsupported-protocol' | 'protocol-version-mismatch' | 'unsupported-feature-flags';
      /** For SetupConnection.Error: every flag the server does not support, or 0 when flags are not the cause. */
      readonly flags: number;
    };

/**
 * Judges a SetupConnection: protocol first, then version, then flags.
 *
 * An unsupported flag is answered with the full set of flags that the server does not support, bits without a meaning
 * included, so that a client that sets all of them learns what there is (§3.6.3).
 */
export function judgeSetup(setup: SetupConnection, offers: readonly ServerOffer[]): SetupVerdict {
  const offer = offers.find(({ protocol }) => protocol.number === setup.protocol);
  if (offer === undefined) return { kind: 'unacceptable', code: 'unsupported-protocol', flags: 0 };
  const versions = offer.versions ?? ONLY_VERSION;
  const version = Math.min(setup.maxVersion, versions.max);
  if (version < setup.minVersion || version < versions.min) {
    return { kind: 'unacceptable', code: 'protocol-version-mismatch', flags: 0 };
  }
  const unsupported = ~offer.flags >>> 0;
  if ((setup.flags & unsupported) !== 0) {
    return { kind: 'unacceptable', code: 'unsupported-feature-flags', flags: unsupported };
  }
  return { kind: 'acceptable', offer, version };
}
