import type { Clock } from '@sv2kit/daemon';

/** A role did not answer; the message says why, for people. */
export class RoleAway extends Error {
  override readonly name = 'RoleAway';
}

/** Where a role is monitored, and what it wants to be shown. */
export interface RoleTarget {
  readonly url: string;
  readonly token?: string | undefined;
}

export interface Question {
  /** Time for the head of the answer. Milliseconds. */
  readonly headMs: number;
  /** Ends the question and the answer's body. */
  readonly signal: AbortSignal;
  readonly accept?: string | undefined;
  readonly lastEventId?: string | undefined;
}

/** Asks one role. */
export class RoleClient {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #clock: Clock;

  constructor({ url, token }: RoleTarget, clock: Clock) {
    this.#base = url.endsWith('/') ? url : `${url}/`;
    this.#token = token;
    this.#clock = clock;
  }

  /**
   * The head of the answer; its body is read by the caller.
   *
   * @param path below the role's address, with its question mark and what follows
   * @throws RoleAway; the signal's reason when it was aborted
   */
  async ask(path: string, { headMs, signal, accept = 'application/json', lastEventId }: Question): Promise<Response> {
    const late = new AbortController();
    using _timer = this.#clock.after(headMs, () => late.abort(new RoleAway(`no answer within ${headMs / 1000} s`)));
    const init: RequestInit = {
      // Where a role is does not change by a word of its own.
      redirect: 'manual',
      signal: AbortSignal.any([late.signal, signal]),
      headers: {
        accept,
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    };
    try {
      return await fetch(`${this.#base}${path}`, init).catch((error: unknown) => {
        // The role may close a connection that has been idle just as it is used again.
        if (!ENDED.has(codeOf(error) ?? '')) throw error;
        return fetch(`${this.#base}${path}`, init);
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RoleAway ? error : new RoleAway(reasonOf(error), { cause: error });
    }
  }
}

const ENDED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection ended',
  UND_ERR_HEADERS_OVERFLOW: 'what answers there sends too many header fields',
};

/** Why fetch failed: it says so only in the cause. */
export function reasonOf(error: unknown): string {
  if (error instanceof RoleAway) return error.message;
  const cause = causeOf(error);
  return REASONS[codeOf(error) ?? ''] ?? (cause instanceof Error ? cause.message : 'the connection failed');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? error) : error;
}

function codeOf(error: unknown): string | undefined {
  const cause = causeOf(error);
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
