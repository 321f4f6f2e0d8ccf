import { parseOptions, UsageError } from './options.ts';

/** What a role's command line asks for. */
export type Command =
  | { readonly kind: 'start'; readonly file: string | undefined }
  | { readonly kind: 'check'; readonly file: string | undefined }
  | { readonly kind: 'test-notifications'; readonly file: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'example' }
  | { readonly kind: 'wrong'; readonly message: string };

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  'test-notifications': { type: 'boolean' },
  example: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads `--config FILE`, `--check`, `--test-notifications`, `--example`, `--help`. */
export function readCommand(argv: readonly string[]): Command {
  try {
    const { values } = parseOptions(argv, OPTIONS);
    if (values.help === true) return { kind: 'help' };
    if (values.example === true) return { kind: 'example' };
    const file = values.config;
    if (values['test-notifications'] === true) return { kind: 'test-notifications', file };
    return { kind: values.check === true ? 'check' : 'start', file };
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'wrong', message: error.message };
    throw error;
  }
}

/** The usage part of a role's `--help`. */
export function usage(name: string, summary: string, keys: string): string {
  return `${summary}

Usage: ${name} [--config FILE]

  -c, --config FILE   read the TOML configuration from FILE
      --check         read and check the configuration, then exit
      --test-notifications
                      send a test to everyone in [[notifications]], then exit
      --example       print an example configuration
  -h, --help          print this help

Examples:
  ${name} --example > ${name.split(' ').at(-1)}.toml
  ${name} --config ${name.split(' ').at(-1)}.toml --check
  ${name} --config ${name.split(' ').at(-1)}.toml

Keys of the configuration:
${keys}

Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong usage or configuration.
`;
}
