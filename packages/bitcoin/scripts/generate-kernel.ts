/** Writes src/sha256d-wasm.ts: `pnpm generate`. */
import { writeFile } from 'node:fs/promises';
import { compileKernel } from './compile-kernel.ts';

await writeFile(new URL('../src/sha256d-wasm.ts', import.meta.url), await compileKernel());
