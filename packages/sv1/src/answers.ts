import { isObject, type Id, type Json, own, writeResult } from './envelope.ts';
import { STRATUM_ERROR_NUMBERS, type StratumError, stratumError } from './errors.ts';
import { bytesFromHex, bytesToHex, uint32FromHex, uint32ToHex } from './hex.ts';
import { SV1_LIMITS } from './limits.ts';
import type { Configure } from './miner-requests.ts';

/** What a subscription gives a miner. */
export interface Subscription {
  /** 0 to 31 bytes that the server chose for this connection. */
  readonly extranonce1: Uint8Array;
  /** Bytes that the miner rolls. */
  readonly extranonce2Size: number;
  /** With which the miner may ask to go on with the same extranonce1; its text is hex. */
  readonly session: string;
}

/** The answer to mining.configure. Only what was asked for may be in it. */
export interface Configured {
  readonly versionRolling?: { readonly mask: number } | false;
  readonly minimumDifficulty?: boolean;
  readonly subscribeExtranonce?: boolean;
  readonly info?: boolean;
  readonly unknown?: readonly string[];
}

/** The answer to a configure: to what it asked for and to nothing else. @param mask 0 refuses version rolling */
export function configureAnswer(request: Configure, mask: number, minimumDifficulty: boolean): Configured {
  return {
    ...(request.versionRolling !== undefined && { versionRolling: mask === 0 ? false : { mask } }),
    ...(request.minimumDifficulty !== undefined && { minimumDifficulty }),
    ...(request.subscribeExtranonce !== undefined && { subscribeExtranonce: true }),
    ...(request.info !== undefined && { info: true }),
    unknown: request.unknown,
  };
}

/** The answer to mining.configure as a line with its LF. */
export function writeConfigured(id: Id, answer: Configured): string {
  const { versionRolling, minimumDifficulty, subscribeExtranonce, info, unknown = [] } = answer;
  const result: Record<string, Json> = {};
  if (versionRolling !== undefined) result['version-rolling'] = versionRolling !== false;
  if (versionRolling) result['version-rolling.mask'] = uint32ToHex(versionRolling.mask);
  if (minimumDifficulty !== undefined) result['minimum-difficulty'] = minimumDifficulty;
  if (subscribeExtranonce !== undefined) result['subscribe-extranonce'] = subscribeExtranonce;
  if (info !== undefined) result['info'] = info;
  const rest = Object.fromEntries(unknown.map((extension) => [extension, false]));
  return writeResult(id, { ...rest, ...result });
}

/** Reads the answer to mining.configure; whatever is no clear yes is a no. */
export function readConfigured(result: Json): Configured {
  if (!isObject(result)) return {};
  const mask = uint32FromHex(own(result, 'version-rolling.mask'));
  const flag = (key: string): boolean | undefined =>
    Object.hasOwn(result, key) ? own(result, key) === true : undefined;
  const rolling = flag('version-rolling');
  const minimumDifficulty = flag('minimum-difficulty');
  const subscribeExtranonce = flag('subscribe-extranonce');
  const info = flag('info');
  return {
    ...(rolling !== undefined && { versionRolling: rolling && mask !== undefined ? { mask } : false }),
    ...(minimumDifficulty !== undefined && { minimumDifficulty }),
    ...(subscribeExtranonce !== undefined && { subscribeExtranonce }),
    ...(info !== undefined && { info }),
  };
}

/** The answer to mining.subscribe as a line with its LF. */
export function writeSubscription(id: Id, { extranonce1, extranonce2Size, session }: Subscription): string {
  const subscriptions = [
    ['mining.set_difficulty', session],
    ['mining.notify', session],
  ];
  return writeResult(id, [subscriptions, bytesToHex(extranonce1), extranonce2Size]);
}

/**
 * Reads the answer to mining.subscribe: extranonce1 and the size are its last two items, what stands before them is
 * nested, flat or missing.
 *
 * @returns undefined when it gives no usable extranonce
 */
export function readSubscription(result: Json): Subscription | undefined {
  if (!Array.isArray(result) || result.length < 2) return undefined;
  const items: readonly Json[] = result;
  const extranonce = readExtranonce(items.at(-2), items.at(-1));
  return extranonce === undefined ? undefined : { ...extranonce, session: sessionOf(items.slice(0, -2)) };
}

/** What is wrong with a subscription that cannot be read, for those who look into why a pool is of no use. */
export function noExtranonce(result: Json): StratumError {
  const said = JSON.stringify(Array.isArray(result) ? result.slice(-2) : result).slice(0, SV1_LIMITS.nameLength / 2);
  const message = `No usable extranonce: ${said}; extranonce2 needs 1 byte or more, both together 32 at most`;
  return { code: STRATUM_ERROR_NUMBERS.other, message };
}

/** The two parameters of mining.set_extranonce, and the last two items of a subscription. */
export function readExtranonce(
  digits: Json | undefined,
  size: Json | undefined,
): Omit<Subscription, 'session'> | undefined {
  const most = SV1_LIMITS.extranonceDigits / 2;
  const extranonce1 = bytesFromHex(digits, 0, most - 1);
  const extranonce2Size = typeof size === 'string' && /^\d{1,2}$/.test(size) ? Number(size) : size;
  if (extranonce1 === undefined || typeof extranonce2Size !== 'number') return undefined;
  if (!Number.isInteger(extranonce2Size) || extranonce2Size < 1) return undefined;
  return extranonce1.length + extranonce2Size <= most ? { extranonce1, extranonce2Size } : undefined;
}

/** The id behind "mining.notify", nested or flat. */
function sessionOf(items: readonly Json[]): string {
  const flat = items.flat(2) as readonly Json[];
  const id = flat[flat.indexOf('mining.notify') + 1];
  return flat.includes('mining.notify') && typeof id === 'string' ? id.slice(0, SV1_LIMITS.nameLength) : '';
}

/** The answer to a submit or an authorize. */
export type Verdict = { readonly kind: 'accepted' } | { readonly kind: 'rejected'; readonly error: StratumError };

/** Reads the answer to a submit: an error or anything but a clear yes is a no. */
export function readVerdict(result: Json, error: Json): Verdict {
  const refusal = readError(error);
  if (refusal !== undefined) return { kind: 'rejected', error: refusal };
  const word = isObject(result) ? own(result, 'status') : result;
  if (word === true || word === 1 || (typeof word === 'string' && /^(true|ok)$/i.test(word)))
    return { kind: 'accepted' };
  return { kind: 'rejected', error: { code: STRATUM_ERROR_NUMBERS.other, message: 'not accepted' } };
}

/** Reads the answer to an authorize. A bare null is a yes: pools that mean no say so in the error. */
export function readAuthorised(result: Json, error: Json): Verdict {
  const refusal = readError(error) ?? (result === false ? stratumError('unauthorised') : undefined);
  return refusal === undefined ? { kind: 'accepted' } : { kind: 'rejected', error: refusal };
}

/**
 * An answer's error in any of the forms that pools use: an array, an object, a string, a number.
 *
 * @returns undefined for none
 */
export function readError(error: Json): StratumError | undefined {
  if (error === null || error === false || error === 0 || error === '') return undefined;
  if (Array.isArray(error)) return error.length === 0 ? undefined : errorOf(error[0], error[1]);
  if (isObject(error)) return errorOf(own(error, 'code') ?? null, own(error, 'message') ?? null);
  return typeof error === 'number' ? errorOf(error, null) : errorOf(null, error);
}

function errorOf(code: Json | undefined, message: Json | undefined): StratumError {
  const number = typeof code === 'string' && /^-?\d{1,9}$/.test(code) ? Number(code) : code;
  const text = typeof message === 'string' ? message : typeof number === 'string' ? number : '';
  return {
    code: typeof number === 'number' && Number.isInteger(number) ? number : STRATUM_ERROR_NUMBERS.other,
    message: text.slice(0, SV1_LIMITS.nameLength),
  };
}
