import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../../../sv2kit', import.meta.url));

test('the command in the root runs in any folder, through a link, under the Node that it brings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-launcher-'));
  const link = join(folder, 'sv2kit');
  symlinkSync(launcher, link);
  const run = (...args: string[]) => execFileSync(link, args, { cwd: folder, encoding: 'utf8' });
  expect(run('--help')).toContain('Usage: sv2kit COMMAND');
  expect(run('keys', 'new', 'authority.key')).toMatch(/^9\w+\n$/);
  expect(run('keys', 'show', 'authority.key')).toContain('public key');
});
