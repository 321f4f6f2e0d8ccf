import type { MonitorEvent } from '@sv2kit/monitor';
import { WorkerBook } from '../../src/workers/worker-book.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const START = 1_800_000_000_000;
export const TIMES = { idleMs: 5 * MINUTE, goneMs: 10 * MINUTE };

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A book and what it told. */
export function book(most = 100): { book: WorkerBook; told: MonitorEvent[] } {
  const told: MonitorEvent[] = [];
  const events = { emit: (event: MonitorEvent) => void told.push(event) };
  return { book: new WorkerBook({ most, times: TIMES, events }), told };
}

const sweptMs = new WeakMap<WorkerBook, number>();

/** Time passes, and everybody is looked at in the end. */
export function sweepAll(of: WorkerBook, nowMs: number, hasWork = true): void {
  for (let atMs = sweptMs.get(of) ?? START; atMs < nowMs; atMs += 30 * SECOND) of.sweep(atMs, hasWork);
  for (let call = 0; call < 31; call += 1) of.sweep(nowMs, hasWork);
  sweptMs.set(of, nowMs);
}
