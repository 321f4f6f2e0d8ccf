import { type AddressRule, redactAddresses } from './addresses.ts';
import { isSecretName, REDACTED, withoutSecrets } from './secrets.ts';

/** Characters of one text; what goes on is cut off, for peers have a say in it. */
const TEXT_LENGTH = 8_192;
/** How deep fields are written; what lies deeper is `…`. */
const DEPTH = 4;
/** Errors of one AggregateError that are written. */
const ERRORS = 8;

/**
 * Fields as a log may hold them: bytes as hex, bigint as decimal text, errors with stack, code, details and cause; no
 * secrets, and addresses as the rule says.
 */
export function loggable(fields: Readonly<Record<string, unknown>>, rule: AddressRule): Record<string, unknown> {
  return members(fields, rule, 0);
}

/** Text as a log may hold it. */
export function loggableText(text: string, rule: AddressRule): string {
  const bounded = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text;
  return redactAddresses(withoutSecrets(bounded), rule);
}

function members(value: object, rule: AddressRule, depth: number): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    written[name] = mayHold(member) && isSecretName(name) ? REDACTED : loggableValue(member, rule, depth);
  }
  return written;
}

/** Counts and switches are no secrets, whatever they are called. */
function mayHold(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function loggableValue(value: unknown, rule: AddressRule, depth: number): unknown {
  if (typeof value === 'string') return loggableText(value, rule);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return hexOf(value);
  if (value instanceof Error) return loggableError(value, rule, depth);
  if (depth >= DEPTH) return '…';
  if ('toJSON' in value && typeof value.toJSON === 'function') return loggableValue(value.toJSON(), rule, depth + 1);
  if (Array.isArray(value)) return value.map((item) => loggableValue(item, rule, depth + 1));
  return members(value, rule, depth + 1);
}

function hexOf(bytes: Uint8Array): string {
  const most = TEXT_LENGTH / 2;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, most)).toString('hex');
  return bytes.byteLength > most ? `${hex}…` : hex;
}

const ERROR_PARTS: readonly string[] = ['name', 'message', 'stack', 'cause'];

function loggableError(error: Error, rule: AddressRule, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const own = Object.fromEntries(Object.entries(error).filter(([key]) => !ERROR_PARTS.includes(key)));
  return {
    name,
    message: loggableText(message, rule),
    stack: stack === undefined ? undefined : loggableText(stack, rule),
    ...members(own, rule, depth),
    // Not enumerable: what a connection to several addresses of a name failed of, for one.
    ...(error instanceof AggregateError && depth < DEPTH
      ? { errors: loggableValue(error.errors.slice(0, ERRORS), rule, depth + 1) }
      : {}),
    ...(cause === undefined || depth >= DEPTH ? {} : { cause: loggableValue(cause, rule, depth + 1) }),
  };
}
