import { EXIT, parseOptions } from '@sv2kit/daemon';
import { lastPositionIn, type Query } from '@sv2kit/ledger';
import { join } from 'node:path';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { openReports } from './reports.ts';
import { type Overview, overviewText, visible } from './show-text.ts';
import type { Subcommand } from '../subcommands.ts';

const FEW = 10;
/** The most that is answered at once. */
const PART = 1000;

const help = `Shows what the ledger knows: totals, workers, blocks, and what is owed.

Usage: sv2kit ledger show [OPTIONS]

Effort is the work since the block before in multiples of the network's difficulty: 1 is as expected, less was luck.

      --workers           all workers, not only the ${FEW} with the most work
      --blocks            all blocks, not only the last ${FEW}
      --dues              all accounts that are owed something
      --user NAME         workers of one user alone: the address, without what stands behind a dot
${placeHelp}

Examples:
  sv2kit ledger show --config pool.toml
  sv2kit ledger show --data-dir pool-data --workers --user bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
  sv2kit ledger show --config pool.toml --json
`;

const OPTIONS = {
  ...PLACE_OPTIONS,
  workers: { type: 'boolean' },
  blocks: { type: 'boolean' },
  dues: { type: 'boolean' },
  user: { type: 'string' },
} as const;
interface Listed<T> {
  readonly total: number;
  readonly items: readonly T[];
}
type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>['values'];

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, OPTIONS);
  const place = await readPlace(values);
  await using reports = openReports(place);
  // Before the database is asked: a role that runs records more meanwhile.
  const last = await lastPositionIn(join(place.dataDir, 'journal'));
  const answers = await reports.together((query) => ask(query, values));
  if (values.user !== undefined && answers.workers.total === 0) throw new CommandError(unknownUser(values.user));
  const overview = { ...answers, uncounted: Math.max(0, last - answers.totals.position) };
  terminal.out(values.json === true ? ledgerJson(overview) : overviewText(overview, terminal.now()));
  return EXIT.ok;
}

function unknownUser(user: string): string {
  const hint = user.includes('.') ? '; a user is what stands before the first dot of a user_identity' : '';
  return `the ledger has no share of a user ${visible(user)}${hint}`;
}

async function ask(query: Query, { workers, blocks, dues, user }: Values): Promise<Omit<Overview, 'uncounted'>> {
  const whose = user === undefined ? {} : { user };
  return {
    totals: await query('totals', {}),
    rounds: (await query('rounds', { limit: 1 })).current,
    workers: await listed(workers, (part) => query('workers', { ...part, sort: 'work', ...whose })),
    blocks: await listed(blocks, (part) => query('blocks', part)),
    owed: await listed(dues, (part) => query('balances', { ...part, owed: true })),
  };
}

/** A few, or all of them: asked for in parts. */
async function listed<T>(
  all: boolean | undefined,
  ask: (part: { readonly offset: number; readonly limit: number }) => Promise<Listed<T>>,
): Promise<Listed<T>> {
  if (all !== true) return await ask({ offset: 0, limit: FEW });
  const items: T[] = [];
  for (;;) {
    const part = await ask({ offset: items.length, limit: PART });
    items.push(...part.items);
    if (part.items.length === 0 || items.length >= part.total) return { total: items.length, items };
  }
}

export const show: Subcommand = { name: 'show', summary: 'Shows workers, blocks and what is owed.', help, run };
