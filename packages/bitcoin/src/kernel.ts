/** An extended job in the form that a kernel hashes it. Built by {@link ExtendedShareHasher}. */
export interface ExtendedWork {
  /** 80 bytes; version, merkle root, ntime and nonce are overwritten by every share. */
  readonly header: Uint8Array;
  /** BIP141-stripped coinbase with a blank extranonce. */
  readonly coinbase: Uint8Array;
  readonly extranonceOffset: number;
  /** Hashes of the merkle path one after another, deepest first. */
  readonly path: Uint8Array;
}

/** The fields of a share that decide its hash. */
export interface SharePoint {
  /** Full nVersion. */
  readonly version: number;
  /** Unix seconds. */
  readonly ntime: number;
  readonly nonce: number;
}

/**
 * What the package needs of double SHA-256. All hashes are in internal byte order; `out` is 32 bytes, filled and
 * returned.
 */
export interface Sha256dKernel {
  readonly name: 'wasm' | 'noble';
  sha256d(data: Uint8Array, out: Uint8Array): Uint8Array;
  /** @param header exactly 80 bytes */
  header(header: Uint8Array, out: Uint8Array): Uint8Array;
  /** @param path hashes one after another, deepest first */
  merkleRoot(leaf: Uint8Array, path: Uint8Array, out: Uint8Array): Uint8Array;
  extended(
    work: ExtendedWork,
    extranoncePrefix: Uint8Array,
    extranonce: Uint8Array,
    share: SharePoint,
    out: Uint8Array,
  ): Uint8Array;
}
