import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeSecretFile } from '../src/identity/key-file.ts';
import {
  config,
  type Host,
  identitySection,
  nodeFields,
  path,
  runService,
  sections,
  stratumUrl,
} from '../src/index.ts';
import { jobDeclarationFields } from '../src/job-declaration/job-declaration-config.ts';
import { section } from '../src/config/values.ts';

const KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const declared = config({
  dataDir: path('data', 'Where.'),
  identity: identitySection,
  jobDeclaration: section('Jobs.', jobDeclarationFields),
  nodes: sections('Nodes.', nodeFields('templates')),
  templateProviders: sections('Providers.', { url: stratumUrl(`stratum2+tcp://127.0.0.1:1/${KEY}`, 'Where.') }),
});
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-check-'));
});

/** What --check says of a configuration in the folder. */
async function check(toml: string) {
  const file = join(folder, 'demo.toml');
  writeFileSync(file, toml);
  const said = { out: '', error: '' };
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv: ['--config', file, '--check'],
    program: 'demo',
    environment: {},
    workingFolder: '/',
    out: (text) => void (said.out += text),
    error: (text) => void (said.error += text),
    onSignal: () => nothing,
    exit: () => {},
    onUncaught: () => nothing,
  };
  const code = await runService({ name: 'demo', config: declared, start: () => ({ close: async () => {} }) }, host);
  return { code, ...said };
}

const identity = '[identity]\nauthority_secret_file = "authority.key"\n';
const writeKey = () =>
  writeSecretFile(join(folder, 'authority.key'), 'authority-secret', new Uint8Array(32).fill(1), []);

describe('--check finds what a start would find in the files that are named, and makes none:', () => {
  test.each([
    ['no identity', '', 'identity.static_key_file: is missing'],
    ['a key that is not there', identity, 'authority.key: there is no such file or folder'],
    ['a token key that holds none', `[job_declaration]\ntoken_key_file = "demo.toml"\n${identity}`, 'demo.toml'],
    ['a token key in no folder', `[job_declaration]\ntoken_key_file = "no/key"\n${identity}`, 'no/key: cannot be made'],
    [
      'a cookie in no folder',
      `${identity}[[nodes]]\nurl = "http://127.0.0.1:1"\ncookie_file = "no/.cookie"\n`,
      'nodes[0].cookie_file: ',
    ],
  ])('%s', async (name, toml, wrong) => {
    if (name !== 'a key that is not there') writeKey();
    expect(await check(toml)).toMatchObject({ code: 2, out: '', error: expect.stringContaining(wrong) });
  });

  test('a key that is no key', async () => {
    writeFileSync(join(folder, 'authority.key'), 'authority-secret 12\n');
    chmodSync(join(folder, 'authority.key'), 0o600);
    expect(await check(identity)).toMatchObject({ code: 2, error: expect.stringContaining('64 hexadecimal digits') });
  });

  test('and is content with what a start would make, or a node that does not run', async () => {
    writeKey();
    const node = '[[nodes]]\nurl = "http://127.0.0.1:1"\ncookie_file = ".cookie"\n';
    const { code, out } = await check(`[job_declaration]\ntoken_key_file = "token.key"\n${identity}${node}`);
    expect([code, out]).toEqual([0, `${join(folder, 'demo.toml')}: ok\n`]);
    expect(existsSync(join(folder, 'token.key'))).toBe(false);
  });
});

test('--check says which servers are not authenticated', async () => {
  writeKey();
  const urls = ['', `/${KEY}`].map((key) => `[[template_providers]]\nurl = "stratum2+tcp://10.0.0.1:8442${key}"\n`);
  const { code, out } = await check(`${identity}${urls.join('')}`);
  expect(code).toBe(0);
  expect(out.split('\n')[0]).toMatch(/^template_providers\[0\]\.url: the URL ends without an authority key/);
  expect(out.split('\n')).toHaveLength(3);
});
