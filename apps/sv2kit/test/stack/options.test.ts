import { UsageError } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { stack } from '../../src/stack/index.ts';
import { parseStackOptions, stackHelp } from '../../src/stack/options.ts';
import { RecordingTerminal } from './support.ts';

describe('options of sv2kit stack', () => {
  test('are a signet, two devices and no end, unless something is said', () => {
    expect(parseStackOptions([])).toEqual({
      chain: 'signet',
      devices: 2,
      dataDir: '.sv2kit/stack',
      json: false,
      ports: {},
    });
  });

  test('are read, all of them', () => {
    const argv = '--blocks 5 --deadline 60 --devices 4 --regtest --data d --report r.json --bitcoind b --json';
    const ports = '--template-provider-port 1 --pool-port 2 --monitoring-port 3';
    expect(parseStackOptions(`${argv} ${ports}`.split(' '))).toEqual({
      chain: 'regtest',
      blocks: 5,
      deadlineSeconds: 60,
      devices: 4,
      dataDir: 'd',
      report: 'r.json',
      bitcoind: 'b',
      json: true,
      ports: { templateProvider: 1, pool: 2, monitoring: 3 },
    });
  });

  test('bound a run that is to end: ten minutes with --blocks', () => {
    expect(parseStackOptions(['--blocks', '1']).deadlineSeconds).toBe(600);
  });

  test.each([
    ['--blocks 0', '--blocks 0: a whole number from 1 to 1000000 is wanted'],
    ['--blocks many', '--blocks many: a whole number from 1 to 1000000 is wanted'],
    ['--devices 1.5', '--devices 1.5: a whole number from 1 to 64 is wanted'],
    ['--deadline -3', "Option '--deadline' argument is ambiguous"],
    ['--pool-port 65536', '--pool-port 65536: a whole number from 1 to 65535 is wanted'],
    ['--data=', '--data: a path is wanted'],
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
      'regtest',
      'data',
      'report',
      'bitcoind',
      'json',
      'pool-port',
    ]) {
      expect(stackHelp).toContain(`--${name}`);
    }
    expect(stackHelp).toContain('Examples:');
  });
});
