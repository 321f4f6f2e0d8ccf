import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { membersOf, root } from '../src/index.ts';

const published = membersOf('packages', 'apps');

describe.each(published.map((member) => [member.path, member] as const))('%s/README.md', (_, member) => {
  const file = join(root, member.path, 'README.md');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const examples = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');

  test('says what the package is and has an example', () => {
    expect(text).toMatch(/^# @sv2kit\/|^# sv2kit/);
    expect(text.match(/^```(ts|sh|bash|toml)\n/m)).not.toBeNull();
  });

  test('its manifest says which Node it needs', () => {
    expect(member.node).toMatch(/^>=\d+/);
  });

  test('its manifest asks for no older Node than what it depends on does', () => {
    const wanting = published.filter(
      ({ name, node }) => member.dependencies.includes(name) && isNewer(node, member.node),
    );
    expect(wanting.map(({ name }) => name)).toEqual([]);
  });

  test('its TypeScript examples run to the end', () => {
    for (const code of examples) {
      const run = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', code], {
        cwd: join(root, member.path),
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect({ status: run.status, stderr: run.stderr }).toEqual({
        status: 0,
        stderr: expect.not.stringMatching(/Assertion failed|Error/),
      });
    }
  }, 60_000);
});

/** Whether `>=22.16` is more than `>=22.13`. */
function isNewer(range = '', other = ''): boolean {
  const [major = 0, minor = 0] = range.slice(2).split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.slice(2).split('.').map(Number);
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}
