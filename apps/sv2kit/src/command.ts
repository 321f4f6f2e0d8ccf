import type { Terminal } from './terminal.ts';

/** One word after `sv2kit`. */
export interface Command {
  readonly name: string;
  /** One line for `sv2kit --help`. */
  readonly summary: string;
  /** Resolves to the exit code; throws UsageError for a wrong command line. */
  run(argv: readonly string[], terminal: Terminal): Promise<number> | number;
}

/** A command cannot do what it was asked; the message is for people and needs no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What an operation on files failed of, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether help was asked for. */
export function wantsHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}
