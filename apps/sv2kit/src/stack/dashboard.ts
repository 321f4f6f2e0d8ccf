import type { Role } from './role.ts';
import { address, quoted } from './config-parts.ts';
import type { Describe } from './describe.ts';
import type { Listening, StackPorts } from './ports.ts';
import { ready } from './ready.ts';
import { counted } from './wording.ts';
import { number, type RoleStatus } from './status.ts';

/** Shows the others; nothing of the stack depends on it. */
export const DASHBOARD = 'dashboard';
export const DASHBOARD_PLAN: Listening = { name: DASHBOARD, words: 'the dashboard', port: 8080 };

/** Where its page is; undefined in a stack without one. */
export function dashboardUrl({ services }: StackPorts): string | undefined {
  const port = services.get(DASHBOARD);
  return port === undefined ? undefined : `http://127.0.0.1:${port}/`;
}

/** Its configuration. @param roles names, in the order in which they are shown */
export function dashboardToml({ services, monitoring }: StackPorts, roles: readonly string[]): string {
  const [port = 0, own = 0] = [services.get(DASHBOARD), monitoring.get(DASHBOARD)];
  const tables = roles.map(
    (name) => `
[[roles]]
name = ${quoted(name)}
url = ${quoted(`http://127.0.0.1:${monitoring.get(name)}`)}
`,
  );
  return `# The stack's dashboard. Written at each start of the stack; copy it before you change it.
# By itself: sv2kit dashboard --config FILE
monitoring = ${address(own)}
listen = ${address(port)}
${tables.join('')}
[log]
level = "info"
format = "json"
`;
}

export function describeDashboard(url: string): Describe {
  return ({ details }) => `${url}, ${counted(number(details, 'readers'), 'page')} open`;
}

/** How it is: what it says of the roles they say for themselves. */
export function serving(status: RoleStatus): RoleStatus {
  if (!status.isServing || status.state !== 'degraded') return status;
  const { reason: _, ...rest } = status;
  return { ...rest, state: 'ok' };
}

/** Resolves to whether it serves; a stack goes on without. */
export async function serves(role: Role, signal: AbortSignal): Promise<boolean> {
  try {
    await ready(role, signal);
    return true;
  } catch {
    // Its row says why.
    return false;
  }
}
