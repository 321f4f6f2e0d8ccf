import { formatAddress, readToken, type ServiceDeps } from '@sv2kit/daemon';
import { loadWeb, type OpenWeb } from '@sv2kit/monitor';
import type { DashboardConfig } from './config.ts';
import type { Dashboard } from './create.ts';
import { Directory } from './directory.ts';
import { discover } from './discovery.ts';
import { EventHub } from './event-hub.ts';
import { Forwarder } from './forwarder.ts';
import { dashboardPage } from './page-folder.ts';
import { RoleNews } from './role-news.ts';
import { dashboardRoutes, type RouteParts } from './routes.ts';
import type { WantedRole } from './watched-role.ts';

const HOW_TO_BUILD = 'npm run build in the repository builds it; then start the dashboard again';

/** Starts everything that a dashboard is made of. */
export async function openDashboard(config: DashboardConfig, deps: ServiceDeps): Promise<Dashboard> {
  const { clock, log } = deps;
  const end = new AbortController();
  const parts = createParts(deps);
  const { directory, hub } = parts;
  const web = await listen(config, deps, parts, end.signal);
  for (const wanted of wantedRoles(config)) directory.add(wanted);
  if (config.roles.length === 0) void discover(directory, clock, end.signal);
  log.info('listening', { ...web.address, page: `http://${formatAddress(web.address)}/` });
  return {
    address: web.address,
    status: () => ({ page: `http://${formatAddress(web.address)}/`, readers: hub.readers, roles: directory.entries() }),
    async close() {
      end.abort();
      directory[Symbol.dispose]();
      hub[Symbol.dispose]();
      await web.close();
    },
  };
}

function createParts(deps: ServiceDeps): RouteParts {
  const { clock, metrics } = deps;
  const hub = new EventHub(clock);
  const news = new RoleNews(deps);
  const told = metrics.counter('sv2_dashboard_events_total', 'Events that roles told.', ['role']);
  const requests = metrics.counter('sv2_dashboard_requests_total', 'Questions to roles, by what came of them.', [
    'role',
    'outcome',
  ]);
  metrics.gauge('sv2_dashboard_event_readers', 'Who reads the events.', [], () => hub.readers);
  const directory: Directory = new Directory(clock, {
    onState(role) {
      hub.tellState(directory.entry(role));
      news.onState(role);
    },
    onRemoved: (role) => news.onRemoved(role),
    onEvent(role, event) {
      const name = directory.nameOf(role);
      if (hub.tell(name, event)) told.inc({ role: name });
    },
  });
  metrics.series('sv2_dashboard_role_reachable', '1 for a role that answers, else 0.', ['role'], () =>
    directory.entries().map(({ name, state }) => [{ role: name }, state === 'reachable' ? 1 : 0] as const),
  );
  return { directory, hub, forwarder: new Forwarder(clock), requests };
}

async function listen(
  config: DashboardConfig,
  deps: ServiceDeps,
  parts: RouteParts,
  end: AbortSignal,
): Promise<OpenWeb> {
  const { createWeb, openWeb, servePage } = await loadWeb();
  const address = config.listen;
  const web = createWeb({
    name: deps.name,
    address,
    token: readToken('token_file', config.tokenFile),
    tokenKey: 'token_file',
    log: deps.log,
    isStopping: () => end.aborted,
  });
  const folder = dashboardPage();
  if (folder === undefined) deps.log.warn('the page is not built', { hint: HOW_TO_BUILD });
  servePage(web, { at: '/', folder, howToBuild: HOW_TO_BUILD });
  dashboardRoutes(web, parts);
  return await openWeb(web, address);
}

/** @throws ConfigError */
function wantedRoles({ roles }: DashboardConfig): WantedRole[] {
  const keys = new Set(roles.flatMap(({ name }) => (name === undefined ? [] : [name])));
  return roles.map(({ name, url, tokenFile }, index) => {
    const key = name ?? freeKey(new URL(url), keys);
    keys.add(key);
    return { key, url, name, token: readToken(`roles[${index}].token_file`, tokenFile) };
  });
}

/** The port says most where all are on one machine. */
function freeKey({ hostname, port, protocol }: URL, taken: ReadonlySet<string>): string {
  const number = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const host = hostname.replaceAll(/[^A-Za-z0-9.-]/g, '');
  const key = [number, `${host}-${number}`].find((each) => !taken.has(each)) ?? `${host}-${number}`;
  for (let count = 2; ; count++) {
    const free = taken.has(key) ? `${key}-${count}` : key;
    if (!taken.has(free)) return free;
  }
}
