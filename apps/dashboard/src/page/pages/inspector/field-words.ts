import { fieldKind, flagNames, protocols } from '@sv2kit/codec';
import { toHex } from './bytes.ts';
import { hexNumber } from './find-message.ts';

/** Bytes of a byte array that are shown as its value; the dump beside shows all. */
const SHOWN_BYTES = 48;

/** A field's value as text. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  if (value instanceof Uint8Array) return bytesText(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 1 ? '1 element' : `${value.length} elements`;
  return String(value);
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty';
  const shown = toHex(bytes.subarray(0, SHOWN_BYTES));
  return bytes.length > SHOWN_BYTES ? `${shown}… (${bytes.length} bytes)` : shown;
}

/** What a value means, where it does not say so by itself. `setup` is the protocol that a SetupConnection asks for. */
export function valueMeaning(
  message: string,
  field: string,
  value: unknown,
  context: { readonly protocol: string; readonly setup?: unknown },
): string | undefined {
  if (typeof value === 'number') return numberMeaning(message, field, value, context);
  if (!(value instanceof Uint8Array)) return undefined;
  if (value.length === 32 && fieldKind(field) === 'hash') return `shown as ${toHex(Uint8Array.from(value).reverse())}`;
  if (value.length === 32 && fieldKind(field) === 'target') return `difficulty ${shortNumber(difficultyOf(value))}`;
  return readable(value);
}

function numberMeaning(
  message: string,
  field: string,
  value: number,
  { protocol, setup }: { readonly protocol: string; readonly setup?: unknown },
): string | undefined {
  if (message === 'SetupConnection' && field === 'protocol') {
    return protocols.find(({ number }) => number === value)?.name ?? 'no protocol that is known';
  }
  if (field === 'flags' && message === 'SetupConnection') return flagWords(message, Number(setup), value);
  if (field === 'flags' && message === 'SetupConnectionSuccess') {
    return flagWords(message, protocols.find(({ name }) => name === protocol)?.number ?? -1, value);
  }
  const kind = fieldKind(field);
  if (kind === 'time') return timeText(value);
  return kind === 'bits' ? hexNumber(value, 8) : undefined;
}

const flagWords = (...of: Parameters<typeof flagNames>): string => flagNames(...of).join(', ') || 'none set';

/** Unix seconds as a date in UTC. */
function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Of a target in internal byte order; exact enough to be read. */
function difficultyOf(target: Uint8Array): number {
  let number = 0;
  for (let at = target.length - 1; at >= 0; at -= 1) number = number * 256 + (target[at] ?? 0);
  return number === 0 ? Number.POSITIVE_INFINITY : (0xffff * 2 ** 208) / number;
}

function shortNumber(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 6 });
}

/** Bytes that are nothing but printable text, as such. */
function readable(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2 || bytes.length > 255) return undefined;
  const text = new TextDecoder('latin1').decode(bytes);
  return /^[\x20-\x7e]+$/.test(text) ? JSON.stringify(text) : undefined;
}
