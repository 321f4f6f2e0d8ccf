import { type BitcoindBinary, findOnPath, probeBinary } from './binary.ts';
import { BitcoindError } from './bitcoind-error.ts';
import { bitcoindFromDebian } from './debian.ts';
import type { OnProgress } from './progress.ts';

export interface ObtainOptions {
  /** A path that was asked for; when given, nothing else is tried. */
  readonly explicit?: string | undefined;
  /** Where a downloaded bitcoind is kept. Nothing is written elsewhere. */
  readonly cacheDir: string;
  readonly progress?: OnProgress;
  readonly signal?: AbortSignal | undefined;
  /** Where BITCOIND and PATH are read from. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds a bitcoind that runs: `explicit`, else `$BITCOIND`, else `bitcoind` on the PATH, else Debian's signed archive.
 * Processes that ask for the same `cacheDir` at once download it once.
 *
 * @throws BitcoindError whose message says in one line what to do
 */
export async function obtainBitcoind(options: ObtainOptions): Promise<BitcoindBinary> {
  const progress: OnProgress = options.progress ?? (() => {});
  const env = options.env ?? process.env;
  const binary = await search(options, env, progress);
  progress({ step: 'ready', text: binary.version });
  return binary;
}

async function search(options: ObtainOptions, env: NodeJS.ProcessEnv, progress: OnProgress): Promise<BitcoindBinary> {
  progress({ step: 'search', text: 'looking for bitcoind' });
  if (options.explicit !== undefined) return await probeBinary('explicit', options.explicit, []);
  const named = env['BITCOIND'];
  if (named !== undefined && named !== '') return await probeBinary('environment', named, []);
  const onPath = await findOnPath('bitcoind', env);
  if (onPath !== undefined) return await probeBinary('path', onPath, []);
  try {
    return await bitcoindFromDebian({ cacheDir: options.cacheDir, env, progress, signal: options.signal });
  } catch (cause) {
    if (!(cause instanceof BitcoindError) || options.signal?.aborted === true) throw cause;
    throw new BitcoindError(
      'not-found',
      'no bitcoind: install Bitcoin Core (https://bitcoincore.org/en/download) or Bitcoin Knots ' +
        `(https://bitcoinknots.org) and set BITCOIND=/path/to/bitcoind. Debian's archive was tried too: ${cause.message}`,
      { cause: cause.code },
      { cause },
    );
  }
}
