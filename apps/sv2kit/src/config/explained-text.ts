import type { ExplainedKey } from '@sv2kit/daemon';

const WIDTH = 100;

/**
 * Keys for people, each with a line of its own for what is in force.
 *
 * @param file the configuration at hand
 */
export function explainedText(keys: readonly ExplainedKey[], file: string | undefined): string {
  return `${keys.map((key) => oneKey(key, file).join('\n')).join('\n\n')}\n`;
}

function oneKey(key: ExplainedKey, file: string | undefined): string[] {
  const notes = [key.type, presence(key), ...(key.reloadable ? ['reloaded at SIGHUP'] : [])];
  return [
    key.key,
    ...wrap(key.help).map((line) => `    ${line}`),
    `    ${notes.join('; ')}`,
    `    ${key.variable}`,
    ...(file === undefined ? [] : [`    in force: ${inForce(key, file)}`]),
  ];
}

function presence({ presence: kind, sample }: ExplainedKey): string {
  if (kind === 'default') return `default ${sample}`;
  return kind === 'required' ? `must be given, e.g. ${sample}` : `may be left out, e.g. ${sample}`;
}

function inForce({ presence: kind, value, from }: ExplainedKey, file: string): string {
  if (value === undefined || from === undefined) return kind === 'required' ? 'missing' : 'left out';
  switch (from.kind) {
    case 'default':
      return `${value}, the default`;
    case 'environment':
      return `${value}, by ${from.variable}`;
    case 'file':
      return `${value}, by ${file}${from.line === undefined ? '' : `:${from.line}`}`;
    default:
      return from satisfies never;
  }
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH - 4) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
