import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { roleUrl } from '../src/dashboard.ts';
import { roles } from '../src/index.ts';
import { call } from './scene.ts';

describe('sv2kit', () => {
  test('--help names every command and role, with examples and exit codes', async () => {
    const { code, out } = await call(['--help']);
    expect(code).toBe(0);
    for (const word of [
      'stack',
      'template',
      'keys',
      'decode',
      'Examples:',
      'Exit codes:',
      ...roles.map(({ name }) => name),
    ]) {
      expect(out).toContain(word);
    }
  });

  test('without a command shows the same and fails', async () => {
    const help = await call(['--help']);
    expect(await call([])).toEqual({ code: 2, out: '', error: help.out });
  });

  test.each([
    [['stcak'], "sv2kit: there is no command 'stcak'; did you mean 'stack'?\nTry: sv2kit --help\n"],
    [['kyes'], "sv2kit: there is no command 'kyes'; did you mean 'keys'?\nTry: sv2kit --help\n"],
    [['frobnicate'], "sv2kit: there is no command 'frobnicate'\nTry: sv2kit --help\n"],
    [['--verbose'], 'sv2kit: --verbose is not an option\nTry: sv2kit --help\n'],
    [['keys', 'sing'], "sv2kit keys: there is no 'sing'; did you mean 'sign'?\nTry: sv2kit keys --help\n"],
    [['keys'], 'sv2kit keys: one of new, show, sign is wanted\nTry: sv2kit keys --help\n'],
    [['decode'], 'sv2kit decode: HEX, FILE or - is missing\nTry: sv2kit decode --help\n'],
    [
      ['decode', '--jsno', '00'],
      'sv2kit decode: --jsno is not an option; did you mean --json?\nTry: sv2kit decode --help\n',
    ],
    [['decode', '00', '01'], "sv2kit decode: '01' is one word too many\nTry: sv2kit decode --help\n"],
  ])('%j is wrong usage', async (argv, error) => {
    expect(await call(argv)).toEqual({ code: 2, out: '', error });
  });

  test.each([
    ...['init', 'check', 'explain'].map((name) => ['config', name]),
    ['config'],
    ...[['stack'], ['keys'], ['keys', 'new'], ['keys', 'show'], ['keys', 'sign'], ['decode'], ['template']],
    ...['show', 'diff', 'prioritise', 'exclude', 'include', 'forget', 'list'].map((name) => ['template', name]),
  ])('%s %s --help has examples', async (...argv) => {
    const { code, out } = await call([...argv.filter((word) => word !== undefined), '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/Examples?:/);
  });
});

describe('sv2kit <role>, as a process,', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const shell = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8' });

  /** Composed here of several roles, or one of two of a package. */
  const elsewhere = new Map([
    ['solo', '../examples/solo.toml'],
    ['pool', '../examples/pool.toml'],
    ['pool-with-jds', '../examples/pool-with-jds.toml'],
    ['translator-to-v1', '../../translator/example-to-v1.toml'],
  ]);
  test.each([...roles.map(({ name }) => name), 'solo'])(
    '%s prints the example configuration that is committed',
    (name) => {
      const file = elsewhere.get(name) ?? `../../${name}/example.toml`;
      const committed = readFileSync(new URL(file, import.meta.url), 'utf8');
      const { status, stdout, stderr } = shell(name, '--example');
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: committed, stderr: '' });
    },
  );

  test('says that a payment is an amount above 0, not that -5 is no option', () => {
    const { status, stderr } = shell('ledger', 'paid', '--txid', 'ab'.repeat(32), 'alice', '-5');
    expect([status, stderr]).toEqual([2, expect.stringContaining('-5 cannot be paid: SATOSHIS is wanted')]);
  });

  test('says its version', () => {
    const { status, stdout, stderr } = shell('--version');
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^sv2kit \d+\.\d+\.\d+\n$/), '']);
  });

  test('ends with 2 when its configuration is not there', () => {
    const { status, stderr } = shell('template-provider', '--config', '/no/such.toml');
    expect([status, stderr]).toEqual([
      2,
      'sv2kit template-provider: the configuration cannot be used\n  /no/such.toml: there is no such file\n',
    ]);
  });
});

describe('sv2kit dashboard', () => {
  test.each(['ftp://127.0.0.1', 'http://user@127.0.0.1:9080', 'no where'])(
    '%s is no address of a role',
    async (word) => {
      const { code, error } = await call(['dashboard', word]);
      expect([code, error]).toEqual([
        2,
        expect.stringContaining(`${word}: the address of a role's monitoring is wanted`),
      ]);
    },
  );

  test.each([
    ['127.0.0.1:9080', 'http://127.0.0.1:9080/'],
    ['http://127.0.0.1:9080/dashboard/#/workers', 'http://127.0.0.1:9080/'],
    ['https://mine.example/pool/dashboard', 'https://mine.example/pool/'],
    ['https://mine.example/dashboards', 'https://mine.example/dashboards'],
  ])('%s is a role at %s', (word, url) => {
    expect(roleUrl(word)).toBe(url);
  });
});
