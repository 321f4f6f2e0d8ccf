import { join } from 'node:path';
import { EXIT, parseOptions, UsageError } from '@sv2kit/daemon';
import { auditPayouts, type BlockAudit } from '@sv2kit/ledger';
import { CommandError } from '../command.ts';
import { amount, table, whole } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { Progress } from './progress.ts';
import { openReports } from './reports.ts';
import type { Subcommand } from '../subcommands.ts';

const HASH = /^[0-9a-f]{64}$/;
/** Accounts that are listed of a block, unless it is the only one. */
const FEW = 5;

const help = `Shows how what each block pays comes from the record, and whether it agrees.

Usage: sv2kit ledger audit [OPTIONS]

What a block owes whom is computed anew from the journal alone: the terms that held, the work of its window, the coinbase
that was mined. That is held against the database. Amounts, fee and donations are the revenue to the satoshi.

      --block HASH        one block, with all accounts
${placeHelp}

How it was shared out:
  pool      all of it is the pool's
  solo      to whoever found it
  split     by the split that the coinbase shows, which was recorded before the job was sent
  window    by the work of the window that ends with the block

Examples:
  sv2kit ledger audit --config pool.toml
  sv2kit ledger audit --config pool.toml --block 000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d

What retention has removed from the journal ([ledger] journal_days) cannot be computed anew: where the record is not enough,
a block that differs is unproven.

Exit codes: 0 all agrees or is unproven, 1 something differs, 2 wrong usage.
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(argv, { ...PLACE_OPTIONS, block: { type: 'string' } });
  const hash = values.block;
  if (hash !== undefined && !HASH.test(hash)) throw new UsageError(`--block ${hash} is not the hash of a block`);
  const place = await readPlace(values);
  await using reports = openReports(place);
  const progress = new Progress(terminal, 'at');
  // All from one state of the database, and the journal up to where that is: a role that runs goes on meanwhile.
  const { count, differing, unproven } = await reports.together(async (query) => {
    const { position: to } = await query('totals', {});
    const audits = auditPayouts({
      directory: join(place.dataDir, 'journal'),
      to,
      ...(hash === undefined ? {} : { hash }),
      stored: (block) => query('payouts', { block }),
      onProgress: (position) => progress.say(() => `record ${whole(position)} of ${whole(to)}`),
    });
    return await tell(audits, (audit) => {
      terminal.out(values.json === true ? ledgerJson(audit) : asText(audit, hash !== undefined));
    });
  });
  if (hash !== undefined && count === 0) throw new CommandError(`the journal has no payouts of block ${hash}`);
  if (values.json !== true) terminal.out(summary(count, differing, unproven));
  return differing === 0 ? EXIT.ok : EXIT.failed;
}

interface Outcome {
  readonly count: number;
  readonly differing: number;
  readonly unproven: number;
}

async function tell(audits: AsyncIterable<BlockAudit>, say: (audit: BlockAudit) => void): Promise<Outcome> {
  let [count, differing, unproven] = [0, 0, 0];
  for await (const audit of audits) {
    count += 1;
    if (audit.differences.length > 0 && audit.missing === undefined) differing += 1;
    else if (audit.differences.length > 0) unproven += 1;
    say(audit);
  }
  return { count, differing, unproven };
}

function asText({ block, height, recomputed, differences, missing }: BlockAudit, isAlone: boolean): string {
  const { mode, owedBy, feePpm, window, windowWork, split, revenue, fee, donated, forgone, state } = recomputed;
  const { entries, confirmations } = recomputed;
  const facts = [
    ['block', block],
    ['height', height === undefined ? 'unknown' : whole(height)],
    ['state', `${state}, ${whole(confirmations)} confirmations`],
    ['terms', `${mode}, fee ${feePpm / 10_000} %${mode === 'pplns' ? `, window ${window} x network difficulty` : ''}`],
    ['shared by', `${owedBy}${split === undefined ? '' : ` of record ${whole(split)}`}`],
    ...(windowWork === undefined ? [] : [['window', `${windowWork} units of work`]]),
    ['revenue', amount(revenue)],
    ['fee', amount(fee)],
    ...(donated === 0n ? [] : [['donated', amount(donated)]]),
    ...(forgone === 0n ? [] : [['forgone', amount(forgone)]]),
  ];
  const largest = entries.toSorted((a, b) => Number(b.amount - a.amount));
  const listed = isAlone ? largest : largest.slice(0, FEW);
  const rows = listed.map(({ account, amount: due, direct }) => [
    '',
    account,
    amount(due),
    direct === 0n ? '' : `${amount(direct)} by the coinbase`,
  ]);
  const more = entries.length > listed.length ? `  and ${whole(entries.length - listed.length)} more accounts\n` : '';
  return `${table(facts)}${table(rows, [2, 3])}${more}${verdict(differences, missing)}\n`;
}

function verdict(differences: readonly string[], missing: string | undefined): string {
  const note = missing === undefined ? '' : `  ${missing}\n`;
  if (differences.length === 0) return `agrees with the database\n${note}`;
  return missing === undefined ? `differs\n${differences.map((text) => `  ${text}\n`).join('')}` : `unproven\n${note}`;
}

function summary(count: number, differing: number, unproven: number): string {
  if (count === 0) return 'No block was found so far.\n';
  if (differing > 0) return `${whole(differing)} of ${whole(count)} blocks differ.\n`;
  return unproven === 0
    ? `All ${whole(count)} blocks agree.\n`
    : `${whole(count - unproven)} of ${whole(count)} blocks agree, ${whole(unproven)} cannot be proven any more.\n`;
}

export const audit: Subcommand = {
  name: 'audit',
  summary: "Shows how each block's payout comes from the record.",
  help,
  run,
};
