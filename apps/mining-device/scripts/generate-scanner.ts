/** Writes src/scan-wasm.ts: `pnpm generate`. */
import { writeFile } from 'node:fs/promises';
import { compileScanner } from './compile-scanner.ts';

await writeFile(new URL('../src/scan-wasm.ts', import.meta.url), await compileScanner());
