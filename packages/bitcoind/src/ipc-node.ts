import { delimiter, dirname, join } from 'node:path';
import { type BitcoindBinary, findOnPath, named, probeBinary } from './binary.ts';
import { BitcoindError } from './bitcoind-error.ts';
import { runCommand } from './run-command.ts';

/** What to tell somebody who wants IPC where {@link findIpcNode} finds none. */
export const NO_IPC_NODE =
  'no Bitcoin node with IPC: install Bitcoin Core 31 or later (https://bitcoincore.org/en/download) and put its ' +
  '`bitcoin` on the PATH, or set BITCOIN_NODE=/path/to/bitcoin-node';

/** How a node with IPC is run: as it is, or by Bitcoin Core's wrapper `bitcoin`, which has it in libexec or beside it. */
const WAYS: readonly (readonly string[])[] = [[], ['-m', 'node']];

/**
 * Finds a node that listens on a Unix socket for Bitcoin Core's IPC (`-ipcbind`): `explicit`, else `$BITCOIN_NODE`, else
 * `bitcoin-node`, then `bitcoin` on the PATH. Either name may be of the node itself or of the wrapper `bitcoin`.
 *
 * @returns undefined when there is none on the PATH; see {@link NO_IPC_NODE}
 * @throws BitcoindError when the one that was named does not run, or has no IPC
 */
export async function findIpcNode(
  env: NodeJS.ProcessEnv = process.env,
  explicit?: string,
): Promise<BitcoindBinary | undefined> {
  if (explicit !== undefined) return await probeIpcNode('explicit', explicit);
  const given = env['BITCOIN_NODE'];
  if (given !== undefined && given !== '') return await probeIpcNode('ipc-environment', given);
  for (const program of ['bitcoin-node', 'bitcoin']) {
    const found = await findOnPath(program, env);
    if (found === undefined) continue;
    try {
      return await probeIpcNode('path', found);
    } catch (error) {
      // Another program of that name, or a wrapper without its node: as good as none.
      if (!(error instanceof BitcoindError)) throw error;
    }
  }
  return undefined;
}

async function probeIpcNode(source: BitcoindBinary['source'], command: string): Promise<BitcoindBinary> {
  let hasHelp = false;
  for (const args of WAYS) {
    const help = await helpOf(command, args);
    if (help === undefined) continue;
    hasHelp = true;
    if (!/^\s+-ipcbind=/m.test(help)) continue;
    const hasWallet = /^\s+-disablewallet\b/m.test(help);
    return { ...(await probeBinary(source, command, args)), hasIpc: true, hasWallet };
  }
  throw new BitcoindError('no-ipc', `${named(source, command)} ${await lack(source, command, hasHelp)}`, { command });
}

/** @throws BitcoindError when it does not run, or is something else */
async function lack(source: BitcoindBinary['source'], command: string, hasHelp: boolean): Promise<string> {
  if (hasHelp) {
    const { version } = await probeBinary(source, command, []);
    const sibling = await siblingOf(command);
    const remedy = sibling === undefined ? 'Bitcoin Core 31 has bitcoin-node for it' : `${sibling} has it`;
    return `is no node with IPC but "${version}", without -ipcbind: ${remedy}`;
  }
  // Bitcoin Core's wrapper says its version to two dashes alone.
  await probeBinary(source, command, [], '--version');
  return 'is the wrapper alone: it finds no bitcoin-node in ../libexec or beside it';
}

/** Bitcoin Core's own bitcoin-node, where its releases have it, beside this program of theirs. */
async function siblingOf(command: string): Promise<string | undefined> {
  const folder = dirname(command);
  return await findOnPath('bitcoin-node', { PATH: [join(folder, '..', 'libexec'), folder].join(delimiter) });
}

async function helpOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return await runCommand(command, [...args, '-help']);
  } catch (error) {
    if (error instanceof BitcoindError) return undefined;
    throw error;
  }
}
