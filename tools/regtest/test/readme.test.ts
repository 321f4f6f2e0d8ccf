import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('..', import.meta.url));

test('the example of the README runs as it stands', async () => {
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(await readFile(`${here}/README.md`, 'utf8')) ?? [];
  expect(example).toContain('Lab.open');
  const run = promisify(execFile)(process.execPath, ['--input-type=module-typescript', '--eval', example], {
    cwd: here,
  });
  expect(await run).toEqual({ stdout: '', stderr: '' });
});
