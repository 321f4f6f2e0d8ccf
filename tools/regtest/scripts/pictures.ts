// Makes the pictures in docs/pictures from a live stack:
//   node tools/regtest/scripts/pictures.ts [MINUTES]
// The stack mines for so many minutes first, 4 when nothing is said, so that there is something to see.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import {
  buildPage,
  DESKTOP,
  findChromium,
  LiveStack,
  NO_CHROMIUM,
  openBrowser,
  openPage,
  PHONE,
  sharesOfDevice,
} from '../src/index.ts';

const FOLDER = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url));
/** A README with all of them is to be read over any line. */
const MOST_BYTES = 150_000;
const LOOK_MS = 1000;

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly colors: 'light' | 'dark';
  readonly size: { readonly width: number; readonly height: number };
  /** Before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const desktop = (name: string, path: string, colors: Picture['colors'], prepare?: Picture['prepare']): Picture => ({
  name: `${name}-${colors}`,
  path,
  colors,
  size: DESKTOP,
  ...(prepare === undefined ? {} : { prepare }),
});
const phone = (name: string, path: string, colors: Picture['colors']): Picture => ({
  name: `${name}-phone-${colors}`,
  path,
  colors,
  size: PHONE,
});

const PICTURES: readonly Picture[] = [
  desktop('overview', '', 'light'),
  desktop('overview', '', 'dark'),
  desktop('workers', 'workers', 'light'),
  // Most of it is hashes, which do not compress.
  { ...desktop('blocks', 'blocks', 'light'), size: { ...DESKTOP, height: 560 } },
  desktop('work', 'work', 'light'),
  desktop('difference', 'work/difference', 'light'),
  desktop('topology', 'topology', 'dark'),
  { ...desktop('inspector', 'inspector/pool', 'dark', chooseShare), size: { ...DESKTOP, height: 720 } },
  desktop('health', 'health', 'light'),
  phone('overview', '', 'light'),
  phone('overview', '', 'dark'),
  phone('blocks', 'blocks', 'dark'),
];

/** A share of a device, decoded. */
async function chooseShare(page: Page): Promise<void> {
  const share = await sharesOfDevice(page);
  await share.nth(2).waitFor({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Pause' }).click();
  await share.last().click();
}

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, path, colors, size, prepare } = picture;
  const { page, misdeeds, close } = await openPage(browser, `${url}#/${path}`, { viewport: size, colorScheme: colors });
  await page.locator('main h1').waitFor();
  await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached' });
  await prepare?.(page);
  // Two more answers of every role: figures that come later have come.
  await page.waitForTimeout(6 * LOOK_MS);
  const file = join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file });
  await close();
  const { size: bytes } = statSync(file);
  console.log(`${name}.png: ${bytes} bytes`);
  // A template may be gone when it is asked for.
  const errors = misdeeds.errors.filter((error) => !/404 .*\/(?:templates|jobs)\//.test(error));
  const wrong = [...errors, ...misdeeds.elsewhere];
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.join('; ')}`);
  if (bytes > MOST_BYTES) throw new Error(`${name}.png has ${bytes} bytes, more than ${MOST_BYTES}`);
}

/** Until the pool has had shares in so many minutes. */
async function mined(stack: LiveStack, minutes: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${stack.monitoring('pool')}/api/v1/history?hours=1`);
    const { points = [] } = (await answer.json()) as { points?: readonly { readonly accepted: number }[] };
    if (points.filter(({ accepted }) => accepted > 0).length >= minutes) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const chromium = findChromium();
if (chromium === undefined) throw new Error(NO_CHROMIUM);
mkdirSync(FOLDER, { recursive: true });
await buildPage();
// There its blocks have transactions from the first on.
await using stack = await LiveStack.start('regtest');
await mined(stack, Number(process.argv[2] ?? 4));
const browser = await openBrowser(chromium);
try {
  for (const picture of PICTURES) await take(browser, stack.url, picture);
} finally {
  await browser.close();
}
