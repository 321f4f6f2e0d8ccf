// Extension 0x0001: which other extensions may be used on a connection. Pure decisions; the sessions carry them out.
import type { RequestExtensions, RequestExtensionsError, RequestExtensionsSuccess } from '@sv2kit/codec';

/** What a server offers. */
export interface ServerExtensions {
  /** Extensions that the server can speak. */
  readonly supported: readonly number[];
  /** Those of them without which it serves nobody. */
  readonly required: readonly number[];
}

/** What a client wishes. */
export interface ClientExtensions {
  /** Extensions that the client can speak. */
  readonly supported: readonly number[];
  /** Those of them it asks for at first; all of them when absent. */
  readonly requested?: readonly number[];
  /** Those without which it does not stay. */
  readonly required: readonly number[];
}

/** No extension, on either side. */
export const NO_EXTENSIONS: ServerExtensions & ClientExtensions = { supported: [], required: [] };

export interface ServerAnswer {
  readonly reply: RequestExtensionsSuccess | RequestExtensionsError;
  /** What may be used from now on: nothing after an Error. */
  readonly negotiated: ReadonlySet<number>;
  /** Whether everything that the server requires was asked for. */
  readonly satisfied: boolean;
}

/**
 * A server's answer (extension 0x0001, 4): Success with what both sides know, when that is something and nothing
 * required is missing; otherwise Error. An empty request is therefore answered by an Error with empty lists, as deployed
 * servers do.
 */
export function answerRequest(request: RequestExtensions, offer: ServerExtensions): ServerAnswer {
  const asked = new Set(request.requestedExtensions);
  const { requestId } = request;
  const common = [...asked].filter((extension) => offer.supported.includes(extension));
  const missing = offer.required.filter((extension) => !asked.has(extension));
  if (common.length > 0 && missing.length === 0) {
    const reply = { type: 'RequestExtensionsSuccess', requestId, supportedExtensions: common } as const;
    return { reply, negotiated: new Set(common), satisfied: true };
  }
  const unsupportedExtensions = [...asked].filter((extension) => !offer.supported.includes(extension));
  const reply = {
    type: 'RequestExtensionsError',
    requestId,
    unsupportedExtensions,
    requiredExtensions: missing,
  } as const;
  return { reply, negotiated: new Set(), satisfied: missing.length === 0 };
}

/** What a client makes of an answer, or of none. */
export type ClientVerdict =
  | { readonly kind: 'settled'; readonly negotiated: ReadonlySet<number> }
  | { readonly kind: 'retry'; readonly request: readonly number[] }
  | { readonly kind: 'missing'; readonly extensions: readonly number[] };

const NOTHING: ReadonlySet<number> = new Set();

/** The server agreed to some of `requested`; what it names beyond that was never asked for and is ignored. */
export function judgeSuccess(
  answer: RequestExtensionsSuccess,
  requested: readonly number[],
  wishes: ClientExtensions,
): ClientVerdict {
  const negotiated = new Set(answer.supportedExtensions.filter((extension) => requested.includes(extension)));
  return settle(negotiated, wishes);
}

/** The server agreed to nothing: try once more with what it requires, where we know it; otherwise go on without. */
export function judgeError(
  answer: RequestExtensionsError,
  requested: readonly number[],
  wishes: ClientExtensions,
  lastTry: boolean,
): ClientVerdict {
  const demanded = answer.requiredExtensions;
  const unknown = demanded.filter((extension) => !wishes.supported.includes(extension));
  if (unknown.length > 0) return { kind: 'missing', extensions: unknown };
  if (demanded.length === 0) return judgeSilence(wishes);
  if (lastTry) return { kind: 'missing', extensions: demanded };
  const kept = requested.filter((extension) => !answer.unsupportedExtensions.includes(extension));
  return { kind: 'retry', request: [...new Set([...kept, ...demanded])] };
}

/** The server gave no answer, or agreed to nothing and requires nothing. */
export function judgeSilence(wishes: ClientExtensions): ClientVerdict {
  return settle(NOTHING, wishes);
}

function settle(negotiated: ReadonlySet<number>, wishes: ClientExtensions): ClientVerdict {
  const missing = wishes.required.filter((extension) => !negotiated.has(extension));
  return missing.length === 0 ? { kind: 'settled', negotiated } : { kind: 'missing', extensions: missing };
}
