import { readFileSync } from 'node:fs';
import { fromDisplayHash, MAX_MONEY } from '@sv2kit/bitcoin';
import { EXIT, parseOptions, systemClock, UsageError } from '@sv2kit/daemon';
import { paidSince, type Payment, recordPayments } from '@sv2kit/ledger';
import { CommandError, reasonOf } from '../command.ts';
import { amount, table } from '../template/pictures.ts';
import type { Terminal } from '../terminal.ts';
import { ledgerJson } from './json-line.ts';
import { readPayments } from './payment-list.ts';
import { type Place, PLACE_OPTIONS, placeHelp, readPlace } from './place.ts';
import { hasDatabase, openReports } from './reports.ts';
import type { Subcommand } from '../subcommands.ts';

const SATOSHIS_WANTED = 'SATOSHIS is wanted behind the account: a whole number above 0';
const TXID = /^[0-9a-f]{64}$/;
const MOST_NOTE = 1000;
/** Accounts that are asked for at once. */
const PART = 50_000;

const help = `Records that accounts were paid, outside of coinbases. Sends nothing.

Usage: sv2kit ledger paid [OPTIONS] --txid TXID ACCOUNT SATOSHIS
       sv2kit ledger paid [OPTIONS] --txid TXID --from FILE

Payments pay an account's oldest dues first. They have a journal of their own, which may be written while the role runs;
its database follows within seconds. A payment that is more than is due, and one that is recorded already for the
same transaction and account, is refused.

      --txid TXID         the transaction that paid
      --from FILE         CSV with a header that names the columns account and amount_satoshis; - is standard input
      --note TEXT         for whoever reads the list of payments
      --anyway            also more than is due, and once more for the same transaction
      --dry-run           says what would be recorded
${placeHelp}

Examples:
  sv2kit ledger export --config pool.toml --csv owed --out owed.csv
  sv2kit ledger paid --config pool.toml --txid 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b \\
    bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 150000
  sv2kit ledger paid --config pool.toml --txid 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b \\
    --from owed.csv --note 'August'
`;

const OPTIONS = {
  ...PLACE_OPTIONS,
  txid: { type: 'string' },
  from: { type: 'string' },
  note: { type: 'string' },
  anyway: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;
type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>['values'];

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const negative = argv.find((word) => /^-\d/.test(word));
  if (negative !== undefined) throw new UsageError(`${negative} cannot be paid: ${SATOSHIS_WANTED}`);
  const { values, positionals } = parseOptions(argv, OPTIONS, 2);
  const payments = paymentsOf(values, positionals, terminal);
  const tooMuch = payments.find(({ amount: satoshis }) => satoshis > MAX_MONEY);
  if (tooMuch !== undefined) throw new UsageError(`${tooMuch.account}: ${tooMuch.amount} is more than there are`);
  const place = await readPlace(values);
  const again = values.anyway === true;
  if (!again && !hasDatabase(place)) {
    throw new CommandError('there is no database that knows what is due; --anyway records it');
  }
  const check = async (): Promise<void> => {
    if (!again) await refuseTooMuch(place, payments);
  };
  const isRehearsal = values['dry-run'] === true;
  if (isRehearsal) await check();
  else {
    const clock = { ...systemClock, now: () => terminal.now() };
    await recordPayments({ dataDir: place.dataDir, payments, clock, again, check });
  }
  const listed = payments.map(({ account, amount: satoshis }) => ({ account, amount: satoshis }));
  if (values.json === true) {
    terminal.out(ledgerJson({ txid: values.txid, recorded: !isRehearsal, payments: listed }));
    return EXIT.ok;
  }
  const sum = payments.reduce((total, payment) => total + payment.amount, 0n);
  const rows = listed.map(({ account, amount: satoshis }) => [account, amount(satoshis)]);
  terminal.out(table([...rows, [isRehearsal ? 'would be recorded' : 'recorded', amount(sum)]], [1]));
  return EXIT.ok;
}

function paymentsOf(values: Values, [account, satoshis]: readonly string[], terminal: Terminal): readonly Payment[] {
  const { txid, from, note = '' } = values;
  if (txid === undefined || !TXID.test(txid)) throw new UsageError('--txid TXID is wanted: 64 hexadecimal digits');
  if (new TextEncoder().encode(note).length > MOST_NOTE) throw new UsageError(`--note is over ${MOST_NOTE} bytes`);
  if ((from === undefined) === (account === undefined))
    throw new UsageError('ACCOUNT SATOSHIS or --from FILE is wanted');
  const shared = { txid: fromDisplayHash(txid), note };
  if (from !== undefined) return readPayments(textOf(from, terminal), from).map((entry) => ({ ...entry, ...shared }));
  if (satoshis === undefined || !/^[1-9]\d{0,15}$/.test(satoshis)) {
    throw new UsageError(SATOSHIS_WANTED);
  }
  return [{ account: account ?? '', amount: BigInt(satoshis), ...shared }];
}

function textOf(file: string, terminal: Terminal): string {
  try {
    return file === '-' ? new TextDecoder().decode(terminal.input()) : readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

/** By what the database says is due, less the payments that it has not heard of yet. */
async function refuseTooMuch(place: Place, payments: readonly Payment[]): Promise<void> {
  const sums = new Map<string, bigint>();
  for (const { account, amount: paid } of payments) sums.set(account, (sums.get(account) ?? 0n) + paid);
  await using reports = openReports(place);
  const { balances, position } = await reports.together(async (query) => {
    const balances = new Map<string, bigint>();
    // In parts, not account by account: each question goes through all dues.
    for (let offset = 0; ; offset += PART) {
      const { items } = await query('balances', { offset, limit: PART, owed: true });
      for (const { account, balance } of items) balances.set(account, balance);
      if (items.length < PART) break;
    }
    const [last] = (await query('payments', { offset: 0, limit: 1 })).items;
    return { balances, position: last?.position ?? 0 };
  });
  const unheard = await paidSince(place.dataDir, position);
  for (const [account, sum] of sums) {
    const due = (balances.get(account) ?? 0n) - (unheard.get(account) ?? 0n);
    if (sum <= due) continue;
    throw new CommandError(`${account}: ${amount(sum)} is more than the ${amount(due)} due; --anyway records it`);
  }
}

export const paid: Subcommand = { name: 'paid', summary: 'Records that accounts were paid.', help, run };
