/** What a TLS listener proves itself with, as PEM text. */
export interface TlsIdentity {
  /** The certificate, followed by those between it and the root. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** How a TLS client judges the server's certificate. */
export interface TlsTrust {
  /** Roots to trust in place of the system's, as PEM text. */
  readonly ca?: string;
  /** False: any certificate will do, which keeps eavesdroppers out but no one in the middle. True by default. */
  readonly verify?: boolean;
}
