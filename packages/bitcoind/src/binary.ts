import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BitcoindError } from './bitcoind-error.ts';
import { lastLine, runCommand } from './run-command.ts';

/** A bitcoind that has been seen to run: start it with `command`, then `args`, then the options of the day. */
export interface BitcoindBinary {
  readonly command: string;
  /** What must stand before bitcoind's own options; not empty where it runs through an unpacked loader. */
  readonly args: readonly string[];
  /** The first line of `bitcoind -version`. */
  readonly version: string;
  readonly source: 'explicit' | 'environment' | 'ipc-environment' | 'path' | 'debian';
  /** Whether it is known to listen for IPC (`-ipcbind`). */
  readonly hasIpc?: boolean;
  /** False when it was seen to be built without a wallet, and so may not know the options of one. */
  readonly hasWallet?: boolean;
}

/** Runs `bitcoind -version`, so that a broken binary is named before anything depends on it. */
export async function probeBinary(
  source: BitcoindBinary['source'],
  command: string,
  args: readonly string[],
  option = '-version',
): Promise<BitcoindBinary> {
  let printed: string;
  try {
    printed = await runCommand(command, [...args, option]);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const reason = words.startsWith(`${command} `) ? `it ${words.slice(command.length + 1)}` : words;
    throw new BitcoindError(
      'not-runnable',
      `${named(source, command)} does not run: ${reason}`,
      { command },
      { cause },
    );
  }
  const version = printed.split('\n', 1)[0]?.trim() ?? '';
  if (!/bitcoin/i.test(version)) {
    const said = lastLine(version) ?? 'nothing';
    throw new BitcoindError('not-runnable', `${named(source, command)} is not bitcoind: ${option} said "${said}"`, {
      command,
    });
  }
  return { command, args, version, source };
}

/** Looks a program up on the PATH of `env`. */
export async function findOnPath(program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, program);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** As the one who named it will know it. */
export function named(source: BitcoindBinary['source'], command: string): string {
  if (source === 'environment') return `BITCOIND=${command}`;
  return source === 'ipc-environment' ? `BITCOIN_NODE=${command}` : command;
}
