import { writeFile } from 'node:fs/promises';
import { KERNEL_FILE, kernelSource } from './compile-kernel.ts';

await writeFile(KERNEL_FILE, await kernelSource());
