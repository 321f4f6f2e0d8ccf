/** A message as it came over the tap, before anything is made of it. */
export interface Captured {
  /** Counts from 1 in this look at the connection. */
  readonly number: number;
  readonly atMs: number;
  /** By the role whose connection it is. */
  readonly direction: 'received' | 'sent';
  /** Bytes on the wire, of header and payload. */
  readonly size: number;
  /** Header and payload in the clear. */
  readonly hex?: string;
  /** A line of Stratum V1. */
  readonly line?: string;
  /** Only the beginning is here. */
  readonly isCut: boolean;
}

/** What `event: message` carries; undefined where it is something else. */
export function readCaptured(data: unknown, number: number): Captured | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { atMs, direction, size, hex, line, cut } = data as Readonly<Record<string, unknown>>;
  if (typeof atMs !== 'number' || typeof size !== 'number') return undefined;
  if (direction !== 'received' && direction !== 'sent') return undefined;
  return {
    number,
    atMs,
    direction,
    size,
    isCut: cut === true,
    ...(typeof hex === 'string' && { hex }),
    ...(typeof line === 'string' && { line }),
  };
}

/** Messages that are kept, and characters of hexadecimal and text in all of them. */
const CAPTURE_LIMITS = { messages: 2000, characters: 8_000_000 } as const;

/** The latest messages of a connection, within limits; the oldest go first. */
export class CaptureBuffer {
  readonly #limits: { readonly messages: number; readonly characters: number };
  #kept: Captured[] = [];
  #start = 0;
  #characters = 0;
  /** Messages that came and are no longer here. */
  dropped = 0;
  /** Messages that came. */
  seen = 0;

  constructor(limits: { readonly messages: number; readonly characters: number } = CAPTURE_LIMITS) {
    this.#limits = limits;
  }

  /** Oldest first: a list of its own, which does not change any more. */
  list(): readonly Captured[] {
    return this.#kept.slice(this.#start);
  }

  /** Takes what came; false where it is no message. */
  add(data: unknown): boolean {
    const captured = readCaptured(data, this.seen + 1);
    if (captured === undefined) return false;
    this.seen += 1;
    this.#kept.push(captured);
    this.#characters += charactersOf(captured);
    while (this.#isFull() && this.#kept.length - this.#start > 1) this.#dropOldest();
    return true;
  }

  clear(): void {
    this.#kept = [];
    this.#start = 0;
    this.#characters = 0;
    this.dropped = 0;
  }

  #isFull(): boolean {
    return this.#kept.length - this.#start > this.#limits.messages || this.#characters > this.#limits.characters;
  }

  #dropOldest(): void {
    const oldest = this.#kept[this.#start];
    if (oldest !== undefined) this.#characters -= charactersOf(oldest);
    this.#start += 1;
    this.dropped += 1;
    if (this.#start * 2 <= this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#start);
    this.#start = 0;
  }
}

function charactersOf({ hex, line }: Captured): number {
  return (hex?.length ?? 0) + (line?.length ?? 0);
}
