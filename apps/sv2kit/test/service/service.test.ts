import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { install } from '../../src/service/install.ts';
import type { Machine, Ran } from '../../src/service/machine.ts';
import type { Place } from '../../src/service/place.ts';
import { readRequest } from '../../src/service/request.ts';
import { uninstall } from '../../src/service/uninstall.ts';

let root: string;
let said: string;
let ran: string[];
const terminal = {
  out: (text: string) => void (said += text),
  error: (text: string) => void (said += text),
  input: () => new Uint8Array(),
  now: () => 0,
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sv2kit-service-'));
  mkdirSync(join(root, 'etc'));
  [said, ran] = ['', []];
});

/** A machine whose folders are in a temporary one, and whose programs do nothing. */
function machineOf(
  over: Partial<Machine> = {},
  answer: (command: string) => Ran = () => ({ code: 0, out: '' }),
): Machine {
  const at = (name: string): string => join(root, name);
  return {
    platform: 'linux',
    uid: 0,
    hasSystemd: true,
    folders: {
      units: at('units'),
      userUnits: at('user-units'),
      sysusers: at('sysusers'),
      configuration: at('etc'),
      state: at('var/sv2kit'),
    },
    run(command, args) {
      ran.push([command, ...args].join(' '));
      return answer(command);
    },
    ...over,
  };
}

const PLACE: Place = { root: '/usr', node: process.execPath, main: '/etc/hostname' };

/** The device's configuration is the one that needs no file; the others' are checked in the same way. */
function write(name: string, text: string): string {
  const file = join(root, 'etc', name);
  writeFileSync(file, text);
  return file;
}
const DEVICE = '[[upstreams]]\nurl = "stratum2+tcp://127.0.0.1:3336"\n';
const poolOf = (dataDir: string): string => `chain = "signet"
data_dir = "${dataDir}"
drain_seconds = 60
listen = "0.0.0.0:443"
[identity]
static_key_file = "pool.key"
certificate_file = "pool.cert"
[[template_providers]]
url = "stratum2+tcp://127.0.0.1:8442"
[coinbase]
address = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
`;

/** Where the tests run is no place for a service: these faults are of that. */
async function installing(argv: readonly string[], machine: Machine): Promise<unknown> {
  try {
    return await install(await readRequest(argv), terminal, machine, PLACE);
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

test('a service of the account is checked, written, enabled and started, in this order', async () => {
  const file = write('device.toml', DEVICE);
  const machine = machineOf({ uid: 1000 });
  expect(await installing(['mining-device', '--config', file, '--user', '--start'], machine)).toBe(0);
  expect(ran).toEqual([
    `${PLACE.node} ${PLACE.main} mining-device --config ${file} --check`,
    'systemctl --user daemon-reload',
    'systemctl --user enable --quiet sv2kit-mining-device.service',
    'systemctl --user restart sv2kit-mining-device.service',
  ]);
  const unit = readFileSync(join(root, 'user-units/sv2kit-mining-device.service'), 'utf8');
  expect(unit).toContain(`ExecStart=${PLACE.node} ${PLACE.main} mining-device --config ${file}\n`);
  expect(unit).not.toContain('\nUser=');
});

test('nothing is written for a configuration that the service could not start with', async () => {
  const file = write('device.toml', DEVICE);
  const machine = machineOf({}, () => ({ code: 2, out: 'url: is wrong' }));
  expect(await installing(['mining-device', '--config', file, '--user'], machine)).toMatch(
    /cannot be started.*is wrong$/,
  );
  expect(existsSync(join(root, 'user-units'))).toBe(false);
});

test('a configuration that cannot be read is refused with its key', async () => {
  const file = write('device.toml', 'nonsense = 1\n');
  expect(await installing(['mining-device', '--config', file], machineOf())).toMatch(/nonsense: is not a known key/);
});

test('a dry run shows every step and the unit, and does nothing', async () => {
  const file = write('pool.toml', poolOf(join(root, 'var/sv2kit/pool')));
  await installing(
    ['pool', '--config', file, '--dry-run', '--group', 'bitcoin'],
    machineOf({ uid: 1000, hasSystemd: false }),
  );
  expect(ran).toEqual([]);
  expect(existsSync(join(root, 'units'))).toBe(false);
  expect(said).toContain('systemd-sysusers');
  expect(said).toContain('SupplementaryGroups=bitcoin\n');
  expect(said, 'drain_seconds and a margin').toContain('TimeoutStopSec=85\n');
  expect(said, 'a port below 1024').toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE\n');
  expect(said).toContain('StateDirectory=sv2kit/pool sv2kit/shared\n');
});

test("what was put back out of a backup becomes the service's own, whoever put it back", async () => {
  const own = join(root, 'var/sv2kit/pool');
  const argv = ['pool', '--config', write('pool.toml', poolOf(own)), '--dry-run'];
  await installing(argv, machineOf());
  expect(said).not.toContain('chown -Rh');
  mkdirSync(own, { recursive: true });
  await installing(argv, machineOf());
  expect(said).toContain(`chown -Rh sv2kit:sv2kit ${own}\n`);
});

test('data among the configurations is refused with the line to write', async () => {
  const file = write('pool.toml', poolOf('pool-data'));
  const refusal = await installing(['pool', '--config', file], machineOf());
  expect(refusal).toContain(`say data_dir = "${join(root, 'var/sv2kit/pool')}" in ${file}`);
  expect(ran).toEqual([]);
});

test('a place that does not last, no root and no systemd are refused in words', async () => {
  const file = write('device.toml', DEVICE);
  expect(await installing(['mining-device', '--config', file], machineOf({ uid: 1000 }))).toMatch(
    /is in a folder that does not last[^]*wants root/,
  );
  const container = machineOf({ hasSystemd: false });
  expect(await installing(['mining-device', '--config', file, '--user'], container)).toMatch(/make this its command/);
  const mac = machineOf({ platform: 'darwin', hasSystemd: false });
  expect(await installing(['mining-device', '--config', file, '--user'], mac)).toMatch(/launchd/);
});

test("somebody else's unit is neither overwritten nor removed", async () => {
  const file = write('device.toml', DEVICE);
  mkdirSync(join(root, 'user-units'));
  writeFileSync(join(root, 'user-units/sv2kit-mining-device.service'), '[Unit]\n');
  const machine = machineOf();
  expect(await installing(['mining-device', '--config', file, '--user'], machine)).toMatch(/was not written by this/);
  const removal = { name: 'mining-device', isUser: true, isDryRun: false };
  expect(() => uninstall(removal, terminal, machine)).toThrow(/remove it by hand/);
});

test('a service is stopped before its unit goes', async () => {
  const file = write('device.toml', DEVICE);
  const machine = machineOf();
  await installing(['mining-device', '--config', file, '--user'], machine);
  ran = [];
  expect(uninstall({ name: 'mining-device', isUser: true, isDryRun: false }, terminal, machine)).toBe(0);
  expect(ran).toEqual([
    'systemctl --user disable --now --quiet sv2kit-mining-device.service',
    `rm ${join(root, 'user-units/sv2kit-mining-device.service')}`,
    'systemctl --user daemon-reload',
  ]);
});
