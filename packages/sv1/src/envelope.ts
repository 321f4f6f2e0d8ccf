import { fromUtf8, utf8 } from '@sv2kit/codec';
import type { MalformedReason, StratumError } from './errors.ts';
import { boundedMembers } from './json-bounds.ts';
import { type LineLimits, MINER_LINE_LIMITS } from './limits.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A request's id as the JSON text that it came as: a number, string, null or anything else, echoed to the letter. */
export type Id = string;

/** The id of notifications, and of requests without one. */
export const NO_ID: Id = 'null';

/** One line, before anybody asks what its method means. */
export type Line =
  | { readonly kind: 'request'; readonly id: Id; readonly method: string; readonly params: readonly Json[] }
  | { readonly kind: 'answer'; readonly id: Id; readonly result: Json; readonly error: Json }
  | { readonly kind: 'malformed'; readonly id: Id; readonly reason: MalformedReason };

/**
 * Reads a line. Params that are no array are one param, missing ones are none.
 *
 * @param bytes without the line end, no longer than the limit (`LineReader` sees to it)
 */
export function readLine(bytes: Uint8Array, limits: LineLimits = MINER_LINE_LIMITS): Line {
  const text = fromUtf8(bytes);
  if (text.includes('\ufffd') && !sameText(text, bytes)) return malformed('not-utf8');
  const members = boundedMembers(text, limits);
  if (members === undefined) return malformed('beyond-bounds');
  const value = parsed(text);
  if (value === undefined) return malformed('not-json');
  if (!isObject(value)) return malformed('not-a-message');
  const member = members.findLast(({ key }) => key === '"id"' || (key.includes('\\') && JSON.parse(key) === 'id'));
  const id = member === undefined ? NO_ID : text.slice(member.start, member.end).trim();
  if (id.length > limits.idLength) return malformed('beyond-bounds');
  return fromObject(value, id);
}

function fromObject(value: { readonly [key: string]: Json }, id: Id): Line {
  const method = own(value, 'method');
  if (typeof method === 'string') {
    const params = own(value, 'params') ?? [];
    return { kind: 'request', id, method, params: Array.isArray(params) ? params : [params] };
  }
  if (!Object.hasOwn(value, 'result') && !Object.hasOwn(value, 'error')) return malformed('not-a-message', id);
  return { kind: 'answer', id, result: own(value, 'result') ?? null, error: own(value, 'error') ?? null };
}

/** A request or, without an id, a notification; with its LF. */
export function writeRequest(method: string, params: Json, id: Id = NO_ID): string {
  return `{"id":${id},"method":${JSON.stringify(method)},"params":${JSON.stringify(params)}}\n`;
}

/** The answer to a request, with its LF. */
export function writeResult(id: Id, result: Json): string {
  return `{"id":${id},"result":${JSON.stringify(result)},"error":null}\n`;
}

/** `writeResult(id, true)`: most answers are that. */
export function writeYes(id: Id): string {
  return `{"id":${id},"result":true,"error":null}\n`;
}

/** A refusal, its error in the widest understood form, `[code, text, null]`; with its LF. */
export function writeError(id: Id, error: StratumError, result: null | false = null): string {
  return `{"id":${id},"result":${result},"error":[${error.code},${JSON.stringify(error.message)},null]}\n`;
}

/** A property of the object itself, never of its prototype. */
export function own(value: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(reason: MalformedReason, id: Id = NO_ID): Line {
  return { kind: 'malformed', id, reason };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Whether text is what the bytes say: a decoder puts U+FFFD where they say nothing. */
function sameText(text: string, bytes: Uint8Array): boolean {
  const encoded = utf8(text);
  return encoded.length === bytes.length && encoded.every((byte, index) => byte === bytes[index]);
}
