import type { Posting } from './channel.ts';
import { NOTIFY_LIMITS } from './limits.ts';
import type { NotifyClock } from './time.ts';

/** What became of one attempt. Reasons are words of ours and error codes: nothing of the request is in them. */
export type Attempt =
  | { readonly kind: 'sent' }
  /** It will not be otherwise however often it is tried. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs?: number };

/** Statuses below 500 that may be otherwise later. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Posts once. A redirection is refused: what was meant for one place, its tokens too, goes to no other. */
export async function post(posting: Posting, clock: NotifyClock, signal: AbortSignal): Promise<Attempt> {
  const abort = new AbortController();
  const stop = (): void => abort.abort('stopped');
  using _limit = clock.after(NOTIFY_LIMITS.attemptMs, () => abort.abort('late'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { url, headers, body } = posting;
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: abort.signal });
    return await judge(answer, clock.now());
  } catch (error) {
    if (abort.signal.aborted)
      return { kind: 'failed', reason: abort.signal.reason === 'late' ? 'no answer' : 'stopped' };
    return { kind: 'failed', reason: codeOf(error) };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function judge(answer: Response, nowMs: number): Promise<Attempt> {
  const { status } = answer;
  if (answer.ok || (status >= 300 && status < 400)) {
    await answer.body?.cancel();
    return answer.ok ? { kind: 'sent' } : { kind: 'refused', reason: `redirected elsewhere (status ${status})` };
  }
  const reason = `status ${status}`;
  const retryAfterMs = retryAfter(answer.headers.get('retry-after'), nowMs) ?? (await retryIn(answer));
  if (status < 500 && !LATER.has(status)) return { kind: 'refused', reason };
  return { kind: 'failed', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Telegram tells it in the body: `parameters.retry_after`, in seconds. */
async function retryIn(answer: Response): Promise<number | undefined> {
  const text = await beginning(answer);
  const seconds = /"retry_after"\s*:\s*(\d{1,9})/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

async function beginning(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= NOTIFY_LIMITS.answerBytes) break;
  }
  return text;
}

/** Why a request came to nothing: the code of the innermost error that has one. */
function codeOf(error: unknown): string {
  let code = 'not sent';
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    if ('code' in each && typeof each.code === 'string') code = each.code;
  }
  return code;
}
