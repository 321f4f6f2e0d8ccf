import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  address,
  ConfigError,
  config,
  type Host,
  path,
  runService,
  type ServiceDefinition,
  serviceExample,
  text,
} from '../src/index.ts';
import { dataDirProblem } from '../src/data-dir-problem.ts';
import { listenProblem } from '../src/listen-problem.ts';

const declared = config({ greeting: text('hello', 'What to say.') });
const definition: ServiceDefinition<{ readonly greeting: string }> = {
  name: 'demo',
  summary: 'A service that does nothing.',
  config: declared,
  start: (_config, deps) => {
    deps.finish();
    return { close: () => Promise.resolve() };
  },
};

function fakeHost(argv: readonly string[], environment: Record<string, string> = {}) {
  const output = { out: '', error: '' };
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv,
    program: 'demo',
    environment: { SV2KIT_DEMO__LOG__LEVEL: 'silent', ...environment },
    workingFolder: '/',
    out: (line) => void (output.out += line),
    error: (line) => void (output.error += line),
    onSignal: () => nothing,
    onUncaught: () => nothing,
    exit() {},
  };
  return { host, output };
}

describe('the command line of a service', () => {
  test('what is wrong is told in the words of a program that has options beside --config', async () => {
    const wrong = {
      ...definition,
      config: config({ listen: address('127.0.0.1:1', 'Where.'), mood: address('a:1', 'x') }),
    };
    const options = { listen: '--listen' };
    const told = async (environment: Record<string, string>) => {
      const { host, output } = fakeHost([], environment);
      expect(await runService(wrong as unknown as typeof definition, { ...host, options })).toBe(2);
      return output.error;
    };
    expect(await told({ SV2KIT_DEMO__LISTEN: 'x' })).toBe(
      'demo: --listen: "x" has no port; for example: --listen 127.0.0.1:1\nTry: demo --help\n',
    );
    expect(await told({ SV2KIT_DEMO__LISTEN: 'x', SV2KIT_DEMO__MOOD: 'y' })).toBe(
      'demo:\n  --listen: "x" has no port; for example: --listen 127.0.0.1:1\n' +
        '  SV2KIT_DEMO__MOOD: mood: "y" has no port; for example: mood = "a:1"\nTry: demo --help\n',
    );
  });

  test('--help shows usage, keys, examples and exit codes', async () => {
    const { host, output } = fakeHost(['--help']);
    expect(await runService(definition, host)).toBe(0);
    expect(output.out).toMatchSnapshot();
  });

  test('--example prints the file that --check accepts', async () => {
    const { host, output } = fakeHost(['--example']);
    expect(await runService(definition, host)).toBe(0);
    expect(output.out).toBe(serviceExample(definition));
    const file = join(mkdtempSync(join(tmpdir(), 'sv2kit-run-')), 'demo.toml');
    writeFileSync(file, output.out);
    const check = fakeHost(['--config', file, '--check']);
    expect(await runService(definition, check.host)).toBe(0);
    expect(check.output.out).toBe(`${file}: ok\n`);
  });

  test.each([
    [['--confg', 'x'], '--confg is not an option; did you mean --config?'],
    [['pool.toml'], "Unexpected argument 'pool.toml'"],
    [['--config'], "Option '-c, --config <value>' argument missing"],
  ])('%j is wrong usage: exit code 2', async (argv, message) => {
    const { host, output } = fakeHost(argv);
    expect(await runService(definition, host)).toBe(2);
    expect(output.error).toBe(`demo: ${message}\nTry: demo --help\n`);
  });
});

test('a service that finds its configuration unusable ends with 2', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'sv2kit-run-')), 'demo.toml');
  writeFileSync(file, '');
  const { host, output } = fakeHost(['--config', file]);
  const start = (): never => {
    throw new ConfigError([{ source: '', key: 'greeting', wrong: 'is rude', example: 'greeting = "hello"' }]);
  };
  expect(await runService({ ...definition, start }, host)).toBe(2);
  expect(output.error).toContain(`${file}: greeting: is rude; for example: greeting = "hello"`);
});

describe('an address that cannot be listened on ends a service with 2, and is named with its key:', () => {
  const open = ({ host, port }: { readonly host: string; readonly port: number }) =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject).listen(port, host, () => resolve(server));
    });
  const listening: ServiceDefinition<{ readonly listen: { readonly host: string; readonly port: number } }> = {
    name: 'demo',
    config: config({ listen: address('127.0.0.1:0', 'Where.') }),
    start: async ({ listen }, deps) => {
      const server = await open(listen);
      deps.finish();
      return { close: () => new Promise((resolve) => server.close(() => resolve())) };
    },
  };

  test.each(['LISTEN', 'MONITORING'])('one that another process has (%s)', async (key) => {
    const other = await open({ host: '127.0.0.1', port: 0 });
    const { port } = other.address() as AddressInfo;
    const { host, output } = fakeHost([], { [`SV2KIT_DEMO__${key}`]: `127.0.0.1:${port}` });
    expect(await runService(listening, host)).toBe(2);
    expect(output.error.split('\n')[1]).toBe(
      `  ${key.toLowerCase()}: 127.0.0.1:${port} is taken by another process; for example: ${key.toLowerCase()} = "127.0.0.1:${port + 1}"`,
    );
    other.close();
  });

  test('one that this machine does not have', async () => {
    const { host, output } = fakeHost([], { SV2KIT_DEMO__LISTEN: '192.0.2.1:5' });
    expect(await runService(listening, host)).toBe(2);
    expect(output.error).toContain('  listen: 192.0.2.1:5 is no address of this machine; for example: listen = ');
  });

  test('a name that nobody knows; but not an error of something else', () => {
    const values = { tag: 'x', log: { level: 'info' }, listen: { host: 'pool.invalid', port: 5 } };
    const named = (from: object) =>
      listenProblem(Object.assign(new Error('no'), from), listening.config.fields, values);
    const unknown = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'pool.invalid' };
    expect(named(unknown)).toMatchObject({ key: 'listen', wrong: 'pool.invalid:5 cannot be found: no such name' });
    expect(named({ ...unknown, hostname: 'node.invalid' })).toBeUndefined();
    expect(named({ code: 'EADDRINUSE', syscall: 'listen', port: 6 })).toBeUndefined();
    expect(named({ code: 'ECONNREFUSED', syscall: 'connect', port: 5 })).toBeUndefined();
    expect(named({ code: 'EACCES', syscall: 'open' })).toBeUndefined();
    expect(listenProblem('no', {}, values)).toBeUndefined();
  });
});

describe('a data_dir that cannot be used ends a service with 2, and is named with its key:', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-run-'));
  const keeping: ServiceDefinition<{ readonly dataDir: string }> = {
    name: 'demo',
    config: config({ dataDir: path('demo-data', 'Where.') }),
    start: ({ dataDir }) => {
      mkdirSync(join(dataDir, 'journal'), { recursive: true });
      throw new Error('made');
    },
  };

  test('one that is a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { host, output } = fakeHost([], { SV2KIT_DEMO__DATA_DIR: file });
    expect(await runService(keeping, host)).toBe(2);
    expect(output.error).toContain(
      `  data_dir: ${file} is not a folder, or is below something that is none (ENOTDIR: `,
    );
  });

  test('one of a table, by what the file system or a ledger says; but not an error of something else', () => {
    const values = { listen: { host: 'a', port: 1 }, jdServer: { dataDir: folder, chain: 'signet' } };
    const named = (from: object) => dataDirProblem(Object.assign(new Error('why'), from), values);
    const inside = join(folder, 'journal');
    expect(named({ code: 'EROFS', path: inside })).toEqual({
      source: '',
      key: 'jd_server.data_dir',
      wrong: `${folder} is on a file system that can only be read (why)`,
    });
    expect(named({ code: 'ledger-locked', details: { directory: inside } })?.wrong).toContain('is in use by another');
    expect(named({ code: 'ledger-full', details: { directory: inside } })?.wrong).toBe(
      `${folder} cannot be written: the disk is full (why)`,
    );
    expect(named({ code: 'EROFS', path: `${folder}er` })).toBeUndefined();
    expect(named({ code: 'ledger-corrupted', details: { directory: inside } })).toBeUndefined();
    expect(named({ code: 'EACCES', syscall: 'listen' })).toBeUndefined();
    expect(dataDirProblem('no', values)).toBeUndefined();
    expect(dataDirProblem(undefined, values)).toBeUndefined();
  });
});

test('a key that every service has cannot be declared again', async () => {
  const start = definition.start as never;
  const again = { name: 'demo', config: config({ log: text('', '') }), start };
  await expect(runService(again, fakeHost([]).host)).rejects.toThrow('the key log belongs to every service');
});

test('a configuration that only the service finds unusable ends it before anything listens', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = taken.address() as AddressInfo;
  const { host, output } = fakeHost([], { SV2KIT_DEMO__MONITORING: `127.0.0.1:${port}` });
  const start = (): never => {
    throw new ConfigError([{ source: '', key: 'identity', wrong: 'has no key', example: '' }]);
  };
  expect(await runService({ name: 'demo', config: config({}), start }, host)).toBe(2);
  // Had monitoring been opened first, the taken port would have been the complaint.
  expect(output.error).toContain('identity: has no key');
  taken.close();
});
