import { type Id, type Json, writeRequest } from './envelope.ts';
import { writeDifficulty } from './difficulty.ts';
import { bytesToHex, uint32ToHex } from './hex.ts';
import type { MinerRequest } from './miner-requests.ts';

/** What can be written: every request of a miner that means something. */
export type WritableMinerRequest = Exclude<MinerRequest, { readonly type: 'unknown' | 'invalid' }>;

/** A miner's request as a line with its LF: what `readMinerRequest` reads back. */
export function writeMinerRequest(request: WritableMinerRequest): string {
  const { id } = request;
  switch (request.type) {
    case 'configure':
      return writeRequest('mining.configure', configureParams(request), id);
    case 'subscribe':
      return writeRequest('mining.subscribe', subscribeParams(request.userAgent, request.session), id);
    case 'authorise':
      return writeRequest('mining.authorize', [request.username, request.password], id);
    case 'submit':
      return writeRequest('mining.submit', submitParams(request), id);
    case 'extranonce-subscribe':
      return writeRequest('mining.extranonce.subscribe', [], id);
    case 'suggest-difficulty':
      return writeSuggestion(id, request.difficulty);
    case 'suggest-target':
      return writeRequest('mining.suggest_target', request.target === undefined ? [] : [bigEndian(request.target)], id);
    case 'multi-version':
      return writeRequest('mining.multi_version', request.version === undefined ? [] : [request.version], id);
    case 'get-transactions':
      return writeRequest('mining.get_transactions', [request.jobId], id);
    case 'ping':
      return writeRequest('mining.ping', [], id);
    case 'pong':
      return writeRequest('mining.pong', [], id);
    default:
      return request satisfies never;
  }
}

type Of<T extends MinerRequest['type']> = Extract<MinerRequest, { readonly type: T }>;

function configureParams(request: Of<'configure'>): Json {
  const { versionRolling, minimumDifficulty, subscribeExtranonce, info, unknown } = request;
  const extensions: string[] = [];
  const values: Record<string, Json> = {};
  if (versionRolling !== undefined) {
    extensions.push('version-rolling');
    values['version-rolling.mask'] = uint32ToHex(versionRolling.mask);
    values['version-rolling.min-bit-count'] = versionRolling.minBitCount;
  }
  if (minimumDifficulty !== undefined) {
    extensions.push('minimum-difficulty');
    if (minimumDifficulty.difficulty !== undefined) values['minimum-difficulty.value'] = minimumDifficulty.difficulty;
  }
  if (subscribeExtranonce === true) extensions.push('subscribe-extranonce');
  if (info !== undefined) {
    extensions.push('info');
    for (const [key, value] of Object.entries(info)) values[`info.${key}`] = value;
  }
  return [[...extensions, ...unknown], values];
}

/** Not more than is known: some pools stumble over nulls. */
function subscribeParams(userAgent: string, session: string | undefined): Json {
  if (session !== undefined) return [userAgent, session];
  return userAgent === '' ? [] : [userAgent];
}

function submitParams({ username, jobId, extranonce2, ntime, nonce, versionBits }: Of<'submit'>): Json {
  const five = [username, jobId, bytesToHex(extranonce2), uint32ToHex(ntime), uint32ToHex(nonce)];
  return versionBits === undefined ? five : [...five, uint32ToHex(versionBits)];
}

function writeSuggestion(id: Id, difficulty: number | undefined): string {
  const params = difficulty === undefined ? '' : writeDifficulty(difficulty);
  return `{"id":${id},"method":"mining.suggest_difficulty","params":[${params}]}\n`;
}

function bigEndian(target: Uint8Array): string {
  return bytesToHex(target.slice().reverse());
}
