import { formatAddress, run, UsageError } from '@sv2kit/daemon';
import { createDashboard, dashboardConfig, dashboardPage } from '@sv2kit/dashboard';
import type { Terminal } from './terminal.ts';

const PROGRAM = 'sv2kit dashboard';
const SUMMARY = `Shows what the roles do, on a page for browsers.

       ${PROGRAM}                                 the roles of 127.0.0.1:9080 to 9099
       ${PROGRAM} http://127.0.0.1:9080 http://…  those that are monitored there`;

/**
 * `sv2kit dashboard [URL…]`: as a service with --config, else at once over what is there.
 *
 * @returns the exit code
 * @throws UsageError for a word that is no URL
 */
export async function dashboard(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { urls, rest } = readWords(argv);
  const start: typeof createDashboard = async (config, deps) => {
    const roles =
      urls.length === 0 ? config.roles : urls.map((url) => ({ name: undefined, url, tokenFile: undefined }));
    const opened = await createDashboard({ ...config, roles }, deps);
    if (rest.length === 0) terminal.out(`Dashboard: http://${formatAddress(opened.address)}/ (Ctrl-C stops it)\n`);
    return opened;
  };
  const definition = { name: 'dashboard', summary: SUMMARY, config: dashboardConfig, start };
  return await run(definition, {
    program: PROGRAM,
    argv: rest,
    page: dashboardPage(),
    ...(rest.length === 0 && { options: {} }),
  });
}

/** Words that name roles, and all that is for every service. */
function readWords(argv: readonly string[]): { readonly urls: readonly string[]; readonly rest: readonly string[] } {
  const urls: string[] = [];
  const rest: string[] = [];
  for (const [index, word] of argv.entries()) {
    const isValue = ['-c', '--config'].includes(argv[index - 1] ?? '');
    if (word.startsWith('-') || isValue) rest.push(word);
    else urls.push(roleUrl(word));
  }
  return { urls, rest };
}

/**
 * Where a role is monitored: `127.0.0.1:9080` is meant as http://127.0.0.1:9080, and so is the page that it serves there.
 *
 * @throws UsageError
 */
export function roleUrl(word: string): string {
  const url = URL.parse(word.includes('://') ? word : `http://${word}`);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search === '') {
    const page = /\/dashboard\/?$/.exec(url.pathname);
    if (page !== null) return new URL(`${url.pathname.slice(0, page.index)}/`, url).href;
    if (url.hash === '') return url.href;
  }
  throw new UsageError(`${word}: the address of a role's monitoring is wanted, as http://127.0.0.1:9080`);
}
