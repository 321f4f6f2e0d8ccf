import { UsageError } from '@sv2kit/daemon';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stack } from '../../src/stack/index.ts';
import { parseStackOptions, stackHelp } from '../../src/stack/options.ts';
import { RecordingTerminal } from './support.ts';

describe('options of sv2kit stack', () => {
  test('are a signet, two devices at the pool, one that speaks V1, and no end, unless something is said', () => {
    expect(parseStackOptions([])).toEqual({
      chain: 'signet',
      devices: 2,
      v1Devices: 1,
      v2OnV1: false,
      paths: ['pool-template', 'declared-full-template'],
      dataDir: '.sv2kit/stack',
      json: false,
      dashboard: true,
      payments: true,
      link: 'rpc',
      ports: { services: new Map() },
    });
  });

  test('are read, all of them', () => {
    const argv =
      '--blocks 5 --deadline 60 --devices 4 --v1-devices 3 --regtest --data d --report r.json --bitcoind b --json';
    const ports = '--template-provider-port 1 --pool-port 2 --monitoring-port 3 --jd-server-port 4 --jd-client-port 5';
    const more = '--translator-port 6 --translator-to-v1-port 7 --dashboard-port 8 --v2-on-v1 --ipc';
    expect(parseStackOptions(`${argv} ${ports} ${more} --paths solo,pool-template`.split(' '))).toEqual({
      chain: 'regtest',
      blocks: 5,
      deadlineSeconds: 60,
      devices: 4,
      v1Devices: 3,
      v2OnV1: true,
      dataDir: 'd',
      report: 'r.json',
      bitcoind: 'b',
      json: true,
      dashboard: true,
      payments: true,
      link: 'ipc+rpc',
      paths: ['pool-template', 'solo'],
      ports: {
        services: new Map([
          ['template-provider', 1],
          ['pool', 2],
          ['jd-server', 4],
          ['jd-client', 5],
          ['translator', 6],
          ['translator-to-v1', 7],
          ['dashboard', 8],
        ]),
        monitoring: 3,
      },
    });
  });

  test('leave out the dashboard, which then has no port, and payments', () => {
    expect(parseStackOptions(['--no-dashboard']).dashboard).toBe(false);
    expect(parseStackOptions(['--no-payments']).payments).toBe(false);
    expect(() => parseStackOptions(['--no-dashboard', '--dashboard-port', '8081'])).toThrow(UsageError);
  });

  test('leave RPC out with --ipc-only, whatever else is said of IPC', () => {
    expect(parseStackOptions(['--ipc-only']).link).toBe('ipc');
    expect(parseStackOptions(['--ipc', '--ipc-only']).link).toBe('ipc');
  });

  test.each([
    [['--ipc'], /^sv2kit stack: --ipc: no Bitcoin node with IPC: install [^\n]+ set BITCOIN_NODE=[^\n]+\n$/],
    [['--ipc-only', '--bitcoind', '/no/such'], /^sv2kit stack: --ipc-only: \/no\/such does not run: [^\n]+\n$/],
  ])('with %j but no such node are refused in one line, by a code of its own', async (argv, words) => {
    vi.stubEnv('PATH', '/no/such').stubEnv('BITCOIN_NODE', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    const terminal = new RecordingTerminal();
    expect(await stack(argv, terminal)).toBe(3);
    expect(terminal.written).toBe('');
    expect(terminal.complained).toMatch(words);
  });

  test('take all paths by one word', () => {
    expect(parseStackOptions(['--paths', 'all']).paths).toHaveLength(4);
  });

  test('bound a run that is to end: ten minutes with --blocks', () => {
    expect(parseStackOptions(['--blocks', '1']).deadlineSeconds).toBe(600);
  });

  test.each([
    ['--blocks 0', '--blocks 0: a whole number from 1 to 1000000 is wanted'],
    ['--blocks many', '--blocks many: a whole number from 1 to 1000000 is wanted'],
    ['--devices 1.5', '--devices 1.5: a whole number from 0 to 64 is wanted'],
    ['--v1-devices 65', '--v1-devices 65: a whole number from 0 to 64 is wanted'],
    ['--devices 0 --v1-devices 0', "--devices 0 --v1-devices 0: nobody would mine the pool's template; see --paths"],
    ['--deadline -3', "Option '--deadline' argument is ambiguous"],
    ['--pool-port 65536', '--pool-port 65536: a whole number from 1 to 65535 is wanted'],
    ['--data=', '--data: a path is wanted'],
    [
      '--paths solo,pol',
      "--paths solo,pol: 'pol' is none of pool-template, declared-full-template, coinbase-only, solo",
    ],
    ['--paths coinbase_only', 'did you mean coinbase-only?'],
    ['--reprot x', '--reprot is not an option; did you mean --report?'],
  ])('that are wrong are named in one line: %s', (argv, message) => {
    const parse = (): unknown => parseStackOptions(argv.split(' '));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });

  test('are all in the help, with examples', async () => {
    const terminal = new RecordingTerminal();
    expect(await stack(['--blocks', '--help'], terminal)).toBe(0);
    expect(terminal.written).toBe(stackHelp);
    for (const name of [
      'blocks',
      'deadline',
      'devices',
      'v1-devices',
      'v2-on-v1',
      'regtest',
      'data',
      'report',
      'bitcoind',
      'json',
      'pool-port',
      'jd-server-port',
      'jd-client-port',
      'translator-port',
      'paths',
    ]) {
      expect(stackHelp).toContain(`--${name}`);
    }
    expect(stackHelp).toContain('Examples:');
  });
});
