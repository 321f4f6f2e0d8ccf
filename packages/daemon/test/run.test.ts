import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  config,
  type Host,
  runService,
  type ServiceDefinition,
  serviceExample,
  text,
} from '../src/index.ts';

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

test('a key that every service has cannot be declared again', async () => {
  const start = definition.start as never;
  const again = { name: 'demo', config: config({ log: text('', '') }), start };
  await expect(runService(again, fakeHost([]).host)).rejects.toThrow('the key log belongs to every service');
});
