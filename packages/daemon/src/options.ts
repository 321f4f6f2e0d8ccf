import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearest } from './nearest.ts';

/** The command line is wrong; the message says what and is followed by how to get help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads a command line strictly: options as `node:util` declares them, then at most `positionals` words.
 *
 * @throws UsageError with a did-you-mean for an unknown option
 */
export function parseOptions<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  positionals = 0,
) {
  refuseUnknownOptions(argv, options);
  try {
    const parsed = parseArgs({ args: [...argv], options, strict: true, allowPositionals: positionals > 0 });
    const extra = parsed.positionals[positionals];
    if (extra !== undefined) throw new UsageError(`'${extra}' is one word too many`);
    return { values: parsed.values, positionals: parsed.positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.split('. ')[0] ?? error.message);
    throw error;
  }
}

function refuseUnknownOptions(argv: readonly string[], options: ParseArgsOptionsConfig): void {
  const known = Object.keys(options).map((name) => `--${name}`);
  for (const word of argv) {
    if (word === '--') return;
    const option = word.split('=')[0] ?? '';
    if (!option.startsWith('--') || known.includes(option)) continue;
    const meant = nearest(option, known);
    throw new UsageError(`${option} is not an option${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
}
