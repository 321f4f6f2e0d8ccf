import type { ErrorAnswer } from './schemas/error.ts';

/** Every code that an answer of the surface can carry, and what it means. */
export const MONITOR_ERRORS = {
  'invalid-query':
    'The question has something in it that is not understood; `problems` says what, where and what is right. 400.',
  'invalid-request': 'This is no request that HTTP knows. 400.',
  'token-wanted':
    'Everything but the bare health wants `Authorization: Bearer` and the token of monitoring_token_file. 401.',
  'foreign-page': 'A browser asks for a page of another origin, or by a name that is not this host. 403.',
  'not-found': 'There is nothing at this path, or nothing of this name. 404.',
  'not-here': 'The resource exists, but this role has nothing to say to it; `has` names what it has. 404.',
  'read-only': 'Only GET and HEAD are served. 405.',
  'request-timeout': 'The request did not arrive in time. 408.',
  'headers-too-large': 'The request line and the header fields are too long. 431.',
  internal: 'A bug; the log has it. 500.',
  'no-such-role': 'The dashboard has no role of this name; `has` names what it has. 404.',
  'role-unreachable': 'The dashboard asked a role that does not answer. 502.',
  'role-refused': 'The dashboard asked a role that wants another token than the dashboard has. 502.',
  unavailable:
    'What the answer is made of is away just now, the role starts or stops, or there are too many readers. 503.',
} as const;
export type MonitorErrorCode = keyof typeof MONITOR_ERRORS;

const STATUS: Readonly<Record<MonitorErrorCode, number>> = {
  'invalid-query': 400,
  'invalid-request': 400,
  'token-wanted': 401,
  'foreign-page': 403,
  'not-found': 404,
  'not-here': 404,
  'read-only': 405,
  'request-timeout': 408,
  'headers-too-large': 431,
  internal: 500,
  'no-such-role': 404,
  'role-unreachable': 502,
  'role-refused': 502,
  unavailable: 503,
};

/** Ends a request with an answer that says why. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: MonitorErrorCode;
  readonly statusCode: number;
  readonly answer: ErrorAnswer;

  constructor(code: MonitorErrorCode, message: string, more: Pick<ErrorAnswer, 'problems' | 'has'> = {}) {
    super(message);
    this.code = code;
    this.statusCode = STATUS[code];
    this.answer = { code, message, ...more };
  }
}

/** A role throws it when what an answer is made of is away just now: answered 503 with the message, and no bug. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
