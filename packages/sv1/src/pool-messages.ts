import { type Id, type Json, NO_ID, writeRequest } from './envelope.ts';
import { readExtranonce } from './answers.ts';
import { readDifficulty, writeDifficulty } from './difficulty.ts';
import { bytesToHex, uint32FromHex, uint32ToHex } from './hex.ts';
import { SV1_LIMITS } from './limits.ts';
import { type Notify, readNotify, writeNotify } from './work.ts';

/** What a pool sends of itself. */
export type PoolMessage =
  | Notify
  | { readonly type: 'set-difficulty'; readonly difficulty: number }
  | { readonly type: 'set-extranonce'; readonly extranonce1: Uint8Array; readonly extranonce2Size: number }
  | { readonly type: 'set-version-mask'; readonly mask: number }
  | Reconnect
  | { readonly type: 'show-message'; readonly text: string }
  | { readonly type: 'get-version'; readonly id: Id }
  | { readonly type: 'ping'; readonly id: Id }
  | { readonly type: 'pong'; readonly id: Id }
  | { readonly type: 'unknown'; readonly id: Id; readonly method: string }
  /** A known method with parameters that make no sense. */
  | { readonly type: 'invalid'; readonly id: Id; readonly method: string; readonly problem: string };

/** client.reconnect. Without host and port it means the same server again. */
export interface Reconnect {
  readonly type: 'reconnect';
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly waitSeconds: number;
}

/** What a pool's request or notification means. */
export function readPoolMessage(id: Id, method: string, params: readonly Json[]): PoolMessage {
  const invalid = (problem: string): PoolMessage => ({ type: 'invalid', id, method, problem });
  switch (method) {
    case 'mining.notify': {
      const job = readNotify(params);
      return typeof job === 'string' ? invalid(job) : job;
    }
    case 'mining.set_difficulty': {
      const difficulty = readDifficulty(params[0]);
      return difficulty === undefined ? invalid('difficulty') : { type: 'set-difficulty', difficulty };
    }
    case 'mining.set_extranonce': {
      const extranonce = readExtranonce(params[0], params[1]);
      return extranonce === undefined ? invalid('extranonce') : { type: 'set-extranonce', ...extranonce };
    }
    case 'mining.set_version_mask': {
      const mask = uint32FromHex(params[0]);
      return mask === undefined ? invalid('mask') : { type: 'set-version-mask', mask };
    }
    case 'client.reconnect':
      return readReconnect(params) ?? invalid('port');
    case 'client.show_message':
      return { type: 'show-message', text: typeof params[0] === 'string' ? cut(params[0]) : '' };
    case 'client.get_version':
      return { type: 'get-version', id };
    case 'mining.ping':
    case 'client.ping':
    case 'ping':
      return { type: 'ping', id };
    case 'mining.pong':
    case 'client.pong':
    case 'pong':
      return { type: 'pong', id };
    default:
      return { type: 'unknown', id, method: cut(method) };
  }
}

/** What can be written: every message of a pool that means something. */
export type WritablePoolMessage = Exclude<PoolMessage, { readonly type: 'unknown' | 'invalid' }>;

/** A pool's message as a line with its LF: what `readPoolMessage` reads back. */
export function writePoolMessage(message: WritablePoolMessage): string {
  switch (message.type) {
    case 'notify':
      return writeNotify(message);
    case 'set-difficulty':
      return `{"id":${NO_ID},"method":"mining.set_difficulty","params":[${writeDifficulty(message.difficulty)}]}\n`;
    case 'set-extranonce':
      return writeRequest('mining.set_extranonce', [bytesToHex(message.extranonce1), message.extranonce2Size]);
    case 'set-version-mask':
      return writeRequest('mining.set_version_mask', [uint32ToHex(message.mask)]);
    case 'reconnect':
      return writeRequest('client.reconnect', reconnectParams(message));
    case 'show-message':
      return writeRequest('client.show_message', [message.text]);
    case 'get-version':
      return writeRequest('client.get_version', [], message.id);
    case 'ping':
      return writeRequest('mining.ping', [], message.id);
    case 'pong':
      return writeRequest('mining.pong', [], message.id);
    default:
      return message satisfies never;
  }
}

function readReconnect([host, port, wait]: readonly Json[]): Reconnect | undefined {
  const number = numberOf(port);
  if (number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= 65_535)) return undefined;
  const seconds = numberOf(wait) ?? 0;
  return {
    type: 'reconnect',
    host: typeof host === 'string' && host !== '' ? cut(host) : undefined,
    port: number,
    waitSeconds: Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS),
  };
}

/** Longest wait before a reconnect that is believed. */
const MAX_WAIT_SECONDS = 3_600;

/** Null params are refused by firmware: nothing at all means the same server. */
function reconnectParams({ host, port, waitSeconds }: Reconnect): Json {
  return host === undefined || port === undefined ? [] : [host, port, waitSeconds];
}

function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value);
  return typeof value === 'number' ? value : undefined;
}

const cut = (text: string): string => text.slice(0, SV1_LIMITS.nameLength);
