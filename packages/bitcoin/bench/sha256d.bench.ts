import type { Sha256dKernel } from '../src/kernel.ts';
import { nobleKernel } from '../src/noble-kernel.ts';
import { createWasmKernel } from '../src/wasm-kernel.ts';

const out = new Uint8Array(32);
const header = new Uint8Array(80).fill(7);
const transaction = new Uint8Array(400).fill(5);
const extranoncePrefix = new Uint8Array(4);
const extranonce = new Uint8Array(16);
const point = { version: 0x20000000, ntime: 1_700_000_000, nonce: 0 };
/** A 260-byte coinbase and a path of 12: a full block. */
const work = () => ({
  header: header.slice(),
  coinbase: new Uint8Array(260).fill(3),
  extranonceOffset: 70,
  path: new Uint8Array(12 * 32).fill(9),
});

function kernels(): Sha256dKernel[] {
  const wasm = createWasmKernel();
  return wasm === undefined ? [nobleKernel] : [wasm, nobleKernel];
}

/** What to measure: name -> one iteration. Run by `npm run bench -- bitcoin`. */
export const suite: Record<string, () => void> = {};
for (const kernel of kernels()) {
  const job = work();
  suite[`standard share, the header, by ${kernel.name}`] = () => kernel.header(header, out);
  suite[`extended share, coinbase, 12-deep merkle path, header, by ${kernel.name}`] = () =>
    kernel.extended(job, extranoncePrefix, extranonce, point, out);
  suite[`double SHA-256 of 400 bytes, by ${kernel.name}`] = () => kernel.sha256d(transaction, out);
}
