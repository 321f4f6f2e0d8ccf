import { KERNEL_WASM } from './kernel-wasm.ts';
import { decodeBase64, instantiate } from './webassembly.ts';

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly KEY: { readonly value: number };
  readonly ASSOCIATED: { readonly value: number };
  readonly INPUT: { readonly value: number };
  readonly OUTPUT: { readonly value: number };
  sealFrame(nonceLow: number, nonceHigh: number, length: number): void;
  seal(nonce0: number, nonce1: number, nonce2: number, associated: number, length: number): void;
  open(nonce0: number, nonce1: number, nonce2: number, associated: number, length: number): number;
  sha256(length: number): void;
  hkdf(length: number): void;
  decodeEllSwift(): void;
  invertEllSwift(variant: number): number;
  multiplyPoint(): void;
}

/**
 * This package's own WebAssembly (`assembly/`) and the places in its memory through which it is fed. One instance
 * serves all sessions of a thread: nothing stays in it between calls.
 */
export interface Kernel {
  readonly run: KernelExports;
  readonly memory: Uint8Array;
  readonly key: number;
  readonly associated: number;
  readonly input: number;
  readonly output: number;
}

/** Bytes that fit the kernel's input. */
export const KERNEL_INPUT_SIZE = 65_536;

let instance: Kernel | undefined;

/** The kernel, compiled at its first use. */
export function kernel(): Kernel {
  instance ??= load();
  return instance;
}

function load(): Kernel {
  const run = instantiate(decodeBase64(KERNEL_WASM)) as KernelExports;
  return {
    run,
    memory: new Uint8Array(run.memory.buffer),
    key: run.KEY.value,
    associated: run.ASSOCIATED.value,
    input: run.INPUT.value,
    output: run.OUTPUT.value,
  };
}

/** Takes the first `length` bytes of the kernel's output away: they are zeroed there. */
export function take({ memory, output: at }: Kernel, length: number): Uint8Array {
  const bytes = memory.slice(at, at + length);
  memory.fill(0, at, at + length);
  return bytes;
}
