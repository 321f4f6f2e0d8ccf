import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { HEADER_LENGTH, patchHeader } from './header.ts';
import type { ExtendedWork, Sha256dKernel } from './kernel.ts';
import { nobleKernel } from './noble-kernel.ts';
import { createWasmKernel } from './wasm-kernel.ts';

const kernel: Sha256dKernel = createWasmKernel() ?? nobleKernel;

/** Which double SHA-256 runs: our WebAssembly kernel, or noble where WebAssembly is missing. */
export const hashBackend: 'wasm' | 'noble' = kernel.name;

/**
 * Double SHA-256 of any bytes.
 *
 * @param out where the 32 bytes go; a new array when absent
 * @returns `out`, internal byte order
 */
export function sha256d(data: Uint8Array, out: Uint8Array = new Uint8Array(32)): Uint8Array {
  return kernel.sha256d(data, out);
}

/**
 * Block hash of a serialized header.
 *
 * @param header 80 bytes
 * @param out where the 32 bytes go; a new array when absent
 * @returns `out`, internal byte order
 */
export function hashHeader(header: Uint8Array, out: Uint8Array = new Uint8Array(32)): Uint8Array {
  if (header.length !== HEADER_LENGTH) throw new RangeError(`a block header is 80 bytes, not ${header.length}`);
  return kernel.header(header, out);
}

/**
 * Hash of a share on a standard job (§5.3.11): patches the job's 80-byte header in place and hashes it, allocating
 * nothing.
 *
 * @param header the job's header; prev hash, merkle root and nbits stay, the other fields are overwritten
 * @param ntime unix seconds
 * @param out 32 bytes, filled and returned, internal byte order
 */
export function hashStandardShare(
  header: Uint8Array,
  version: number,
  ntime: number,
  nonce: number,
  out: Uint8Array,
): Uint8Array {
  patchHeader(header, version, ntime, nonce);
  return kernel.header(header, out);
}

/** What {@link ExtendedShareHasher} is made from. */
export interface ExtendedShareJob {
  /** 80 bytes with the prev hash and nbits; the other fields do not matter. */
  readonly header: Uint8Array;
  /** BIP141-stripped halves of the coinbase (§5.3.16). */
  readonly coinbasePrefix: Uint8Array;
  readonly coinbaseSuffix: Uint8Array;
  /** Full extranonce: the channel's prefix and the rolled part together, in bytes. */
  readonly extranonceSize: number;
  /** Deepest hash first, internal byte order. */
  readonly merklePath: readonly Uint8Array[];
}

/**
 * Hashes the shares of one extended job (§5.3.12, §5.3.16): coinbase txid, merkle root and block hash in one call of
 * the kernel, allocating nothing. Shared by all channels that mine the job.
 */
export class ExtendedShareHasher {
  readonly #work: ExtendedWork;
  readonly #extranonceSize: number;
  readonly #point = { version: 0, ntime: 0, nonce: 0 };

  constructor(job: ExtendedShareJob) {
    const { coinbasePrefix, coinbaseSuffix, extranonceSize } = job;
    const coinbase = new Uint8Array(coinbasePrefix.length + extranonceSize + coinbaseSuffix.length);
    coinbase.set(coinbasePrefix);
    coinbase.set(coinbaseSuffix, coinbasePrefix.length + extranonceSize);
    this.#extranonceSize = extranonceSize;
    this.#work = {
      header: job.header.slice(),
      coinbase,
      extranonceOffset: coinbasePrefix.length,
      path: concatenatePath(job.merklePath),
    };
  }

  /**
   * @param extranoncePrefix and `extranonce` together fill the job's extranonce size exactly (the caller checks)
   * @param ntime unix seconds
   * @param out 32 bytes, filled and returned, internal byte order
   */
  hash(
    extranoncePrefix: Uint8Array,
    extranonce: Uint8Array,
    version: number,
    ntime: number,
    nonce: number,
    out: Uint8Array,
  ): Uint8Array {
    if (extranoncePrefix.length + extranonce.length !== this.#extranonceSize) {
      throw new RangeError(`the extranonce does not fill the job's ${this.#extranonceSize} bytes`);
    }
    const point = this.#point;
    point.version = version;
    point.ntime = ntime;
    point.nonce = nonce;
    return kernel.extended(this.#work, extranoncePrefix, extranonce, point, out);
  }
}

/**
 * Merkle root of a block whose first transaction is `coinbaseTxid` (§5.3.16).
 *
 * @param coinbaseTxid internal byte order
 * @param path the coinbase's merkle path, deepest first
 */
export function merkleRoot(
  coinbaseTxid: Uint8Array,
  path: readonly Uint8Array[],
  out: Uint8Array = new Uint8Array(32),
): Uint8Array {
  return kernel.merkleRoot(coinbaseTxid, concatenatePath(path), out);
}

/**
 * Merkle path of the coinbase, deepest first (§7.2 `merkle_path`).
 *
 * @param txids of the block's other transactions in order, without the coinbase, internal byte order
 */
export function merklePathOf(txids: readonly Uint8Array[]): Uint8Array[] {
  const path: Uint8Array[] = [];
  const pair = new Uint8Array(64);
  // row[i] is the hash at index i + 1 of its level: index 0 is the coinbase's own branch.
  let row = txids;
  while (row.length > 0) {
    const [sibling] = row;
    if (sibling !== undefined) path.push(sibling.slice());
    const next: Uint8Array[] = [];
    for (let i = 1; i < row.length; i += 2) {
      const left = row[i];
      const right = row[i + 1] ?? left;
      if (left === undefined || right === undefined) break;
      pair.set(left);
      pair.set(right, 32);
      next.push(sha256d(pair));
    }
    row = next;
  }
  return path;
}

/** Deepest path that a message can carry (SEQ0_255). */
const MAX_PATH = 255;

function concatenatePath(path: readonly Uint8Array[]): Uint8Array {
  if (path.length > MAX_PATH) throw new RangeError(`a merkle path has at most ${MAX_PATH} hashes, not ${path.length}`);
  const bytes = new Uint8Array(path.length * 32);
  path.forEach((hash, level) => {
    bytes.set(hash, level * 32);
  });
  return bytes;
}

/** A hash as people and bitcoind write it: hex, bytes reversed. */
export function displayHash(hash: Uint8Array): string {
  return bytesToHex(hash.toReversed());
}

/** The internal byte order of a hash in hex as bitcoind writes it. */
export function fromDisplayHash(hex: string): Uint8Array {
  return hexToBytes(hex).reverse();
}
