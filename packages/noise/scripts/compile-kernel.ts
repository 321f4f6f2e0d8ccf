import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const OPTIONS =
  '--outFile kernel.wasm --runtime stub --noAssert --enable simd --disable bulk-memory ' +
  '--optimizeLevel 3 --shrinkLevel 0 --converge --initialMemory 3 --maximumMemory 3';

/** The file that holds the compiled kernel. */
export const KERNEL_FILE: string = fileURLToPath(new URL('../src/kernel-wasm.ts', import.meta.url));

/** Compiles one file of `assembly/` with what it imports to WebAssembly. */
export async function compile(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([`assembly/${entry}`, '--baseDir', PACKAGE, ...OPTIONS.split(' ')], {
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw new Error(stderr.toString(), { cause: error });
  return new Uint8Array(binary);
}

/** The source text of `src/kernel-wasm.ts`. */
export async function kernelSource(): Promise<string> {
  return [
    '/** The kernel of `assembly/`, in Base64; `pnpm generate` writes this file. */',
    'export const KERNEL_WASM: string =',
    `  '${Buffer.from(await compile('index.ts')).toString('base64')}';`,
    '',
  ].join('\n');
}
