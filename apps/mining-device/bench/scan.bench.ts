import { hashHeader } from '@sv2kit/bitcoin';
import { NonceScanner } from '../src/scanner.ts';

const header = new Uint8Array(80).fill(7);
const out = new Uint8Array(32);
const scanner = new NonceScanner();
scanner.load(header, new Uint8Array(32));

/** What to measure: name -> one iteration. Run by `npm run bench -- mining-device`. */
export const suite: Record<string, () => void> = {
  'a thousand hashes of one header in one thread, SIMD WebAssembly': () => void scanner.scan(0, 1000),
  'one hash of a header by @sv2kit/bitcoin, for comparison': () => void hashHeader(header, out),
};
