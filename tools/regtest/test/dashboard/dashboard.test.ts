// The dashboard in a real browser, over a live stack: what a person sees of it, and what they do.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { freePorts } from '@sv2kit/bitcoind';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  buildPage,
  findChromium,
  LiveStack,
  NO_CHROMIUM,
  openBrowser,
  PHONE,
  RoleProcess,
  sharesOfDevice,
} from '../../src/index.ts';
import { dashboardOver, look, overhang, violations } from './stage.ts';

const MINING_DEVICE = fileURLToPath(new URL('../../../../apps/mining-device/src/main.ts', import.meta.url));
const START_MS = 300_000;
/** device-1 speaks Stratum V2 to the pool, device-2 mines jobs that are declared, device-3 speaks Stratum V1. */
const DEVICES = ['--devices', '1', '--v1-devices', '1'];
const [BY_DECLARED_JOB, BY_V1] = [/declared by the miner/, /Stratum V1/];
const PAGES = ['', 'workers', 'blocks', 'work', 'topology', 'inspector', 'health'];

const chromium = findChromium();
let stack: LiveStack;
let browser: Browser;
beforeAll(async () => {
  if (chromium === undefined) return;
  await buildPage();
  stack = await LiveStack.start('regtest', ...DEVICES);
  browser = await openBrowser(chromium);
}, START_MS);
afterAll(async () => {
  await browser?.close();
  await stack?.[Symbol.asyncDispose]();
}, START_MS);
beforeEach(({ skip }) => skip(chromium === undefined, NO_CHROMIUM));

/** What a role of the stack itself says. */
async function ask<T>(role: string, path: string): Promise<T> {
  return (await (await fetch(`${stack.monitoring(role)}/${path}`)).json()) as T;
}

describe('each page shows what the roles say', () => {
  test('the overview: hashrate, workers, shares, blocks', () =>
    look(browser, stack.url, async ({ says }) => {
      for (const role of stack.roles.keys()) await says(role);
      await says(/Last minute\s+[\d.]+ [kM]?H\/s/);
      await says('stack.device-1');
      await says(/Accepted\s+\d+/);
    }));

  test('workers: the table, the search, one with its past', () =>
    look(
      browser,
      stack.url,
      async ({ page, says, go, main }) => {
        await go('workers');
        await says('stack.device-1');
        await says('stack.device-3');
        await page.locator('main input[type="search"]').fill('device-3');
        await expect.poll(main).not.toContain('stack.device-1');
        await page.locator('main a', { hasText: 'stack.device-3' }).first().click();
        await expect.poll(() => page.url()).toContain('#/workers/');
        await says('stack.device-3');
        await says(/Accepted/i);
        // Other roles are asked of the worker too, and do not know it.
      },
      { mayFail: true },
    ));

  test('blocks: whose template, who found it, what it pays', () =>
    look(browser, stack.url, async ({ says, go }) => {
      await go('blocks');
      const { items } = await ask<{ items: { hash: string; height: number }[] }>('pool', 'api/v1/blocks');
      const first = items.at(-1);
      await says(`${first?.hash.slice(0, 6)}…`);
      await says(/confirmations/);
      await says('50.000 BTC');
    }));

  test('work: what is mined, what is in it, and how the miner’s template differs from the pool’s', () =>
    look(
      browser,
      stack.url,
      async ({ says, go }) => {
        await go('work');
        await says('Chosen by the pool');
        await says(/declared to the pool/);
        await says('50.000 BTC');
        await go('work/contents');
        await says(/Transactions|no transactions/i);
        await go('work/difference');
        await says(/template-provider/);
        await says(/miner-templates/);
        // A template that is gone by the time it is looked into.
      },
      { mayFail: true },
    ));

  test('topology: every role, where it listens and whose client it is, as a picture and in words', () =>
    look(browser, stack.url, async ({ page, says, go }) => {
      await go('topology');
      for (const role of stack.roles.keys()) await says(role);
      const { items } = await ask<{ items: { port: number }[] }>('pool', 'api/v1/listens');
      await says(`127.0.0.1:${items[0]?.port}`);
      expect(await page.locator('main svg').count()).toBeGreaterThan(0);
    }));

  test('health: every role with its version and its conditions', () =>
    look(browser, stack.url, async ({ says, go }) => {
      await go('health');
      const { version, pid } = await ask<{ version: string; pid: number }>('jd-client', 'api/v1/role');
      await says(`jd-client ${version} · process ${pid}`);
      for (const role of stack.roles.keys()) await says(role);
    }));
});

describe('the inspector', () => {
  test('shows the messages of a V2 connection decoded, the bytes of a field beside it', () =>
    look(browser, stack.url, async ({ page, says, go }) => {
      await go('inspector/pool');
      const share = await sharesOfDevice(page);
      await share.first().waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await share.last().click();
      for (const field of ['channelId', 'jobId', 'nonce', 'ntime']) await says(field);
      const hex = page.locator('main pre').first();
      expect(await hex.innerText()).toMatch(/[0-9a-f]{2} [0-9a-f]{2}/);
    }));

  test('shows the lines of a V1 connection, without passwords', () =>
    look(browser, stack.url, async ({ page, says, go }) => {
      await go('inspector/translator');
      await page
        .getByRole('row', { name: /Stratum V1/ })
        .getByRole('link')
        .first()
        .click();
      await says(/mining\.(?:submit|notify)/);
    }));
});

test('a block on a declared job and one of a V1 device appear while one watches, and are announced', () =>
  look(browser, stack.url, async ({ page, go }) => {
    await go('blocks');
    const rows = (): Promise<string[]> => page.locator('main table').last().locator('tbody tr').allInnerTexts();
    const heightOf = (row: string): number => Number.parseInt(row, 10);
    await expect.poll(async () => (await rows()).length).toBeGreaterThan(0);
    const before = Math.max(...(await rows()).map(heightOf).filter(Number.isFinite));
    const announced = page
      .locator('[aria-live="polite"]', { hasText: /Block \d+ found/ })
      .first()
      .waitFor();
    for (const way of [BY_DECLARED_JOB, BY_V1]) {
      const isNew = (row: string): boolean => heightOf(row) > before && way.test(row);
      await expect.poll(async () => (await rows()).some(isNew)).toBe(true);
    }
    await announced;
  }));

test('a role that is killed while one watches is said to be away, and one that hangs; both come back', async () => {
  const [port = 0] = await freePorts(1);
  const file = join(stack.folder, 'extra.toml');
  const toml = stack
    .config('device-1')
    .replaceAll('device-1', 'extra')
    .replace(/^monitoring = .*$/m, `monitoring = "127.0.0.1:${port}"`);
  writeFileSync(file, toml, { mode: 0o600 });
  const start = (): RoleProcess => new RoleProcess(MINING_DEVICE, ['--config', file], stack.folder);
  const first = start();
  await using dashboard = await dashboardOver(new Map([...stack.roles, ['extra', `http://127.0.0.1:${port}`]]));
  await look(
    browser,
    dashboard.url,
    async ({ page, says, go }) => {
      const status = page.getByRole('status').first();
      await go('health');
      await says(`process ${first.pid}`);
      await first.kill();
      await expect.poll(() => status.innerText()).toContain('extra not reachable');
      await says(/extra: not reachable[^]*connection refused/);
      await using second = start();
      await expect.poll(() => status.innerText()).not.toContain('not reachable');
      await says(`process ${second.pid}`);
      second.signal('SIGSTOP');
      await expect.poll(() => status.innerText()).toContain('extra not reachable');
      await says(/no answer within/);
      // The others are as live as before.
      await go('workers');
      await says('stack.device-1');
      second.signal('SIGCONT');
      await expect.poll(() => status.innerText()).not.toContain('not reachable');
    },
    { mayFail: true },
  );
});

test('the token is asked for, refused when it is wrong, and opens what it is for', async () => {
  const token = 'a-token-that-is-long-enough';
  const file = join(stack.folder, 'dashboard.token');
  writeFileSync(file, token, { mode: 0o600 });
  await using dashboard = await dashboardOver(stack.roles, `token_file = ${JSON.stringify(file)}`);
  await look(
    browser,
    dashboard.url,
    async ({ page, says }) => {
      await says('A token is wanted');
      const field = page.getByLabel('Token');
      await field.fill('another-token-that-is-wrong');
      await field.press('Enter');
      await says('That token was not accepted');
      await field.fill(token);
      await field.press('Enter');
      await says('stack.device-1');
      await page.reload();
      await says('stack.device-1');
    },
    { mayFail: true },
  );
});

test('a role serves the page by itself, at /dashboard/', () =>
  look(browser, `${stack.monitoring('pool')}/dashboard/`, async ({ says, go }) => {
    await says('stack.device-1');
    await go('blocks');
    await says(/confirmations/);
    await go('health');
    await says(/pool [\d.]+ · process/);
  }));

test('everything is reached by keyboard, and one sees where one is', () =>
  look(browser, stack.url, async ({ page, says }) => {
    const focused = (): Promise<string> =>
      page.evaluate<string>('`${document.activeElement.tagName} ${document.activeElement.textContent.trim()}`');
    await says('stack.device-1');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('A Skip to the content');
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).not.toBe('none');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    for (const [key, title] of [
      ['2', 'Workers'],
      ['3', 'Blocks'],
      ['5', 'Topology'],
      ['7', 'Health'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => page.locator('h1').innerText()).toBe(title);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('2');
    await page.locator('main a', { hasText: 'stack.device-1' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('device-1');
    await expect.poll(() => page.locator('main tbody tr').count()).toBe(1);
    const reach = async (): Promise<void> => {
      for (let count = 0; count < 30 && !/^A .*device-1/.test(await focused()); count++)
        await page.keyboard.press('Tab');
    };
    await reach();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('#/workers/');
  }));

test('who types at once loses no letter, however late the page gets to draw', () =>
  look(browser, stack.url, async ({ page, says }) => {
    await page.addInitScript('requestAnimationFrame = () => 0');
    await page.reload();
    await says('stack.device-1');
    const search = page.locator('main input[type="search"]');
    for (const way of ['a page that is loaded now', 'a page that was there already']) {
      await page.keyboard.press('3');
      await expect.poll(() => page.locator('h1').innerText()).toBe('Blocks');
      await page.keyboard.press('2');
      await search.waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('stack');
      await page.waitForURL(/search=stack/);
      await page.keyboard.type('.device-1');
      await expect.poll(() => page.locator('main tbody tr').count(), { message: way }).toBe(1);
      expect(await search.inputValue()).toBe('stack.device-1');
      await page.keyboard.press('Tab');
    }
  }));

describe.each(['light', 'dark'] as const)('in the colours of the device: %s', (colorScheme) => {
  test('every page keeps the rules of accessibility (WCAG 2.2 AA), and fits a phone', () =>
    look(
      browser,
      stack.url,
      async ({ page, go, main }) => {
        const colour = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
        const [red = 0, green = 0, blue = 0] = colour.match(/\d+/g)?.map(Number) ?? [];
        const lightness = (red + green + blue) / 3;
        expect(lightness > 128).toBe(colorScheme === 'light');
        for (const path of PAGES) {
          await go(path);
          await expect
            .poll(
              async () => (await page.locator('main [aria-busy="true"]').count()) === 0 && (await main()).length > 100,
            )
            .toBe(true);
          expect({ path, overhang: await overhang(page) }).toEqual({ path, overhang: 0 });
          // What is still loading is faint.
          await expect
            .poll(async () => ({ path, violations: await violations(page) }))
            .toEqual({ path, violations: [] });
        }
      },
      { viewport: colorScheme === 'light' ? PHONE : { width: 320, height: 640 }, colorScheme },
    ));
});

test('the colours can be chosen, and are kept', () =>
  look(browser, stack.url, async ({ page }) => {
    const theme = () => page.evaluate<string | undefined>('document.documentElement.dataset.theme');
    await page.getByRole('button', { name: /^Colours/ }).click();
    expect(await theme()).toBe('light');
    await page.getByRole('button', { name: /^Colours/ }).click();
    expect(await theme()).toBe('dark');
    await page.reload();
    await expect.poll(theme).toBe('dark');
  }));
