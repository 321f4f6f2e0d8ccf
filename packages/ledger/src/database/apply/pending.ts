import { difficultyOf } from '@sv2kit/payout';
import type { OnConflict, Row, Transaction } from '../database.ts';
import type { Table } from '../schema.ts';
import * as tables from '../tables.ts';
import type { Memory, SliceState, WorkerState, WorkState } from './memory.ts';

/** What changes of a worker: the index over names is left alone. */
const WORKER_SUMS = { set: ['accepted', 'rejected', 'work', 'difficulty', 'best', 'best_ms', 'last_ms'] };

/** Rows that records have made or changed, until they are written together. */
export class Pending {
  readonly shares: Row[] = [];
  readonly channels: Row[] = [];
  readonly connections: Row[] = [];
  readonly ends: Row[] = [];
  readonly customJobs: Row[] = [];
  readonly workers = new Set<WorkerState>();
  /** Of the open slice, and of slices that have ended since the last write. */
  readonly #slices = new Map<number, Row>();
  readonly #work = new Map<WorkState, number>();
  readonly #rejections = new Map<string, { readonly row: Row; shares: number }>();

  /** The row has changed, and its slice with it. */
  worked(slice: SliceState, row: WorkState): void {
    this.#work.set(row, slice.id);
  }

  rejected(worker: number, minute: number, channel: number, code: string): void {
    const name = `${worker}:${minute}:${channel}:${code}`;
    const known = this.#rejections.get(name);
    if (known === undefined) this.#rejections.set(name, { row: { worker, minute, channel, code }, shares: 1 });
    else known.shares += 1;
  }

  /** The slice as it is now. */
  slice(slice: SliceState, end?: { readonly endedBy: number | null }): void {
    const { id, minute, lastPosition, shares, work } = slice;
    const sums = { shares, work, difficulty: difficultyOf(work) };
    const ended = { closed: end === undefined ? 0 : 1, ended_by: end?.endedBy ?? null };
    this.#slices.set(id, { id, minute, span: 1, last_position: lastPosition, ...sums, ...ended });
  }

  async write(transaction: Transaction, memory: Memory): Promise<void> {
    if (memory.slice !== undefined && this.#work.size > 0) this.slice(memory.slice);
    const put = async (table: Table, rows: readonly Row[], onConflict?: OnConflict): Promise<void> => {
      if (rows.length > 0) await transaction.put(table, rows, onConflict);
    };
    await put(tables.connections, this.connections, 'keep');
    await put(tables.channels, this.channels);
    await put(tables.channelEnds, this.ends, 'keep');
    await put(tables.customJobs, this.customJobs);
    await put(tables.workers, inOrder(Array.from(this.workers, workerRow), 'id'), WORKER_SUMS);
    await put(tables.slices, [...this.#slices.values()]);
    await put(
      tables.work,
      Array.from(this.#work, ([row, slice]) => workRow(row, slice)),
    );
    await put(tables.shares, this.shares);
    if (this.#rejections.size === 0) return;
    const rejections = [...this.#rejections.values()];
    const add = { add: ['shares'] };
    await transaction.put(
      tables.rejections,
      rejections.map(({ row, shares }) => ({ ...row, shares })),
      add,
    );
    const codes = Map.groupBy(rejections, ({ row }) => row['code'] ?? '');
    const sums = Array.from(codes, ([code, of]) => ({ code, shares: of.reduce((sum, { shares }) => sum + shares, 0) }));
    await transaction.put(tables.rejectionTotals, sums, add);
  }
}

export async function writeTotals(transaction: Transaction, { totals }: Memory): Promise<void> {
  const { accepted, rejected, work, best, roundShares, roundWork, roundSinceMs } = totals;
  const round = { round_shares: roundShares, round_work: roundWork, round_since_ms: roundSinceMs };
  await transaction.put(tables.totals, [{ id: 1, accepted, rejected, work, best, ...round }]);
}

/** Rows that lie beside each other are written one behind the other. */
function inOrder(rows: Row[], column: string): readonly Row[] {
  return rows.sort((a, b) => Number(a[column]) - Number(b[column]));
}

function workerRow({ id, user, worker, accepted, rejected, work, best, bestMs, firstMs, lastMs }: WorkerState): Row {
  const sums = { accepted, rejected, work, difficulty: difficultyOf(work), best };
  return { id, user_name: user, worker_name: worker, ...sums, best_ms: bestMs, first_ms: firstMs, last_ms: lastMs };
}

function workRow({ worker, channel, shares, work, best }: WorkState, slice: number): Row {
  return { slice, worker, channel, shares, work, difficulty: difficultyOf(work), best };
}
