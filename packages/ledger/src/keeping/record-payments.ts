import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { openJournal } from '../open-journal.ts';
import { readJournal } from '../read-journal.ts';
import { LEDGER_FILES } from './backup.ts';
import { KeepingError } from './errors.ts';

/** Satoshis that were paid to an account outside of coinbases. */
export interface Payment {
  readonly account: string;
  readonly amount: bigint;
  /** Internal byte order. */
  readonly txid: Uint8Array;
  readonly note: string;
}

export interface RecordPaymentsOptions {
  readonly dataDir: string;
  readonly payments: readonly Payment[];
  readonly clock: Clock;
  /** Also when the same transaction is recorded for the same account already. */
  readonly again?: boolean;
  /** Called while nobody else can record a payment: throws what refuses these. */
  check?(): Promise<void>;
}

const silent = { info() {}, warn() {}, error() {} };

/**
 * Records payments, on disk when this resolves, beside a running role: they have a journal of their own.
 *
 * @returns positions in that journal
 * @throws KeepingError 'keeping-paid-already', and what `check` throws: none of them is recorded; LedgerError 'ledger-locked'
 * while another payment is being recorded
 */
export async function recordPayments(options: RecordPaymentsOptions): Promise<readonly number[]> {
  const { dataDir, payments, clock, again = false } = options;
  const directory = join(dataDir, LEDGER_FILES.payments);
  // Held while it is read: what is not there cannot come meanwhile.
  await using journal = await openJournal({ directory, log: silent, clock });
  if (!again) await refuseKnown(directory, payments);
  await options.check?.();
  const positions = payments.map((payment) => journal.append({ type: 'PayoutPaid', timeMs: clock.now(), ...payment }));
  await journal.flush();
  return positions;
}

/** Satoshis by account that were recorded as paid behind a position of that journal: what a database is behind. */
export async function paidSince(dataDir: string, position: number): Promise<ReadonlyMap<string, bigint>> {
  const sums = new Map<string, bigint>();
  const directory = join(dataDir, LEDGER_FILES.payments);
  if (!existsSync(directory)) return sums;
  for await (const { record } of readJournal(directory, position + 1)) {
    if (record.type === 'PayoutPaid') sums.set(record.account, (sums.get(record.account) ?? 0n) + record.amount);
  }
  return sums;
}

async function refuseKnown(directory: string, payments: readonly Payment[]): Promise<void> {
  const wanted = new Set(payments.map(keyOf));
  if (wanted.size < payments.length) throw paidAlready('an account is named twice for one transaction', {});
  for await (const { position, record } of readJournal(directory)) {
    if (record.type !== 'PayoutPaid' || !wanted.has(keyOf(record))) continue;
    const at = new Date(record.timeMs).toISOString();
    const message = `${record.account} was recorded as paid by that transaction already, ${record.amount} sat at ${at}`;
    throw paidAlready(message, { position, account: record.account });
  }
}

const keyOf = ({ account, txid }: Pick<Payment, 'account' | 'txid'>): string =>
  `${Buffer.from(txid).toString('hex')} ${account}`;

function paidAlready(message: string, details: Readonly<Record<string, unknown>>): KeepingError {
  return new KeepingError('keeping-paid-already', message, details);
}
