import { Readable } from 'node:stream';
import type { Clock } from '@sv2kit/daemon';
import { Refusal, Unavailable } from '@sv2kit/monitor';
import type { AllowedPath } from './allowed.ts';
import { boundedBody } from './bounded-body.ts';
import { DASHBOARD_LIMITS } from './limits.ts';
import { reasonOf, RoleAway } from './role-client.ts';
import type { WatchedRole } from './watched-role.ts';

const { answerBytes, answerMs, answersPerRole, headMs, silenceMs, streamsPerRole } = DASHBOARD_LIMITS;
/** What roles answer with. Nothing else is passed on: a page of another's would run as the dashboard's own. */
const TYPES = /^(application\/json|text\/plain|text\/event-stream)\s*(?:;|$)/i;
/** Said anew: of several types in one field a browser takes the last. Whatever the bytes are, they do nothing. */
const INERT = { 'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'" };
/** How a role refuses whom it does not know: no business of the browser, which knows the dashboard's token alone. */
const REFUSED: ReadonlySet<number> = new Set([401, 403]);

/** An answer on its way. */
export interface Forwarded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Who asks. */
export interface Asking {
  readonly accept: string | undefined;
  readonly lastEventId: string | undefined;
  /** The reader has gone. */
  readonly gone: AbortSignal;
}

interface UnderWay {
  answers: number;
  streams: number;
}

/** Passes questions on to roles and their answers back; what one role does or does not costs no other anything. */
export class Forwarder {
  readonly #clock: Clock;
  readonly #underWay = new WeakMap<WatchedRole, UnderWay>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws Refusal `role-unreachable`, `role-refused`; Unavailable when too much of the role is under way */
  async forward(role: WatchedRole, name: string, allowed: AllowedPath, asking: Asking): Promise<Forwarded> {
    const { state } = role;
    if (state.state === 'unreachable') throw unreachable(role, name, state.reason);
    const slot = this.#take(role, name, allowed.isStream);
    const end = new AbortController();
    const timer = allowed.isStream
      ? undefined
      : this.#clock.after(answerMs, () => end.abort(new RoleAway(`no whole answer within ${answerMs / 1000} s`)));
    const finish = (): void => {
      timer?.[Symbol.dispose]();
      slot[Symbol.dispose]();
      end.abort();
    };
    try {
      const { accept, gone, lastEventId } = asking;
      const signal = AbortSignal.any([end.signal, gone]);
      const response = await role.client.ask(allowed.path, { headMs, signal, accept, lastEventId });
      const headers = headersOf(response, role, name);
      const limits = {
        clock: this.#clock,
        silenceMs,
        bytes: allowed.isStream ? Number.POSITIVE_INFINITY : answerBytes,
      };
      const chunks =
        response.body === null ? [] : boundedBody(response.body, { ...limits, abort: (reason) => end.abort(reason) });
      const body = Readable.from(chunks, { objectMode: false }).once('close', finish);
      return { status: response.status, headers, body };
    } catch (error) {
      finish();
      if (!(error instanceof RoleAway)) throw error;
      role.doubt();
      throw unreachable(role, name, reasonOf(error));
    }
  }

  #take(role: WatchedRole, name: string, isStream: boolean): Disposable {
    const underWay = this.#underWay.get(role) ?? { answers: 0, streams: 0 };
    this.#underWay.set(role, underWay);
    const [kind, most] = isStream ? (['streams', streamsPerRole] as const) : (['answers', answersPerRole] as const);
    if (underWay[kind] >= most) throw new Unavailable(`${most} ${kind} of ${name} are under way already`);
    underWay[kind] += 1;
    let isTaken = true;
    return {
      [Symbol.dispose]() {
        if (isTaken) underWay[kind] -= 1;
        isTaken = false;
      },
    };
  }
}

/** @throws Refusal for an answer that is not passed on */
function headersOf({ headers, status }: Response, role: WatchedRole, name: string): Record<string, string> {
  if (REFUSED.has(status)) {
    throw new Refusal(
      'role-refused',
      `${name} at ${role.wanted.url} wants a token that the dashboard has not: set its token_file`,
    );
  }
  const [, type] = TYPES.exec(headers.get('content-type') ?? '') ?? [];
  if (status < 200 || (status >= 300 && status < 400) || status > 599 || type === undefined) {
    throw unreachable(role, name, 'what answers there is no role of sv2kit');
  }
  const retryAfter = headers.get('retry-after') ?? '';
  return {
    ...INERT,
    'content-type': `${type.toLowerCase()}; charset=utf-8`,
    ...(/^\d{1,6}$/.test(retryAfter) ? { 'retry-after': retryAfter } : {}),
    ...(type.toLowerCase() === 'text/event-stream' ? { 'x-accel-buffering': 'no' } : {}),
  };
}

function unreachable(role: WatchedRole, name: string, reason: string): Refusal {
  const { state } = role;
  const since = state.state === 'unreachable' ? `, since ${new Date(state.sinceMs).toISOString()}` : '';
  return new Refusal('role-unreachable', `${name} at ${role.wanted.url} does not answer: ${reason}${since}`);
}
