import { writeFile } from 'node:fs/promises';
import { kernelSource, KERNEL_FILE } from './compile-kernel.ts';

await writeFile(KERNEL_FILE, await kernelSource());
