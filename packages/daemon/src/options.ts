import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';

/** What a role's command line asks for. */
export type Command =
  | { readonly kind: 'start'; readonly file: string | undefined }
  | { readonly kind: 'check'; readonly file: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'example' }
  | { readonly kind: 'wrong'; readonly message: string };

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  example: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads `--config FILE`, `--check`, `--example`, `--help`. */
export function readCommand(argv: readonly string[]): Command {
  const known = Object.keys(OPTIONS).map((name) => `--${name}`);
  for (const word of argv) {
    if (word === '--') break;
    const flag = word.split('=')[0] ?? '';
    if (flag.startsWith('--') && !known.includes(flag)) {
      const meant = nearest(flag, known);
      return wrong(`${flag} is not an option${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
  }
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false });
    if (values.help === true) return { kind: 'help' };
    if (values.example === true) return { kind: 'example' };
    return { kind: values.check === true ? 'check' : 'start', file: values.config };
  } catch (error) {
    if (error instanceof TypeError) return wrong(error.message.split('. ')[0] ?? error.message);
    throw error;
  }
}

function wrong(message: string): Command {
  return { kind: 'wrong', message };
}

/** The usage part of a role's `--help`. */
export function usage(name: string, summary: string, keys: string): string {
  return `${summary}

Usage: ${name} [--config FILE]

  -c, --config FILE   read the TOML configuration from FILE
      --check         read and check the configuration, then exit
      --example       print an example configuration
  -h, --help          print this help

Examples:
  ${name} --example > ${name}.toml
  ${name} --config ${name}.toml --check
  ${name} --config ${name}.toml

Keys of the configuration:
${keys}

Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong usage or configuration.
`;
}
