import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { call } from '../scene.ts';
import { ADDRESS, workplace } from './scene.ts';

const OTHER_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';

/** A folder with the configurations of a whole side; its files by role. */
async function site(): Promise<(role: string) => string> {
  const folder = workplace('regtest');
  const file = (role: string) => join(folder, `${role}.toml`);
  for (const role of ['template-provider', 'jd-server', 'pool', 'jd-client', 'translator']) {
    const more = role === 'translator' ? [] : ['--address', ADDRESS.regtest];
    await call(['config', 'init', role, '--chain', 'regtest', '--out', file(role), ...more]);
  }
  return file;
}

/** Puts something else into a file. */
function change(file: string, pattern: RegExp, to: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(pattern, to);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

const check = (...argv: readonly string[]) => call(['config', 'check', ...argv]);

describe('configurations that are to run on one machine', () => {
  test.each([
    ['jd-client', /listen = ".*"/, 'listen = "0.0.0.0:3336"', 'listen: 0.0.0.0:3336 is taken by POOL: listen'],
    ['jd-client', /9084/, '9081', 'monitoring: 127.0.0.1:9081 is taken by POOL: monitoring'],
    [
      'jd-client',
      /jd-client-data/,
      'pool-data',
      'data_dir: FOLDER/pool-data is that of POOL: data_dir: each role needs its own',
    ],
    [
      'jd-client',
      /(pool_url = ".*:)3336/,
      '$13337',
      'upstreams[0].pool_url: 127.0.0.1:3337 is JDS: listen, which is for job declarator clients, not for V2 miners',
    ],
    [
      'jd-client',
      /(pool_url = ".*\/)\w+"/,
      `$1${OTHER_KEY}"`,
      'upstreams[0].pool_url: has another authority key than POOL: listen; for example: pool_url = "stratum2+tcp://127.0.0.1:3336/KEY"',
    ],
    [
      'jd-client',
      /(pool_url = "stratum2\+tcp:\/\/127.0.0.1:3336).*"/,
      '$1"',
      'upstreams[0].pool_url: has no authority key; for example: pool_url = "stratum2+tcp://127.0.0.1:3336/KEY"',
    ],
    [
      'jd-server',
      /job-tokens/,
      'other-tokens',
      'job_declaration.token_key_file: that of POOL is another; for example: token_key_file = "FOLDER/other-tokens.key", in both',
    ],
  ])('are told where they are at odds: %s %s %s', async (role, pattern, to, line) => {
    const file = await site();
    change(file(role), pattern, to);
    const key = /public key: (\w+)/i.exec(readFileSync(join(file('x'), '..', 'authority.key'), 'utf8'))?.[1] ?? '';
    const { code, error } = await check(
      file('pool'),
      file('jd-server'),
      file(role === 'jd-server' ? 'translator' : role),
    );
    const told = error
      .split('\n')
      .filter((each) => each.startsWith(`${file(role)}: `))
      .map((each) => each.slice(file(role).length + 2));
    const plain = told.map((each) =>
      each
        .replaceAll(file('pool'), 'POOL')
        .replaceAll(file('jd-server'), 'JDS')
        .replaceAll(join(file('x'), '..'), 'FOLDER')
        .replaceAll(key, 'KEY'),
    );
    expect([code, plain]).toEqual([2, [line]]);
  });

  test('on different chains are told, and the chain of a translator is only of an address', async () => {
    const file = await site();
    change(file('pool'), /chain = "regtest"/, 'chain = "signet"');
    change(file('pool'), new RegExp(ADDRESS.regtest), ADDRESS.signet);
    const { code, error } = await check(file('pool'), file('template-provider'));
    expect([code, error]).toEqual([
      2,
      `${file('pool')}: template_providers[0].url: is of a role on regtest (${file('template-provider')}), and this one is on signet\n`,
    ]);
    expect((await check(file('translator'), file('jd-client'))).code).toBe(0);
  });

  test('may call servers that no file given describes: that is said, and is no fault', async () => {
    const file = await site();
    const { code, out } = await check(file('pool'), file('translator'));
    expect(code).toBe(0);
    expect(out).toContain(
      `${file('pool')}: template_providers[0].url: none of these files listens on 127.0.0.1:8442\n`,
    );
  });
});

describe('one configuration', () => {
  test('is checked with the files that it names, and the environment', async () => {
    const file = await site();
    change(file('pool'), /authority\.key/, 'missing.key');
    vi.stubEnv('SV2KIT_TRANSLATOR__LISTEN', 'nonsense');
    expect(await check(file('pool'))).toMatchObject({
      code: 2,
      error: expect.stringContaining('missing.key: there is no such file'),
    });
    expect(await check(file('translator'))).toMatchObject({
      code: 2,
      error: 'SV2KIT_TRANSLATOR__LISTEN: listen: "nonsense" has no port; for example: listen = "127.0.0.1:34255"\n',
    });
  });

  test('is of the role that its first line names, as examples do too, or of the one that is said', async () => {
    const file = await site();
    const { out } = await call(['config', 'explain', 'mining-device', '--json']);
    expect(JSON.parse(out).role).toBe('mining-device');
    change(file('translator'), /^# sv2kit translator\n/, '');
    expect(await check(file('translator'))).toMatchObject({
      code: 2,
      error: expect.stringMatching(/names no role .*give --role/),
    });
    expect((await check('--role', 'translator', file('translator'))).code).toBe(0);
    expect((await check('--role', 'pool', file('translator'))).code).toBe(2);
  });

  test('that is not there, or no TOML, is said by its line', async () => {
    const folder = workplace();
    const file = join(folder, 'x.toml');
    expect(await check(file)).toEqual({ code: 2, out: '', error: `${file}: there is no such file\n` });
    writeFileSync(file, '# sv2kit pool\nlisten = \n');
    expect((await check(file)).error).toMatch(/x\.toml: line 2, column \d+: /);
  });
});

describe('config explain', () => {
  test('tells one key, a table, or all of a name', async () => {
    const keys = async (...argv: readonly string[]) =>
      JSON.parse((await call(['config', 'explain', ...argv, '--json'])).out).keys.map(
        ({ key }: { key: string }) => key,
      );
    expect(await keys('pool', 'payout.mode')).toEqual(['payout.mode']);
    expect(await keys('pool', 'payout')).toContain('payout.fee');
    expect(await keys('pool', 'nodes.url')).toEqual(['nodes[].url']);
    expect(await keys('pool', 'url')).toContain('template_providers[].url');
  });

  test('with a file tells what is in force and where it was said, and no secrets', async () => {
    const file = await site();
    vi.stubEnv('SV2KIT_POOL__NODES__0__PASSWORD', 'hunter2');
    const { code, out } = await call(['config', 'explain', '--config', file('pool'), 'nodes']);
    expect(code).toBe(0);
    expect(out).toMatch(/nodes\[0\]\.url\n[^]*?in force: "http:\/\/127\.0\.0\.1:18443", by .*pool\.toml:\d+\n/);
    expect(out).toContain('in force: "[redacted]", by SV2KIT_POOL__NODES__0__PASSWORD');
    expect(out).not.toContain('hunter2');
  });

  test.each([
    [[], 'a ROLE is wanted: '],
    [['pol'], "there is no role 'pol'; did you mean 'pool'?"],
    [['pool', 'lisen'], 'a pool has no key lisen; did you mean listen?'],
  ])('%j is wrong usage', async (argv, error) => {
    const answer = await call(['config', 'explain', ...argv]);
    expect([answer.code, answer.error]).toEqual([2, expect.stringContaining(`sv2kit config: ${error}`)]);
  });
});
