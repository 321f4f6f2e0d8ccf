import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { kernelSource, KERNEL_FILE } from '../scripts/compile-kernel.ts';

test('the committed kernel is what its source compiles to', async () => {
  expect(await readFile(KERNEL_FILE, 'utf8')).toBe(await kernelSource());
});
