import { sha256 } from '@noble/hashes/sha2.js';
import { patchHeader, setMerkleRoot } from './header.ts';
import type { ExtendedWork, Sha256dKernel, SharePoint } from './kernel.ts';

function sha256d(data: Uint8Array, out: Uint8Array): Uint8Array {
  out.set(sha256(sha256(data)));
  return out;
}

function merkleRoot(leaf: Uint8Array, path: Uint8Array, out: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  out.set(leaf);
  for (let level = 0; level < path.length; level += 32) {
    pair.set(out);
    pair.set(path.subarray(level, level + 32), 32);
    sha256d(pair, out);
  }
  return out;
}

function extended(
  work: ExtendedWork,
  extranoncePrefix: Uint8Array,
  extranonce: Uint8Array,
  share: SharePoint,
  out: Uint8Array,
): Uint8Array {
  const { coinbase, header, extranonceOffset } = work;
  coinbase.set(extranoncePrefix, extranonceOffset);
  coinbase.set(extranonce, extranonceOffset + extranoncePrefix.length);
  setMerkleRoot(header, merkleRoot(sha256d(coinbase, out), work.path, out));
  patchHeader(header, share.version, share.ntime, share.nonce);
  return sha256d(header, out);
}

/** Double SHA-256 by `@noble/hashes`: the reference, and what runs where WebAssembly does not. */
export const nobleKernel: Sha256dKernel = { name: 'noble', sha256d, header: sha256d, merkleRoot, extended };
