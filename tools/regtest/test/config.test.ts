import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, RoleProcess } from '../src/index.ts';
import { type Role, TABLES, wrongs } from './wrong-configs.ts';

const SV2KIT = fileURLToPath(new URL('../../../apps/sv2kit/src/main.ts', import.meta.url));

let folder: string;
/** Holds a port: who tries to listen on it complains of that and of nothing else. */
let taken: Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-config-scenario-'));
  new Authority(folder); // leaves authority.key there
  mkdirSync(join(folder, 'not-a-file'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});

const port = (): number => (taken.address() as AddressInfo).port;

/** Runs `sv2kit ROLE` to its end. */
async function sv2kit(...argv: string[]) {
  await using process = new RoleProcess(SV2KIT, argv, folder);
  const end = await process.end();
  const output = process.log.items.map(({ message }) => message);
  return { end, output, stderr: process.stderr };
}

let files = 0;
function configFile(toml: string): string {
  const name = `config-${(files += 1)}.toml`;
  writeFileSync(join(folder, name), toml);
  return name;
}

/** Everything that could listen would do so on the port that is taken. */
function tomlOf(role: Role, change: Readonly<Record<string, string>>): string {
  const at = `"127.0.0.1:${port()}"`;
  const listens = role === 'mining-device' ? '' : `listen = ${at}`;
  const { top = '', ...tables } = { ...TABLES[role], ...change };
  return [listens, `monitoring = ${at}`, top, ...Object.values(tables)].join('\n');
}

const unusable = (role: Role, ...lines: readonly string[]): string =>
  [`sv2kit ${role}: the configuration cannot be used`, ...lines.map((line) => `  ${line}`), ''].join('\n');

describe('a role ends with 2, before it listens anywhere, and says file, key, what was wrong and what would be right', () => {
  test.concurrent.each(wrongs)('$role: $name', async ({ role, change, says }) => {
    const file = configFile(tomlOf(role, change));
    const { end, output, stderr } = await sv2kit(role, '--config', file);
    expect(stderr).toBe(unusable(role, `${file}: ${says.replace('FOLDER', folder)}`));
    expect(end).toEqual({ kind: 'exit', code: 2 });
    expect(output.filter((line) => line.includes('listen'))).toEqual([]);
  });

  test.concurrent.each(['template-provider', 'pool', 'mining-device'] as const)(
    '%s: a file that is not there',
    async (role) => {
      const { end, output, stderr } = await sv2kit(role, '--config', 'lost.toml');
      expect(stderr).toContain(unusable(role, 'lost.toml: there is no such file'));
      expect({ end, output }).toEqual({ end: { kind: 'exit', code: 2 }, output: [] });
    },
  );

  test.concurrent.each([
    { role: 'template-provider', key: 'listen' },
    { role: 'pool', key: 'listen' },
    { role: 'translator', key: 'listen' },
    { role: 'translator-to-v1', key: 'listen' },
    { role: 'mining-device', key: 'monitoring' },
  ] as const)('$role: a port that is taken, as soon as it tries', async ({ role, key }) => {
    const file = configFile(tomlOf(role, {}));
    const { end, stderr } = await sv2kit(role, '--config', file);
    const next = `for example: ${key} = "127.0.0.1:${port() + 1}"`;
    expect(stderr).toBe(unusable(role, `${file}: ${key}: 127.0.0.1:${port()} is taken by another process; ${next}`));
    expect(end).toEqual({ kind: 'exit', code: 2 });
  });
});

describe('--example is a configuration that --config reads, apart from what only the operator knows:', () => {
  test.concurrent.each([
    { role: 'template-provider', missing: /nodes\[0\]: cannot be reached: /, given: /^#(ipc = )/m },
    { role: 'pool', missing: /coinbase: needs either an address or a descriptor: /, given: /^#(address = )/m },
    { role: 'mining-device', missing: undefined, given: undefined },
    { role: 'translator', missing: undefined, given: undefined },
    { role: 'translator-to-v1', missing: undefined, given: undefined },
  ] as const)('$role', async ({ role, missing, given }) => {
    const example = await sv2kit(role, '--example');
    expect(example).toMatchObject({ end: { kind: 'exit', code: 0 }, stderr: '' });
    const toml = example.output.join('\n');
    if (missing !== undefined) {
      const file = configFile(toml);
      const { end, stderr } = await sv2kit(role, '--config', file, '--check');
      expect(end).toEqual({ kind: 'exit', code: 2 });
      expect(stderr.trim().split('\n').slice(1)).toEqual([expect.stringMatching(missing)]);
    }
    const whole = toml.replace(/^#(authority_secret_file = )/m, '$1');
    const file = configFile(given === undefined ? whole : whole.replace(given, '$1'));
    const { end, output, stderr } = await sv2kit(role, '--config', file, '--check');
    expect({ end, output, stderr }).toEqual({ end: { kind: 'exit', code: 0 }, output: [`${file}: ok`], stderr: '' });
  });
});
