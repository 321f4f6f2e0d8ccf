import { SCAN_WASM } from './scan-wasm.ts';

// The memory map of assembly/scan.ts.
const HEADER = 1088;
const HASH = 1280;
const TARGET = 1312;
const HITS = 2048;

/** Nonces that are hashed at once; what `scan` takes is rounded up to them. */
export const LANES = 4;
const NONCES = 2 ** 32;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  prepare(): void;
  hash(nonce: number): void;
  scan(start: number, count: number): number;
  getScanned(): number;
}

/** The part of the WebAssembly API used here; neither the ES lib nor Node's types declare it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What one call of {@link NonceScanner.scan} did. */
export interface ScanResult {
  /** Nonces whose hash meets the target, rising. */
  readonly hits: readonly number[];
  /** Nonces tried from the start on: fewer than asked for when there were very many hits. */
  readonly scanned: number;
}

/**
 * Searches the nonces of one block header on SIMD WebAssembly: midstate of the first 64 bytes once per header, four
 * nonces at a time, the hash's top word compared first and the whole hash only where that passes.
 *
 * @example
 * const scanner = new NonceScanner();
 * scanner.load(header, target);
 * const { hits } = scanner.scan(0, 1_000_000);
 */
export class NonceScanner {
  readonly #wasm: Exports;
  readonly #memory: Uint8Array;
  readonly #view: DataView;

  constructor() {
    const { Instance, Module } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
    this.#wasm = new Instance(new Module(Buffer.from(SCAN_WASM, 'hex'))).exports as Exports;
    this.#memory = new Uint8Array(this.#wasm.memory.buffer);
    this.#view = new DataView(this.#wasm.memory.buffer);
  }

  /**
   * Takes another header and target.
   *
   * @param header 80 bytes; its nonce does not matter
   * @param target 32 bytes, little-endian
   */
  load(header: Uint8Array, target: Uint8Array): void {
    this.#memory.set(header, HEADER);
    this.#memory.set(target, TARGET);
    this.#wasm.prepare();
  }

  /**
   * Tries `count` nonces from `start` on, both whole numbers; no nonce beyond 2^32 - 1.
   *
   * @returns the nonces that meet the target
   */
  scan(start: number, count: number): ScanResult {
    const wanted = Math.min(count, NONCES - start);
    const whole = Math.ceil(wanted / LANES) * LANES;
    const found = this.#wasm.scan(start, whole);
    const scanned = Math.min(this.#wasm.getScanned() >>> 0, wanted);
    const hits: number[] = [];
    for (let i = 0; i < found; i++) {
      const nonce = this.#view.getUint32(HITS + 4 * i, true);
      if (nonce >= start && nonce - start < wanted) hits.push(nonce);
    }
    return { hits, scanned };
  }

  /** Double SHA-256 of the loaded header with a nonce, internal byte order. */
  hash(nonce: number): Uint8Array {
    this.#wasm.hash(nonce);
    return this.#memory.slice(HASH, HASH + 32);
  }
}
