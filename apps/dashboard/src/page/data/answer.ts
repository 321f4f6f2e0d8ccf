/** Why there is no answer. */
export type NoAnswer =
  /** The server has no such thing. */
  | { readonly kind: 'absent'; readonly code: string; readonly reason: string }
  /** Nobody answers, or what answers cannot just now. */
  | { readonly kind: 'unreachable'; readonly code: string; readonly reason: string };

export type Answer<T> = { readonly kind: 'value'; readonly value: T } | NoAnswer;

/** What a refusal says, by its status and body. */
export function noAnswer(status: number, body: unknown): NoAnswer {
  const { code, message, error } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const said = typeof message === 'string' ? message : typeof error === 'string' ? error : undefined;
  const told = { code: typeof code === 'string' ? code : String(status), reason: said ?? `it answered ${status}` };
  if (status === 401) return { kind: 'unreachable', code: told.code, reason: 'a token is wanted' };
  return { kind: status === 404 ? 'absent' : 'unreachable', ...told };
}
