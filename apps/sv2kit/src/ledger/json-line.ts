/** Exact work: more digits than a number of JSON keeps. */
const EXACT: ReadonlySet<string> = new Set(['work', 'windowWork']);

/** A line of JSON: satoshis are numbers, which hold all there are; exact work is text, and bytes are hexadecimal. */
export function ledgerJson(value: unknown): string {
  return `${JSON.stringify(value, (name, entry: unknown) => {
    if (typeof entry === 'bigint') return EXACT.has(name) ? String(entry) : Number(entry);
    return entry instanceof Uint8Array ? Buffer.from(entry).toString('hex') : entry;
  })}\n`;
}
