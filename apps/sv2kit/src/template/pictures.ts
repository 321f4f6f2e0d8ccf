const SATOSHIS = 100_000_000n;
/** Eighths of a character's width, from one to eight. */
const EIGHTHS = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/** `1,234,567`. */
export function whole(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** `0.01234567 BTC`, or `1,234 sat` when it is little. */
export function amount(satoshis: bigint | undefined): string {
  if (satoshis === undefined) return 'unknown';
  const size = satoshis < 0n ? -satoshis : satoshis;
  if (size < 1_000_000n) return `${whole(satoshis)} sat`;
  const sign = satoshis < 0n ? '-' : '';
  return `${sign}${whole(size / SATOSHIS)}.${(size % SATOSHIS).toString().padStart(8, '0')} BTC`;
}

/** `12.3 sat/vB`. */
export function feeRate(fee: bigint | undefined, weight: number): string {
  if (fee === undefined) return '?';
  const rate = (Number(fee) * 4) / weight;
  return `${rate < 100 ? rate.toFixed(1) : whole(Math.round(rate))} sat/vB`;
}

/** `97.4 %`. */
export function share(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** As much of `width` columns as `part` is of 1; anything above nothing can be seen. */
export function bar(part: number, width: number): string {
  const eighths = Math.min(width * 8, Math.max(part > 0 ? 1 : 0, Math.round(part * width * 8)));
  const rest = EIGHTHS[(eighths % 8) - 1] ?? '';
  return '█'.repeat(Math.floor(eighths / 8)) + rest;
}

/** Rows of cells, each column as wide as its widest cell; columns named in `right` end flush. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
