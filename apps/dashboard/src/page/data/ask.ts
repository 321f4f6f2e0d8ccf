import { type Answer, noAnswer } from './answer.ts';
import { learnClock } from './clock.ts';
import { shownToken, tokenIsWanted } from './token.ts';

export { noAnswer } from './answer.ts';

const PATIENCE_MS = 15_000;

/** A question to a server, with the token. The body is not read. @throws what `fetch` throws */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const token = shownToken();
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const response = await fetch(path, { ...init, headers, cache: 'no-store' });
  learnClock(response);
  if (response.status === 401) tokenIsWanted(token);
  return response;
}

/** Asks for JSON. Never throws: what goes wrong is told in words. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await request(path, {
      signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
    });
    const body: unknown = await response.json().catch(() => undefined);
    // Health is 503 with its conditions when the role does not do its work: an answer like any other.
    if (response.ok || (response.status === 503 && isHealth(body))) return { kind: 'value', value: body as T };
    return noAnswer(response.status, body);
  } catch (error) {
    const reason = patience.aborted ? `no answer within ${PATIENCE_MS / 1000} seconds` : 'the server does not answer';
    return { kind: 'unreachable', code: error instanceof Error ? error.name : 'unknown', reason };
  }
}

const isHealth = (body: unknown): boolean => typeof body === 'object' && body !== null && 'conditions' in body;
