import { BitcoinError } from './error.ts';

/** Bytes of a serialized block header. */
export const HEADER_LENGTH = 80;

/** Version bits that BIP323 frees for rolling; what a server accepts. */
export const BIP323_MASK = 0x1fffffe0;
/** Version bits that BIP320 freed; what deployed devices roll. */
export const BIP320_MASK = 0x1fffe000;

/** A block header (§5.1). Hashes are 32 bytes in internal byte order, `ntime` is unix seconds. */
export interface BlockHeader {
  readonly version: number;
  readonly prevHash: Uint8Array;
  readonly merkleRoot: Uint8Array;
  readonly ntime: number;
  readonly nbits: number;
  readonly nonce: number;
}

/** Serializes a header to its 80 bytes. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.version, true);
  bytes.set(header.prevHash, 4);
  bytes.set(header.merkleRoot, 36);
  view.setUint32(68, header.ntime, true);
  view.setUint32(72, header.nbits, true);
  view.setUint32(76, header.nonce, true);
  return bytes;
}

/**
 * Reads the 80 bytes of a header; its hashes are copies.
 *
 * @throws {@link BitcoinError} `bad-header` when `bytes` is not 80 long
 */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length !== HEADER_LENGTH) {
    throw new BitcoinError('bad-header', `a block header is 80 bytes, not ${bytes.length}`, { length: bytes.length });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint32(0, true),
    prevHash: bytes.slice(4, 36),
    merkleRoot: bytes.slice(36, 68),
    ntime: view.getUint32(68, true),
    nbits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  };
}

/** Overwrites the fields that a miner rolls in an 80-byte header, in place and without allocating. */
export function patchHeader(header: Uint8Array, version: number, ntime: number, nonce: number): void {
  writeUint32(header, 0, version);
  writeUint32(header, 68, ntime);
  writeUint32(header, 76, nonce);
}

/** Overwrites the merkle root of an 80-byte header in place. */
export function setMerkleRoot(header: Uint8Array, merkleRoot: Uint8Array): void {
  header.set(merkleRoot, 36);
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}
