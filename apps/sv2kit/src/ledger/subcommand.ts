import type { Command } from '../command.ts';

/** One word after `sv2kit ledger`. */
export interface Subcommand extends Command {
  readonly help: string;
}
