import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createMetrics,
  Health,
  Latencies,
  parseConfig,
  type ServiceDeps,
  silentLogger,
  systemClock,
} from '@sv2kit/daemon';
import { Events, openMonitor, pageOf } from '@sv2kit/monitor';
import { createDashboard, dashboardConfig, type Dashboard } from '../../src/index.ts';

export interface Stage extends AsyncDisposable {
  readonly dashboard: Dashboard;
  readonly health: Health;
  readonly metrics: ServiceDeps['metrics'];
  /** What is answered at a path of the dashboard. */
  get(path: string, init?: RequestInit): Promise<Response>;
  json(path: string, init?: RequestInit): Promise<Record<string, unknown>>;
}

/** A dashboard in this process. @param toml beside its address */
export async function openStage(toml: string): Promise<Stage> {
  const health = new Health(systemClock);
  const metrics = createMetrics();
  const deps: ServiceDeps = {
    name: 'dashboard',
    log: silentLogger,
    metrics,
    health,
    latencies: new Latencies(),
    events: new Events(),
    clock: systemClock,
    signal: new AbortController().signal,
    finish: () => {},
    fail: () => {},
  };
  const config = parseConfig(dashboardConfig, `listen = "127.0.0.1:0"\n${toml}`, { name: 'dashboard' });
  const dashboard = await createDashboard(config, deps);
  health.started();
  const get: Stage['get'] = (path, init) => fetch(`http://127.0.0.1:${dashboard.address.port}${path}`, init);
  return {
    dashboard,
    health,
    metrics,
    get,
    json: async (path, init) => (await (await get(path, init)).json()) as Record<string, unknown>,
    [Symbol.asyncDispose]: () => dashboard.close(),
  };
}

export interface Role extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly events: Events;
}

/** A role that has jobs and tells events. @param port 0 for any */
export async function openRole(
  name: string,
  { port = 0, token }: { port?: number; token?: string } = {},
): Promise<Role> {
  const events = new Events();
  const monitor = await openMonitor({
    address: { host: '127.0.0.1', port },
    token,
    name,
    version: '0.1.0',
    startedAtMs: Date.now(),
    clock: systemClock,
    log: silentLogger,
    events,
    metricsText: async () => 'up 1\n',
    health: () => ({ state: 'ok', serving: true, conditions: [] }),
    status: async () => ({ name }),
    api: () => ({
      jobs: (page) =>
        pageOf([1, 2, 3], page, (id) => ({ id: String(id), origin: 'pool', state: 'active', createdAtMs: 0 })),
    }),
  });
  return {
    url: `http://127.0.0.1:${monitor.address.port}`,
    port: monitor.address.port,
    events,
    [Symbol.asyncDispose]: () => monitor.close(),
  };
}

/** A server that does what a role would not. */
export async function openStranger(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers as a role does that is asked who it is, and tells no events. */
export function aboutItself(request: IncomingMessage, response: ServerResponse, name = 'pool'): boolean {
  if (request.url === '/api/v1/role') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ name }));
    return true;
  }
  if (request.url?.startsWith('/api/v1/events') !== true) return false;
  response.setHeader('content-type', 'text/event-stream').write(':\n\n');
  return true;
}

export const rolesToml = (roles: Readonly<Record<string, string>>, more = ''): string =>
  Object.entries(roles)
    .map(([name, url]) => `[[roles]]\nname = "${name}"\nurl = "${url}"\n${more}\n`)
    .join('');

/** Reads a stream of events until one fulfils a wish. */
export async function* eventsOf(
  response: Response,
): AsyncGenerator<{ event: string; id?: string; data: Record<string, unknown> }> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      text = text.slice(end + 2);
      const [event, id, data] = [fields.get('event'), fields.get('id'), fields.get('data')];
      if (event !== undefined && data !== undefined)
        yield { event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) };
    }
  }
}
