import { type Id, isObject, type Json, own } from './envelope.ts';
import { readDifficulty, readTarget } from './difficulty.ts';
import { bytesFromHex, uint32FromHex } from './hex.ts';
import { SV1_LIMITS } from './limits.ts';

/** mining.configure (BIP310). Only what is asked for is there; `info` is kept as text. */
export interface Configure {
  readonly type: 'configure';
  readonly id: Id;
  readonly versionRolling?: { readonly mask: number; readonly minBitCount: number };
  readonly minimumDifficulty?: { readonly difficulty: number | undefined };
  readonly subscribeExtranonce?: true;
  readonly info?: Readonly<Record<string, string>>;
  /** Extensions that nobody here knows; they are answered with false. */
  readonly unknown: readonly string[];
}

/** mining.subscribe. */
export interface Subscribe {
  readonly type: 'subscribe';
  readonly id: Id;
  /** Empty when the miner says none. Often wrong: a hint at most. */
  readonly userAgent: string;
  /** The session that the miner would like to go on with. */
  readonly session: string | undefined;
}

/** mining.authorize. */
export interface Authorise {
  readonly type: 'authorise';
  readonly id: Id;
  readonly username: string;
  readonly password: string;
}

/** mining.submit, decoded; what of it fits the job is for `judgeable` to say. */
export interface Submit {
  readonly type: 'submit';
  readonly id: Id;
  readonly username: string;
  readonly jobId: string;
  readonly extranonce2: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  /** The sixth parameter, where there is one. */
  readonly versionBits: number | undefined;
}

/** What a miner asks for. */
export type MinerRequest =
  | Configure
  | Subscribe
  | Authorise
  | Submit
  | { readonly type: 'extranonce-subscribe'; readonly id: Id }
  | { readonly type: 'suggest-difficulty'; readonly id: Id; readonly difficulty: number | undefined }
  | { readonly type: 'suggest-target'; readonly id: Id; readonly target: Uint8Array | undefined }
  | { readonly type: 'multi-version'; readonly id: Id; readonly version: number | undefined }
  | { readonly type: 'get-transactions'; readonly id: Id; readonly jobId: string }
  | { readonly type: 'ping'; readonly id: Id }
  | { readonly type: 'pong'; readonly id: Id }
  | { readonly type: 'unknown'; readonly id: Id; readonly method: string }
  /** A known method with parameters that make no sense. */
  | { readonly type: 'invalid'; readonly id: Id; readonly method: string; readonly problem: string };

/** Some firmware puts the value behind the method's name instead of into the parameters. */
const SUGGESTION = /^mining\.suggest_(difficulty|target)\s*[([\s,]\s*"?([^\s")\]]+)"?\s*[)\]]?$/;

/** What a miner's request means. Tolerant of missing and surplus parameters; a submit's are all looked at. */
export function readMinerRequest(id: Id, method: string, params: readonly Json[]): MinerRequest {
  switch (method) {
    case 'mining.configure':
      return readConfigure(id, params);
    case 'mining.subscribe':
      return { type: 'subscribe', id, userAgent: name(params[0]), session: name(params[1]) || undefined };
    case 'mining.authorize':
      return { type: 'authorise', id, username: name(params[0]), password: name(params[1]) };
    case 'mining.submit':
      return readSubmit(id, params);
    case 'mining.extranonce.subscribe':
      return { type: 'extranonce-subscribe', id };
    case 'mining.suggest_difficulty':
      return { type: 'suggest-difficulty', id, difficulty: readDifficulty(params[0]) };
    case 'mining.suggest_target':
      return { type: 'suggest-target', id, target: readTarget(params[0]) };
    case 'mining.multi_version':
      return { type: 'multi-version', id, version: typeof params[0] === 'number' ? params[0] : undefined };
    case 'mining.get_transactions':
      return { type: 'get-transactions', id, jobId: name(params[0]) };
    case 'mining.ping':
    case 'client.ping':
    case 'ping':
      return { type: 'ping', id };
    case 'mining.pong':
    case 'client.pong':
    case 'pong':
      return { type: 'pong', id };
    default:
      return readSuggestion(id, name(method));
  }
}

/** @param method cut: the pattern takes the square of its length */
function readSuggestion(id: Id, method: string): MinerRequest {
  const [, kind, value] = SUGGESTION.exec(method) ?? [];
  if (kind === 'difficulty') return { type: 'suggest-difficulty', id, difficulty: readDifficulty(value) };
  if (kind === 'target') return { type: 'suggest-target', id, target: readTarget(value) };
  return { type: 'unknown', id, method };
}

const ASKED = new Set(['version-rolling', 'minimum-difficulty', 'subscribe-extranonce', 'info']);
/** Bits that a miner may roll when it does not say which. */
const ALL_BITS = 0xffffffff;

function readConfigure(id: Id, params: readonly Json[]): MinerRequest {
  const [extensions, given] = params;
  if (!Array.isArray(extensions)) {
    return { type: 'invalid', id, method: 'mining.configure', problem: 'the extensions are no array' };
  }
  const asked = new Set(extensions.filter((extension) => typeof extension === 'string').map((text) => name(text)));
  const values = isObject(given) ? given : {};
  const minBitCount = own(values, 'version-rolling.min-bit-count');
  const rolling = {
    mask: uint32FromHex(own(values, 'version-rolling.mask')) ?? ALL_BITS,
    minBitCount: typeof minBitCount === 'number' && minBitCount >= 0 && minBitCount <= 32 ? minBitCount : 0,
  };
  return {
    type: 'configure',
    id,
    ...(asked.has('version-rolling') && { versionRolling: rolling }),
    ...(asked.has('minimum-difficulty') && {
      minimumDifficulty: { difficulty: readDifficulty(own(values, 'minimum-difficulty.value')) },
    }),
    ...(asked.has('subscribe-extranonce') && { subscribeExtranonce: true }),
    ...(asked.has('info') && { info: readInfo(values) }),
    unknown: [...asked].filter((extension) => !ASKED.has(extension)),
  };
}

const INFO = 'info.';

function readInfo(values: { readonly [key: string]: Json }): Readonly<Record<string, string>> {
  const texts = Object.entries(values).filter(([key, value]) => key.startsWith(INFO) && typeof value === 'string');
  return Object.fromEntries(texts.map(([key, value]) => [name(key.slice(INFO.length)), name(value)]));
}

function readSubmit(id: Id, params: readonly Json[]): MinerRequest {
  const [username, jobId, digits, ntimeDigits, nonceDigits, versionDigits] = params;
  const invalid = (problem: string): MinerRequest => ({ type: 'invalid', id, method: 'mining.submit', problem });
  if (typeof jobId !== 'string' || jobId.length > SV1_LIMITS.nameLength) return invalid('job id');
  const extranonce2 = bytesFromHex(digits, 0, SV1_LIMITS.extranonceDigits / 2);
  if (extranonce2 === undefined) return invalid('extranonce2');
  const ntime = uint32FromHex(ntimeDigits);
  if (ntime === undefined) return invalid('ntime');
  const nonce = uint32FromHex(nonceDigits);
  if (nonce === undefined) return invalid('nonce');
  const versionBits = uint32FromHex(versionDigits);
  const absent = versionDigits === undefined || versionDigits === null || versionDigits === '';
  if (versionBits === undefined && !absent) return invalid('version bits');
  return { type: 'submit', id, username: name(username), jobId, extranonce2, ntime, nonce, versionBits };
}

/** A string, cut to what is kept; empty for anything else. */
function name(value: Json | undefined): string {
  return typeof value === 'string' ? value.slice(0, SV1_LIMITS.nameLength) : '';
}
