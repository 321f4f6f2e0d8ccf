/** What a line of a V1 server is, as far as a load generator has to know. */
export type V1Line =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly reason: string }
  | { readonly kind: 'notify'; readonly job: V1LoadJob }
  | { readonly kind: 'other' };

/** What of a job goes into a share. */
export interface V1LoadJob {
  readonly id: string;
  /** As it is written. */
  readonly ntime: string;
  readonly clean: boolean;
}

const LF = 0x0a;
/** `{"id":null,…` is a message, `{"id":7,…` an answer. */
const BEHIND_ID = 6;
const N = 0x6e;
/** `…"error":null}` is a yes, `…,null]}` a no. */
const BEFORE_END = 2;
const L = 0x6c;
const REASON = /"error":\[\d+,"([^"]*)"/;
const NOTIFY = /^\{"id":null,"method":"mining\.notify","params":\["([^"]*)"/;
const NOTIFY_END = /"([0-9a-f]{8})",(true|false)\]\}$/;

/** Cuts what comes on one connection into lines, and looks no closer than needed: a load generator has to be lean. */
export class V1LineCutter {
  #rest: Buffer | undefined;

  /** @param chunk its bytes are looked at during the call only */
  cut(chunk: Buffer, each: (line: V1Line) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
      each(read(bytes, at, end));
      at = end + 1;
    }
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at));
  }
}

const YES: V1Line = { kind: 'yes' };
const OTHER: V1Line = { kind: 'other' };

function read(bytes: Buffer, start: number, end: number): V1Line {
  const isAnswer = bytes[start + BEHIND_ID] !== N;
  if (isAnswer && bytes[end - BEFORE_END] === L) return YES;
  const text = bytes.toString('latin1', start, end);
  if (isAnswer) return { kind: 'no', reason: REASON.exec(text)?.[1] ?? 'refused' };
  const id = NOTIFY.exec(text)?.[1];
  const [, ntime, clean] = NOTIFY_END.exec(text) ?? [];
  if (id === undefined || ntime === undefined) return OTHER;
  return { kind: 'notify', job: { id, ntime, clean: clean === 'true' } };
}
