import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Value, WrongValue } from './field.ts';
import { path } from './values.ts';

/**
 * The longest path that a Unix socket can have, in bytes: what the operating system has room for, without the zero at
 * its end. A longer one is cut without a word where it is not refused.
 */
export const SOCKET_PATH_LIMIT = process.platform === 'darwin' ? 103 : 107;

const PREFIX = 'unix:';

/** A Unix socket, which need not be there yet: `/path` or, as Bitcoin Core writes it, `unix:/path`. Relative ones are as for {@link path}. */
export function socketPath(sample: string, help: string): Value<string> {
  const file = path(sample, help);
  return {
    ...file,
    type: 'path of a Unix socket',
    read(raw, origin) {
      if (raw === 'unix' || raw === PREFIX) throw new WrongValue("names no file: write the socket's whole path");
      if (typeof raw === 'string' && raw.includes('://')) throw new WrongValue('is a URL and no path of a Unix socket');
      const given = typeof raw === 'string' && raw.startsWith(PREFIX) ? raw.slice(PREFIX.length) : raw;
      const found = file.read(given, origin);
      const problem = lengthProblem(resolve(found)) ?? kindProblem(found);
      if (problem !== undefined) throw new WrongValue(problem);
      return found;
    },
  };
}

/** What is wrong with the length of a socket's path; ends the sentence `<path> …`. */
function lengthProblem(path: string): string | undefined {
  const length = Buffer.byteLength(path);
  if (length <= SOCKET_PATH_LIMIT) return undefined;
  return (
    `is ${length} bytes long as a whole path, and a Unix socket's may have ${SOCKET_PATH_LIMIT}: ` +
    'start the node with a shorter one, say -ipcbind=unix:/run/bitcoin/node.sock, and name that'
  );
}

/** What is wrong with a path that names something else; what cannot be looked at may be right. */
function kindProblem(path: string): string | undefined {
  try {
    const found = statSync(path);
    if (found.isSocket()) return undefined;
    const kind = found.isDirectory() ? 'a folder' : 'a file';
    return `is ${kind}, not a socket: name the node's, which is node.sock in the folder of its chain unless -ipcbind says otherwise`;
  } catch {
    return undefined;
  }
}
