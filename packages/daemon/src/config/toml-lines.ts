const HEADER = /^\s*(\[{1,2})\s*([A-Za-z0-9_."' -]+?)\s*\]{1,2}\s*(?:#.*)?$/;
const ENTRY = /^\s*([A-Za-z0-9_."' -]+?)\s*=/;

/**
 * The line on which each key of a TOML file stands, the first being 1: `log.level`, `nodes[0].url`. Knows files as people
 * write them, with a key a line; keys of inline tables have the line of their table. Of a file that is no TOML it says
 * nothing of use.
 */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const tables = new Map<string, number>();
  let table = '';
  for (const [index, line] of text.split('\n').entries()) {
    const [, brackets, name] = HEADER.exec(line) ?? [];
    if (name !== undefined) {
      table = brackets === '[[' ? nextOf(plain(name), tables) : within(plain(name), tables);
      if (!lines.has(table)) lines.set(table, index + 1);
      continue;
    }
    const [, key] = ENTRY.exec(line) ?? [];
    const whole = [table, plain(key ?? '')].filter((part) => part !== '').join('.');
    if (key !== undefined && !lines.has(whole)) lines.set(whole, index + 1);
  }
  return lines;
}

/** `[[nodes]]` for the second time is nodes[1]. */
function nextOf(name: string, tables: Map<string, number>): string {
  const index = (tables.get(name) ?? -1) + 1;
  tables.set(name, index);
  return `${within(name, tables, false)}[${index}]`;
}

/** `[nodes.tls]` is of the last of `[[nodes]]`. */
function within(name: string, tables: ReadonlyMap<string, number>, isWhole = true): string {
  const parts = name.split('.');
  return parts
    .map((part, at) => {
      const index = tables.get(parts.slice(0, at + 1).join('.'));
      return index === undefined || (!isWhole && at === parts.length - 1) ? part : `${part}[${index}]`;
    })
    .join('.');
}

function plain(name: string): string {
  return name
    .split('.')
    .map((part) => part.trim().replaceAll(/^["']|["']$/g, ''))
    .join('.');
}
