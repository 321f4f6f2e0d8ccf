import type { Cell } from '../database.ts';

/** Rows of one answer at most. */
const MOST_ROWS = 1000;

export function numberOf(cell: Cell | undefined): number {
  return Number(cell ?? 0);
}

/** Undefined of null. */
export function maybeNumber(cell: Cell | undefined): number | undefined {
  return cell === null || cell === undefined ? undefined : Number(cell);
}

/** An exact integer, which one dialect writes as a number where it is small; 0 of null. */
export function exactOf(cell: Cell | undefined): bigint {
  return cell === null || cell === undefined ? 0n : BigInt(String(cell));
}

export function textOf(cell: Cell | undefined): string {
  return String(cell ?? '');
}

export function bytesOf(cell: Cell | undefined): Uint8Array | undefined {
  return cell instanceof Uint8Array ? cell : undefined;
}

/** What was asked for as LIMIT and OFFSET. */
export function partOf({ limit, offset }: { readonly limit: number; readonly offset: number }): [number, number] {
  return [clamped(limit, MOST_ROWS), clamped(offset, Number.MAX_SAFE_INTEGER)];
}

/** NaN is 0. */
export function clamped(value: number, most: number): number {
  return Math.max(0, Math.min(most, Math.floor(value) || 0));
}
