import type { EventType } from '../event-types.ts';

/** How much it matters: `urgent` is for what stops the work, and for what money was won or lost by. */
export type Severity = 'info' | 'warning' | 'urgent';

/** What a person is told, and what a program can read of it. */
export interface Notice {
  /** The same at every attempt to deliver it, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly topic: EventType | 'test';
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  /** The role that tells it. */
  readonly role: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  /** The event, or what a digest is of. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a notice says; who sends it adds the rest. */
export type Wording = Pick<Notice, 'topic' | 'severity' | 'title' | 'text' | 'data'>;

/** Text of at most so many UTF-16 units; what was cut off is seen. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);
  // Half of a pair of surrogates is no text.
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Text on one line, as it is read: what others call themselves begins no line of its own and turns no text around. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
}
