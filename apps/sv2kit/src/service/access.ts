import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Machine } from './machine.ts';

/** How a service comes to read what is a Bitcoin node's. */
export type NodeAccess =
  | { readonly kind: 'open' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'unknown'; readonly note: string }
  | { readonly kind: 'closed'; readonly problem: string };

const OTHERS = { read: 0o004, write: 0o002, pass: 0o001 };
const GROUP_SHIFT = 3;

/** @param path a cookie or a socket, absolute */
export function nodeAccess(path: string, machine: Machine): NodeAccess {
  if (!existsSync(path)) {
    const note = `${path} is not there yet: if the service may not read it, name the group that may with --group`;
    return { kind: 'unknown', note };
  }
  const stats = statSync(path);
  const isSocket = stats.isSocket();
  const wanted = isSocket ? OTHERS.read | OTHERS.write : OTHERS.read;
  const folders = foldersOf(path);
  if ((stats.mode & wanted) === wanted && folders.every((folder) => allows(folder, OTHERS.pass))) {
    return { kind: 'open' };
  }
  const group = groupName(stats.gid, machine);
  const forGroup = wanted << GROUP_SHIFT;
  if ((stats.mode & forGroup) !== forGroup) {
    const remedy = isSocket
      ? `startupnotify=chmod 660 ${path}`
      : 'rpccookieperms=group (Bitcoin Core 28 or later), or rpcauth and user and password here';
    return {
      kind: 'closed',
      problem: `${path} is for its owner alone; give its group ${group} a way, in bitcoin.conf: ${remedy}`,
    };
  }
  const barred = folders.find((folder) => !allows(folder, OTHERS.pass) && !passes(folder, stats.gid));
  if (barred !== undefined) {
    return { kind: 'closed', problem: `${barred} does not let the group ${group} through to ${path}: chmod g+x it` };
  }
  if (stats.gid === 0)
    return {
      kind: 'closed',
      problem: `${path} belongs to the group root; give the node a user and a group of its own`,
    };
  return { kind: 'group', group };
}

/** By its name, or its number where it has none. */
function groupName(gid: number, machine: Machine): string {
  const { code, out } = machine.run('getent', ['group', String(gid)]);
  return code === 0 ? (out.split(':')[0] ?? String(gid)) : String(gid);
}

function allows(path: string, bits: number): boolean {
  return (statSync(path).mode & bits) === bits;
}

function passes(folder: string, gid: number): boolean {
  const { mode, gid: own } = statSync(folder);
  return own === gid && (mode & (OTHERS.pass << GROUP_SHIFT)) !== 0;
}

/** All above it, the nearest first. */
function foldersOf(path: string): string[] {
  const folder = dirname(resolve(path));
  return folder === path ? [] : [folder, ...foldersOf(folder)];
}
