import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { freePorts } from '@sv2kit/bitcoind';
import { CommandError } from '../command.ts';
import type { ServicePlan } from './plan.ts';
import type { PortClaims } from './port-claims.ts';

/** Where the roles listen, all on the loopback address. */
export interface StackPorts {
  readonly services: ReadonlyMap<string, number>;
  readonly monitoring: ReadonlyMap<string, number>;
}

/** Ports that were asked for: by service, and the first of the monitoring ones. */
export interface PortWishes {
  readonly services: ReadonlyMap<string, number>;
  readonly monitoring?: number;
}

/** A role that listens. */
export type Listening = Pick<ServicePlan, 'name' | 'words' | 'port'>;

const FIRST_MONITORING_PORT = 9080;

/**
 * Gives every role its ports. A default that is taken is replaced, which `notice` is told; one that was asked for is not.
 *
 * @param monitored names, in the order of their ports
 * @param claims to be held until the roles listen
 * @throws CommandError naming port and holder
 */
export async function choosePorts(
  wishes: PortWishes,
  services: readonly Listening[],
  monitored: readonly string[],
  notice: (text: string) => void,
  claims: PortClaims,
): Promise<StackPorts> {
  const chosen = new Set<number>();
  const choose = async (what: string, wanted: number, isAsked: boolean): Promise<number> => {
    let port = wanted;
    if (chosen.has(wanted) || wanted > 65_535 || !(await claims.claim(wanted)) || !(await isFree(wanted))) {
      const holder = chosen.has(wanted) ? 'another role of this stack' : await holderOf(wanted);
      if (isAsked) throw new CommandError(`port ${wanted} for ${what} is taken by ${holder}`);
      do [port = 0] = await freePorts(1);
      while (chosen.has(port) || !(await claims.claim(port)));
      notice(`port ${wanted} is taken by ${holder}: ${what} gets ${port}`);
    }
    chosen.add(port);
    return port;
  };
  const ports = { services: new Map<string, number>(), monitoring: new Map<string, number>() };
  for (const { name, words, port } of services) {
    const asked = wishes.services.get(name);
    ports.services.set(name, await choose(words, asked ?? port, asked !== undefined));
  }
  const { monitoring } = wishes;
  for (const [index, role] of monitored.entries()) {
    const wanted = (monitoring ?? FIRST_MONITORING_PORT) + index;
    ports.monitoring.set(role, await choose(`the monitoring of ${role}`, wanted, monitoring !== undefined));
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Which process listens on a port, in words. Linux tells; elsewhere, and of other users, it stays unknown. */
async function holderOf(port: number): Promise<string> {
  try {
    const inodes = await listeningInodes(port);
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || !(await holdsOneOf(pid, inodes))) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
      return `process ${pid} (${name})`;
    }
  } catch {
    // No /proc here.
  }
  return 'another process or stack';
}

async function listeningInodes(port: number): Promise<Set<string>> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(table, 'utf8')).split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(wanted) === true && state === '0A' && inode !== undefined) inodes.add(`socket:[${inode}]`);
    }
  }
  return inodes;
}

async function holdsOneOf(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  try {
    for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (inodes.has(target)) return true;
    }
  } catch {
    // Ended meanwhile, or somebody else's.
  }
  return false;
}
