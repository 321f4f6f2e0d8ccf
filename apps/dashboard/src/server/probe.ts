import type { Clock } from '@sv2kit/daemon';
import { boundedBody } from './bounded-body.ts';
import { isName } from './config.ts';
import { reasonOf, RoleAway, type RoleClient } from './role-client.ts';
import type { ProbeOutcome } from './role-states.ts';

/** More than any role says of itself. Bytes. */
const ABOUT_BYTES = 65_536;
const STRANGER: ProbeOutcome = { kind: 'away', reason: 'what answers there is no role of sv2kit' };

/** Asks a role who it is. Never throws, but for the signal's reason. */
export async function probe(
  client: RoleClient,
  clock: Clock,
  headMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const done = new AbortController();
  // For all of it: who sends a byte now and then would keep us for ever.
  using _late = clock.after(headMs, () => done.abort(new RoleAway(`no answer within ${headMs / 1000} s`)));
  try {
    const either = AbortSignal.any([done.signal, signal]);
    const response = await client.ask('api/v1/role', { headMs, signal: either });
    const about = await read(response, clock, headMs, done);
    if (response.status === 401 || response.status === 403) return refusal(about);
    const { name } = fields(about);
    return response.ok && isName(name) ? { kind: 'role', name } : STRANGER;
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'away', reason: reasonOf(error) };
  } finally {
    done.abort();
  }
}

function refusal(answer: unknown): ProbeOutcome {
  const { code, message } = fields(answer);
  if (code === 'token-wanted') return { kind: 'refused', reason: 'it wants a token: set token_file of this role' };
  if (code !== 'foreign-page' || typeof message !== 'string') return STRANGER;
  return { kind: 'refused', reason: message.slice(0, 200) };
}

/** Undefined for what is no JSON. */
async function read(response: Response, clock: Clock, silenceMs: number, done: AbortController): Promise<unknown> {
  if (response.body === null) return undefined;
  const chunks: Uint8Array[] = [];
  const limits = { clock, silenceMs, bytes: ABOUT_BYTES, abort: (reason: Error) => done.abort(reason) };
  for await (const chunk of boundedBody(response.body, limits)) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
