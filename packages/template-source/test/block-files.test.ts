import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BlockFiles } from '../src/block-files.ts';
import { TEMPLATE_SOURCE_LIMITS } from '../src/limits.ts';
import { bytes } from './support.ts';

test('whole blocks are kept until they are removed, and the oldest give way to more than so many', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sv2kit-blocks-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = new BlockFiles(folder);
  const most = TEMPLATE_SOURCE_LIMITS.blockFiles;
  for (let index = 0; index < most; index += 1) {
    await files.save(`${index}`, bytes(80, index));
    await utimes(join(folder, `${index}.hex`), index, index);
  }
  expect(await files.load('0')).toEqual(bytes(80, 0));
  await files.save('new', bytes(80, 1));
  expect([await files.load('0'), await files.load('1'), await files.load('new')]).toEqual([
    undefined,
    bytes(80, 1),
    bytes(80, 1),
  ]);
  await files.remove('new');
  expect(await readdir(folder)).toHaveLength(most - 1);
});
