import { fromUtf8 } from '@sv2kit/codec';
import { isObject, type Json } from './envelope.ts';

/** Hears of a line without its end, its passwords masked. */
export type LineTap = (direction: 'received' | 'sent', line: string) => void;

const MASK = '***';
/** mining.authorize, and whatever else might be meant by it. */
const MAY_HOLD_A_PASSWORD = /author/i;

/** Tells of whole lines in one piece, each with its LF. */
export function tapLines(tap: LineTap, direction: 'received' | 'sent', bytes: Uint8Array): void {
  for (const line of fromUtf8(bytes).split('\n')) if (line !== '') tap(direction, maskedLine(line));
}

/** The line with no password in it: of mining.authorize the second parameter. */
function maskedLine(line: string): string {
  if (!MAY_HOLD_A_PASSWORD.test(line) && !line.includes('\\')) return line;
  const value = parsed(line);
  if (!isObject(value)) return MAY_HOLD_A_PASSWORD.test(line) ? '(no message; it may hold a password)' : line;
  const { method, params } = value;
  if (typeof method !== 'string' || !MAY_HOLD_A_PASSWORD.test(method)) return line;
  return JSON.stringify({ ...value, params: maskedParams(params) });
}

function maskedParams(params: Json | undefined): Json {
  if (!Array.isArray(params)) return params === undefined || params === null ? [] : MASK;
  return (params as readonly Json[]).map((param, index) => (index === 0 ? param : MASK));
}

function parsed(line: string): Json | undefined {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
}
