import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roles, sv2kit } from '@sv2kit/sv2kit';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../systemd', import.meta.url));
const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const services = [...roles.map(({ name }) => name), 'solo'];
const fileOf = (service: string): string => `sv2kit-${service}.service`;
/** In tenths: of 10, where systemd begins to call a service exposed at 5. */
const MOST_EXPOSURE = 20;

async function shown(service: string): Promise<string> {
  let text = '';
  const terminal = {
    out: (more: string) => void (text += more),
    error() {},
    input: () => new Uint8Array(),
    now: () => 0,
  };
  expect(await sv2kit(['service', 'show', service], terminal)).toBe(0);
  return text;
}

test.each(services)('the unit of the %s is what sv2kit service show prints', async (service) => {
  expect(readFileSync(join(folder, fileOf(service)), 'utf8')).toBe(await shown(service));
});

test('there is a unit for every role, and no other', () => {
  expect(readdirSync(folder).toSorted()).toEqual(services.map(fileOf).toSorted());
});

describe('what systemd says of the units', () => {
  const version = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout?.match(
    /^systemd (\d+)/,
  )?.[1];
  // Without it there is nobody to ask; --offline came with 250.
  const isThere = Number(version ?? 0) >= 250;
  if (!isThere) console.log(`systemd-analyze 250 or later is not here (${version ?? 'none'}): units are not verified`);
  const units = isThere ? services : [];
  const analyze = (args: readonly string[], service: string) => {
    const copy = mkdtempSync(join(tmpdir(), 'sv2kit-units-'));
    const text = readFileSync(join(folder, fileOf(service)), 'utf8');
    // It looks for the program, which is here instead of where it will be.
    writeFileSync(join(copy, fileOf(service)), text.replaceAll('/opt/sv2kit/', checkout));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, join(copy, fileOf(service))], {
      encoding: 'utf8',
    });
    return { status, said: `${stdout}${stderr}` };
  };

  test('each can be loaded', { timeout: 60_000 }, () => {
    for (const service of units) expect(analyze(['verify', '--man=no'], service)).toEqual({ status: 0, said: '' });
  });

  test(`the exposure of each is at most ${MOST_EXPOSURE / 10} of 10`, { timeout: 60_000 }, () => {
    for (const service of units) {
      const { status, said } = analyze(
        ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, '--no-pager'],
        service,
      );
      expect(status, said).toBe(0);
    }
  });
});
