import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../host.ts';
import { IpcError } from './ipc-error.ts';
import { IPC_LIMITS } from './limits.ts';

const HOW = 'start the node with -ipcbind=unix (bitcoin -m node, or bitcoin-node)';
const WHERE = "which is node.sock in the chain's own data folder unless -ipcbind says otherwise";

/**
 * Connects to a unix socket.
 *
 * @throws {@link IpcError} `path-too-long`, `socket-missing`, `socket-refused`, `permission-denied`, `not-a-socket`,
 * `timeout`, `disconnected`
 */
export async function openSocket(path: string, clock: Clock): Promise<Socket> {
  checkLength(path);
  await checkKind(path);
  return await new Promise((resolve, reject) => {
    const socket = connect({ path });
    const done = (error?: IpcError): void => {
      timer[Symbol.dispose]();
      socket.off('connect', connected);
      socket.off('error', failed);
      // Whoever gets it listens a moment later.
      socket.on('error', () => {});
      if (error === undefined) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    const timer = clock.after(IPC_LIMITS.connectTimeoutMs, () => {
      const text =
        `nobody took the connection to ${path} in ${IPC_LIMITS.connectTimeoutMs / 1_000} s: ` +
        'see whether the node hangs, and restart it then';
      done(new IpcError('timeout', text, { path }));
    });
    const connected = (): void => done();
    const failed = (cause: Error): void => done(socketFailure(path, cause));
    socket.once('connect', connected);
    socket.once('error', failed);
  });
}

/** libuv cuts a longer path off and then finds no socket there: it is looked at before. */
function checkLength(path: string): void {
  const length = Buffer.byteLength(path);
  const max = process.platform === 'linux' ? IPC_LIMITS.linuxPathBytes : IPC_LIMITS.otherPathBytes;
  if (length <= max) return;
  const text =
    `the path of the node's socket has ${length} bytes and ${max} is the most that the system takes: ` +
    `give the socket a shorter one (-ipcbind=unix:/run/bitcoin/node.sock) in place of ${path}`;
  throw new IpcError('path-too-long', text, { path, length, max });
}

async function checkKind(path: string): Promise<void> {
  try {
    const found = await stat(path);
    if (found.isSocket()) return;
    const kind = found.isDirectory() ? 'a folder' : 'a file';
    const text = `${path} is ${kind}, not a socket: name the node's socket, ${WHERE}`;
    throw new IpcError('not-a-socket', text, { path });
  } catch (error) {
    throw error instanceof IpcError ? error : socketFailure(path, error);
  }
}

/** What the system says when a socket cannot be connected to, as one of ours. */
export function socketFailure(path: string, cause: unknown): IpcError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const details = { path, system: code };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ERR_INVALID_ARG_VALUE': {
      const text = `there is no socket at ${path}: ${HOW}, or correct the path, ${WHERE}`;
      return new IpcError('socket-missing', text, details, { cause });
    }
    case 'ECONNREFUSED':
      return new IpcError(
        'socket-refused',
        `nobody listens at ${path}, the node is down or runs without IPC: ${HOW}`,
        details,
        { cause },
      );
    case 'EAGAIN': {
      const text =
        `the node at ${path} takes no connections, too many wait for it: ` +
        'see in its debug.log whether it hangs, and restart it then';
      return new IpcError('overloaded', text, details, { cause });
    }
    case 'EACCES':
    case 'EPERM': {
      const text =
        `no permission to open ${path}: run as the node's user, or let the node share its socket ` +
        `(-startupnotify="chgrp <group> <socket>; chmod 0660 <socket>", in a folder that the group may enter)`;
      return new IpcError('permission-denied', text, details, { cause });
    }
    default: {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new IpcError('disconnected', `cannot connect to ${path} (${why}): see that the node runs`, details, {
        cause,
      });
    }
  }
}
