import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
export const NO_CHROMIUM = 'no Chromium: install the package chromium, or set CHROMIUM=/path/to/chromium';

/** $CHROMIUM, or the first Chromium on the PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const asked = process.env['CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates =
    asked === undefined ? NAMES.flatMap((name) => folders.map((folder) => join(folder, name))) : [asked];
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** What a page did that it should not have done. */
export interface Misdeeds {
  /** Errors in its console, and exceptions that nobody caught. */
  readonly errors: string[];
  /** Requests to another place than its own. */
  readonly elsewhere: string[];
}

/** A page of its own, without what other pages have stored, and what it does wrong. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly misdeeds: Misdeeds; close(): Promise<void> }> {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
  const misdeeds: Misdeeds = { errors: [], elsewhere: [] };
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') misdeeds.errors.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => void misdeeds.errors.push(String(error)));
  const { origin } = new URL(url);
  page.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== 'data:' && asked.protocol !== 'blob:' && asked.origin !== origin)
      misdeeds.elsewhere.push(asked.href);
  });
  await page.goto(url);
  return { page, misdeeds, close: () => context.close() };
}

/** On the inspector's page of a role: chooses the connection of a device, and finds the shares among its messages. */
export async function sharesOfDevice(page: Page): Promise<Locator> {
  await page
    .getByRole('link', { name: /mining-device/ })
    .first()
    .click();
  return page
    .getByRole('listbox', { name: 'Messages' })
    .getByRole('option', { name: /SubmitShares(?:Standard|Extended)\b/ });
}

export const DESKTOP = { width: 1280, height: 800 } as const;
export const PHONE = { width: 375, height: 740 } as const;
