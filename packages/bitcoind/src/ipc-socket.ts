import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BitcoindError } from './bitcoind-error.ts';

/** What a Unix socket's path may have on every system we know, in bytes: macOS has the least room. */
const LONGEST_PATH = 103;
const NAME = 'node.sock';

/** Where a node listens for IPC. */
export interface IpcSocket {
  readonly path: string;
  /** Removes what the node leaves behind, and the folder that was made for it. */
  remove(): Promise<void>;
  /** The node did not come up: the socket, if there is one, may be of another that uses the same folder. */
  abandon(): Promise<void>;
}

/**
 * A place for a node's socket: the one asked for, else in the chain's own folder, where Bitcoin Core has it too, else,
 * where that path is too long for a socket, a folder of its own among the temporary ones, which nobody else can enter.
 *
 * @throws BitcoindError when the path asked for is too long
 */
export async function makeIpcSocket(wish: true | string, chainDir: string): Promise<IpcSocket> {
  const path = wish === true ? join(chainDir, NAME) : wish;
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    if (wish === true) return await amongTemporary();
    const text = `${path} is too long for a Unix socket: ${LONGEST_PATH} bytes are the most`;
    throw new BitcoindError('start-failed', text, { path });
  }
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Unless something else has been put there.
  const tidy = async (): Promise<void> => {
    if (wish !== true && made !== undefined) await rmdir(dirname(path)).catch(() => {});
  };
  return {
    path,
    abandon: tidy,
    async remove() {
      await rm(path, { force: true });
      await tidy();
    },
  };
}

async function amongTemporary(): Promise<IpcSocket> {
  const usual = join(tmpdir(), 'sv2kit-XXXXXX', NAME);
  const folder = await mkdtemp(join(Buffer.byteLength(usual) > LONGEST_PATH ? '/tmp' : tmpdir(), 'sv2kit-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { path: join(folder, NAME), remove, abandon: remove };
}
