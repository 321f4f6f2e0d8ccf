import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { createDashboard, dashboardConfig } from '@sv2kit/dashboard';
import { systemClock } from '@sv2kit/daemon';
import { expect } from 'vitest';
import { openPage, RoleHere } from '../../src/index.ts';

/** The rules that a page is held to. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** What Chromium says of every answer that is no success, whatever the page makes of it. */
const ANSWERS = /^Failed to load resource: the server responded with a status of (?:401|404|502|503)/;

export interface Seen {
  readonly page: Page;
  /** What the page is about, as text. */
  main(): Promise<string>;
  /** Until the page says it. */
  says(words: string | RegExp): Promise<void>;
  go(path: string): Promise<void>;
}

/** Opens a page, and holds it afterwards to having made no error and asked nobody else. */
export async function look(
  browser: Browser,
  url: string,
  visit: (seen: Seen) => Promise<void>,
  options: NonNullable<Parameters<typeof openPage>[2]> & { readonly mayFail?: boolean } = {},
): Promise<void> {
  const { mayFail = false, ...context } = options;
  const { page, misdeeds, close } = await openPage(browser, url, context);
  try {
    const main = (): Promise<string> => page.locator('main').innerText();
    await visit({
      page,
      main,
      says: (words) => expect.poll(main, { timeout: 30_000 }).toMatch(words),
      go: async (path) => void (await page.goto(`${url}#/${path}`)),
    });
    const errors = misdeeds.errors.filter((error) => !(mayFail && ANSWERS.test(error)));
    expect({ errors, elsewhere: misdeeds.elsewhere }).toEqual({ errors: [], elsewhere: [] });
  } finally {
    await close();
  }
}

/** What a rule finds wrong, and with which elements. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(
    async (values) =>
      await (globalThis as unknown as { axe: typeof axe }).axe.run({ runOnly: { type: 'tag', values } }),
    RULES,
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}: ${node.failureSummary}`),
  );
}

/** By how many pixels the page is wider than what one sees of it. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** A dashboard over roles, in this process. @param toml before the roles */
export async function dashboardOver(roles: ReadonlyMap<string, string>, toml = '') {
  const tables = [...roles].map(([name, url]) => `[[roles]]\nname = "${name}"\nurl = "${url}"\n`).join('');
  const definition = { name: 'dashboard', config: dashboardConfig, create: createDashboard };
  const role = await RoleHere.start(definition, `listen = "127.0.0.1:0"\n${toml}\n${tables}`, systemClock);
  return Object.assign(role, { url: `http://127.0.0.1:${role.service.address.port}/` });
}
