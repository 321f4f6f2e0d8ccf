import { CommandError } from '../command.ts';

/** Who was paid how much. */
export interface ListedPayment {
  readonly account: string;
  /** Satoshis. */
  readonly amount: bigint;
}

/**
 * Reads CSV whose header names the columns account and amount_satoshis, as 'sv2kit ledger export' writes them; other
 * columns are ignored, and an account that is named more than once is paid the sum.
 *
 * @throws CommandError naming the line
 */
export function readPayments(text: string, file: string): readonly ListedPayment[] {
  const [header, ...rows] = linesOf(text, file);
  const [account, amount] = ['account', 'amount_satoshis'].map((name) => header?.indexOf(name) ?? -1);
  if (account === undefined || amount === undefined || account < 0 || amount < 0) {
    throw new CommandError(`${file}: the first line does not name the columns account and amount_satoshis`);
  }
  const sums = new Map<string, bigint>();
  for (const [index, row] of rows.entries()) {
    const name = (row[account] ?? '').replace(/^'/, '');
    const satoshis = row[amount] ?? '';
    if (name === '' || !/^[1-9]\d{0,15}$/.test(satoshis)) {
      throw new CommandError(`${file}: line ${index + 2} names no account with a whole number of satoshis above 0`);
    }
    sums.set(name, (sums.get(name) ?? 0n) + BigInt(satoshis));
  }
  if (sums.size === 0) throw new CommandError(`${file}: there are no payments in it`);
  return Array.from(sums, ([name, sum]) => ({ account: name, amount: sum }));
}

/** A cell, in quotes or not, and what ends it (RFC 4180). */
const CELL = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** Cells of each line; empty lines are none. */
function linesOf(text: string, file: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let end = '\n';
  for (let at = 0; at < text.length || end === ','; ) {
    CELL.lastIndex = at;
    const cell = CELL.exec(text);
    if (cell === null) throw new CommandError(`${file}: a quotation mark behind line ${rows.length} is out of place`);
    row.push(cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '');
    end = cell[3] ?? '';
    at += cell[0].length;
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
