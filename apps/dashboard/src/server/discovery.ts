import { type Clock, sleep } from '@sv2kit/daemon';
import type { Directory } from './directory.ts';
import { DASHBOARD_LIMITS } from './limits.ts';
import { probe } from './probe.ts';
import { RoleClient } from './role-client.ts';

const { discoverEveryMs, forgetMs, probeMs } = DASHBOARD_LIMITS;
const HOST = '127.0.0.1';
/** Where roles of one machine are monitored. */
const FIRST_PORT = 9080;
const PORTS = Array.from({ length: 20 }, (_, index) => FIRST_PORT + index);
/** A dashboard shows no dashboards. */
const OWN_NAME = 'dashboard';

/** Looks for roles of this machine until the signal aborts; those found stay, though they go away, for a while. */
export async function discover(directory: Directory, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const unknown = PORTS.filter((port) => !directory.has(String(port)));
    await Promise.all(unknown.map((port) => look(port, directory, clock, signal)));
    forget(directory, clock.now());
    await sleep(clock, discoverEveryMs, signal);
  }
}

async function look(port: number, directory: Directory, clock: Clock, signal: AbortSignal): Promise<void> {
  const wanted = { key: String(port), url: `http://${HOST}:${port}` };
  try {
    const outcome = await probe(new RoleClient(wanted, clock), clock, probeMs, signal);
    if (outcome.kind === 'away' || (outcome.kind === 'role' && outcome.name === OWN_NAME)) return;
    // The same role at another port than before: it was started anew.
    const isSame = ({ name, state }: { name: string; state: { state: string } }): boolean =>
      outcome.kind === 'role' && name === outcome.name && state.state === 'unreachable';
    for (const role of directory.roles.filter(isSame)) directory.remove(role);
    directory.add(wanted, outcome);
  } catch {
    // The end.
  }
}

function forget(directory: Directory, nowMs: number): void {
  for (const role of directory.roles) {
    if (role.state.state === 'unreachable' && nowMs - role.state.sinceMs >= forgetMs) directory.remove(role);
  }
}
