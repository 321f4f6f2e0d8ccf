import { hexToBytes } from '@noble/hashes/utils.js';
import type { ExtendedWork, Sha256dKernel, SharePoint } from './kernel.ts';
import { SHA256D_WASM } from './sha256d-wasm.ts';

// The memory map of assembly/sha256d.ts.
const OUT = 1280;
const HEADER = 1344;
const PATH = 2048;
const INPUT = 10240;

/** Bytes of a long message handed over in one call. */
const CHUNK = 65_536;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  prepare(): void;
  begin(): void;
  absorb(length: number): void;
  finish(length: number, total: bigint): void;
  header(): void;
  fold(depth: number): void;
  midstate(length: number): void;
  extended(length: number, total: bigint, depth: number): void;
}

/** The part of the WebAssembly API used here; an ES-only lib does not declare it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Double SHA-256 by our own WebAssembly module; see bench/sha256d.bench.ts for what it gains. */
class WasmKernel implements Sha256dKernel {
  readonly name = 'wasm';
  readonly #wasm: Exports;
  readonly #memory: Uint8Array;
  readonly #view: DataView;
  readonly #out: Uint8Array;
  /** The job whose coinbase, path and midstate are in memory. */
  #loaded: ExtendedWork | undefined;
  #midstateLength = 0;
  #total = 0n;

  constructor(wasm: Exports) {
    this.#wasm = wasm;
    this.#memory = new Uint8Array(wasm.memory.buffer);
    this.#view = new DataView(wasm.memory.buffer);
    this.#out = this.#memory.subarray(OUT, OUT + 32);
    wasm.prepare();
  }

  sha256d(data: Uint8Array, out: Uint8Array): Uint8Array {
    this.#loaded = undefined;
    this.#wasm.begin();
    let start = 0;
    for (; data.length - start > CHUNK; start += CHUNK) {
      this.#memory.set(data.subarray(start, start + CHUNK), INPUT);
      this.#wasm.absorb(CHUNK);
    }
    this.#memory.set(start === 0 ? data : data.subarray(start), INPUT);
    this.#wasm.finish(data.length - start, BigInt(data.length));
    out.set(this.#out);
    return out;
  }

  header(header: Uint8Array, out: Uint8Array): Uint8Array {
    this.#memory.set(header, HEADER);
    this.#wasm.header();
    out.set(this.#out);
    return out;
  }

  merkleRoot(leaf: Uint8Array, path: Uint8Array, out: Uint8Array): Uint8Array {
    this.#loaded = undefined;
    this.#out.set(leaf);
    this.#memory.set(path, PATH);
    this.#wasm.fold(path.length / 32);
    out.set(this.#out);
    return out;
  }

  extended(
    work: ExtendedWork,
    extranoncePrefix: Uint8Array,
    extranonce: Uint8Array,
    share: SharePoint,
    out: Uint8Array,
  ): Uint8Array {
    if (this.#loaded !== work) this.#load(work);
    const memory = this.#memory;
    const view = this.#view;
    const at = INPUT + work.extranonceOffset - this.#midstateLength;
    memory.set(extranoncePrefix, at);
    memory.set(extranonce, at + extranoncePrefix.length);
    memory.set(work.header, HEADER);
    view.setUint32(HEADER, share.version, true);
    view.setUint32(HEADER + 68, share.ntime, true);
    view.setUint32(HEADER + 76, share.nonce, true);
    this.#wasm.extended(work.coinbase.length - this.#midstateLength, this.#total, work.path.length / 32);
    out.set(this.#out);
    return out;
  }

  #load(work: ExtendedWork): void {
    const { coinbase, extranonceOffset, path } = work;
    this.#midstateLength = extranonceOffset & ~63;
    this.#memory.set(coinbase.subarray(0, this.#midstateLength), INPUT);
    this.#wasm.midstate(this.#midstateLength);
    this.#memory.set(coinbase.subarray(this.#midstateLength), INPUT);
    this.#memory.set(path, PATH);
    this.#total = BigInt(coinbase.length);
    this.#loaded = work;
  }
}

/** @returns undefined where WebAssembly is missing or forbidden */
export function createWasmKernel(): Sha256dKernel | undefined {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (api === undefined) return undefined;
  try {
    const instance = new api.Instance(new api.Module(hexToBytes(SHA256D_WASM)));
    return new WasmKernel(instance.exports as Exports);
  } catch {
    return undefined;
  }
}
