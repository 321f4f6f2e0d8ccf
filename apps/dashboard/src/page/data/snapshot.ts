import type { Answer } from './answer.ts';

/** What is known of a resource. */
export type Snapshot<T> =
  | { readonly state: 'loading' }
  /** `atMs`: when it was answered, by this device's clock. */
  | { readonly state: 'there'; readonly value: T; readonly atMs: number }
  /** What was last known, and why it is no longer told. */
  | {
      readonly state: 'stale';
      readonly value: T;
      readonly atMs: number;
      readonly reason: string;
      readonly sinceMs: number;
    }
  /** Nothing was ever known. */
  | { readonly state: 'unreachable'; readonly reason: string; readonly sinceMs: number }
  /** The role has no such thing. */
  | { readonly state: 'absent'; readonly code: string; readonly reason: string };

export const LOADING: Snapshot<never> = { state: 'loading' };

/** What is known after an answer, or after none. */
export function advance<T>(before: Snapshot<T>, answer: Answer<T>, atMs: number): Snapshot<T> {
  switch (answer.kind) {
    case 'value':
      return { state: 'there', value: answer.value, atMs };
    case 'absent':
      return { state: 'absent', code: answer.code, reason: answer.reason };
    case 'unreachable':
      return away(before, answer.reason, atMs);
    default:
      return answer satisfies never;
  }
}

function away<T>(before: Snapshot<T>, reason: string, atMs: number): Snapshot<T> {
  switch (before.state) {
    case 'there':
      return { state: 'stale', value: before.value, atMs: before.atMs, reason, sinceMs: atMs };
    case 'stale':
    case 'unreachable':
      return before.reason === reason ? before : { ...before, reason };
    case 'loading':
    case 'absent':
      return { state: 'unreachable', reason, sinceMs: atMs };
    default:
      return before satisfies never;
  }
}

/** What there is to show: what is known, or was last. */
export function valueOf<T>(snapshot: Snapshot<T>): T | undefined {
  return snapshot.state === 'there' || snapshot.state === 'stale' ? snapshot.value : undefined;
}
