/** A cell: undefined is empty, an instant is written as ISO 8601 in UTC. */
export type CsvCell = number | bigint | boolean | string | Date | undefined;

/** Of the lines that leave together. */
const CHUNK = 0x1_0000;
/** What a spreadsheet takes for the beginning of a formula, and what begins a text that was guarded against that. */
const FORMULA = /^['=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/u;
const QUOTED = /[",\r\n]/;

/**
 * One record of RFC 4180. Miners choose their names: a text that a spreadsheet would run as a formula has a `'` put
 * before it, and so has one that begins with `'`, so that taking one away gives what it was.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table: its header, then lines as they come. */
export async function* csv(
  columns: readonly string[],
  rows: AsyncIterable<readonly CsvCell[]>,
): AsyncGenerator<string> {
  let chunk = csvLine(columns);
  for await (const row of rows) {
    chunk += csvLine(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
