import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemReason } from '../identity/key-file.ts';
import { type Address, parseAddress } from './address.ts';
import { type Fields, type Origin, type Section, type Sections, type Value, WrongValue } from './field.ts';
import { Secret } from './secret.ts';

type Reader<T> = (raw: unknown, origin: Origin) => T;

function value<T>(type: string, sample: unknown, help: string, read: Reader<T>, confidential = false): Value<T> {
  return { kind: 'value', type, help, presence: 'default', sample, confidential, read };
}

function asText(raw: unknown): string {
  if (typeof raw !== 'string') throw new WrongValue('is not text in quotes');
  return raw;
}

function asNumber(raw: unknown, origin: Origin): number {
  const n = origin.form === 'text' && typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof n === 'bigint') return Number(n);
  if (typeof n !== 'number' || !Number.isFinite(n)) throw new WrongValue('is not a number');
  return n;
}

/** Bounds of a number, both included. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

function inRange(n: number, { min, max }: NumberRange): number {
  if (min !== undefined && n < min) throw new WrongValue(`is below ${min}`);
  if (max !== undefined && n > max) throw new WrongValue(`is above ${max}`);
  return n;
}

/** Text. `pattern` must match the whole of it; `shape` says in words what the pattern wants. */
export function text(
  sample: string,
  help: string,
  options: { readonly pattern?: RegExp; readonly shape?: string; readonly maxBytes?: number } = {},
): Value<string> {
  return value('text', sample, help, (raw) => {
    const given = asText(raw);
    if (options.pattern?.test(given) === false) throw new WrongValue(`is not ${options.shape ?? options.pattern}`);
    if (options.maxBytes !== undefined && Buffer.byteLength(given) > options.maxBytes) {
      throw new WrongValue(`is longer than ${options.maxBytes} bytes`);
    }
    return given;
  });
}

/** A number, fractions allowed. */
export function number(sample: number, help: string, range: NumberRange = {}): Value<number> {
  return value('number', sample, help, (raw, origin) => inRange(asNumber(raw, origin), range));
}

/** A whole number. */
export function integer(sample: number, help: string, range: NumberRange = {}): Value<number> {
  return value('whole number', sample, help, (raw, origin) => {
    const n = asNumber(raw, origin);
    if (!Number.isSafeInteger(n)) throw new WrongValue('is not a whole number');
    return inRange(n, range);
  });
}

/** `true` or `false`. */
export function boolean(sample: boolean, help: string): Value<boolean> {
  return value('true or false', sample, help, (raw, origin) => {
    if (typeof raw === 'boolean') return raw;
    if (origin.form === 'text' && (raw === 'true' || raw === 'false')) return raw === 'true';
    throw new WrongValue('is neither true nor false');
  });
}

/** `host:port`, IPv6 in brackets. */
export function address(sample: string, help: string): Value<Address> {
  return value('host:port', sample, help, (raw) => {
    const parsed = parseAddress(asText(raw));
    if (typeof parsed === 'string') throw new WrongValue(parsed);
    return parsed;
  });
}

/** A URL of one of the named schemes (without `:`), kept as text. */
export function url(sample: string, help: string, schemes: readonly string[] = ['http', 'https']): Value<string> {
  return value('URL', sample, help, (raw) => {
    const given = asText(raw);
    const parsed = URL.parse(given);
    if (parsed === null) throw new WrongValue('is not a URL');
    if (!schemes.includes(parsed.protocol.slice(0, -1))) {
      throw new WrongValue(`does not begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    }
    return given;
  });
}

/** A file or folder; relative ones start from the config file's folder (environment: the working folder). */
export function path(sample: string, help: string): Value<string> {
  return value('path', sample, help, (raw, origin) => {
    const given = asText(raw);
    if (given === '') throw new WrongValue('is empty where a path is wanted');
    if (given.includes('\0')) throw new WrongValue('contains a character that no path can have');
    return resolve(origin.folder, given);
  });
}

/** One of a few words. */
export function choice<const C extends string>(choices: readonly C[], sample: NoInfer<C>, help: string): Value<C> {
  return value(choices.join(' | '), sample, help, (raw) => {
    const found = choices.find((word) => word === raw);
    if (found === undefined) throw new WrongValue(`is not one of ${choices.join(', ')}`);
    return found;
  });
}

/** Something never to be printed, or `file:PATH` to read it from a file (a trailing line break is dropped). */
export function secret(sample: string, help: string): Value<Secret> {
  const read: Reader<Secret> = (raw, origin) => {
    if (typeof raw !== 'string') throw new WrongValue('is not text in quotes', true);
    if (!raw.startsWith('file:')) return new Secret(raw);
    const file = resolve(origin.folder, raw.slice('file:'.length));
    try {
      return new Secret(readFileSync(file, 'utf8').replace(/\r?\n$/, ''));
    } catch (cause) {
      throw new WrongValue(`names the file ${file}, which cannot be read: ${systemReason(cause)}`, true);
    }
  };
  return value('secret or file:PATH', sample, help, read, true);
}

/** A list of what `element` reads; in the environment separated by commas, or in brackets as in TOML. */
export function list<T>(
  type: string,
  sample: readonly unknown[],
  help: string,
  element: Value<T>,
): Value<readonly T[]> {
  return value(type, sample, help, (raw, origin) => {
    const items = origin.form === 'text' && typeof raw === 'string' ? splitList(raw) : raw;
    if (!Array.isArray(items)) throw new WrongValue('is not a list');
    return items.map((item: unknown, index) => {
      try {
        return element.read(item, origin);
      } catch (error) {
        if (error instanceof WrongValue) throw new WrongValue(`at [${index}]: ${error.message}`);
        throw error;
      }
    });
  });
}

function splitList(raw: string): readonly unknown[] {
  const trimmed = raw.trim();
  if (trimmed === '') return [];
  return inBrackets(trimmed) ?? trimmed.split(',').map((item) => item.trim());
}

/** Items that hold commas are in quotes, and the list in brackets; `[::1]:3336` is no such list. */
function inBrackets(trimmed: string): readonly unknown[] | undefined {
  if (!trimmed.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(trimmed);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** A list of text; in the environment separated by commas. */
export function texts(sample: readonly string[], help: string, options?: Parameters<typeof text>[2]) {
  return list('list of text', sample, help, text('', '', options));
}

/** A list of byte strings in hexadecimal; in the environment separated by commas. */
export function hexes(sample: readonly string[], help: string): Value<readonly Uint8Array[]> {
  const hex = value('hexadecimal', '', '', (raw) => {
    const given = asText(raw);
    if (!/^([0-9a-f]{2})+$/i.test(given)) throw new WrongValue('is not an even number of hexadecimal digits');
    return Uint8Array.from(Buffer.from(given, 'hex'));
  });
  return list('list of hexadecimal', sample, help, hex);
}

/** A list of whole numbers; in the environment separated by commas. */
export function integers(sample: readonly number[], help: string, range?: NumberRange) {
  return list('list of whole numbers', sample, help, integer(0, '', range));
}

/** A list of URLs; in the environment separated by commas. */
export function urls(sample: readonly string[], help: string, schemes?: readonly string[]) {
  return list('list of URLs', sample, help, url('', '', schemes));
}

/** A list of `host:port`; in the environment separated by commas. */
export function addresses(sample: readonly string[], help: string) {
  return list('list of host:port', sample, help, address('', ''));
}

/** May be left out; what would be the default is then only an example. */
export function optional<T>(inner: Value<T>): Value<T | undefined> {
  return { ...inner, presence: 'optional' };
}

/** Must be given; what would be the default is then only an example. */
export function required<T>(inner: Value<T>): Value<T> {
  return { ...inner, presence: 'required' };
}

/** A table: `[log]`. */
export function section<const F extends Fields>(help: string, fields: F): Section<F> {
  return { kind: 'section', help, fields };
}

/** An array of tables, in order: `[[template_providers]]`. */
export function sections<const F extends Fields>(
  help: string,
  fields: F,
  options: { readonly atLeast?: number } = {},
): Sections<F> {
  return { kind: 'sections', help, fields, atLeast: options.atLeast ?? 0 };
}
