import { DatabaseAway, RecordFault } from '../../src/database/faults.ts';
import type { Projection } from '../../src/database/projection.ts';
import type { JournalEntry } from '../../src/index.ts';

/**
 * Projects a whole journal as the projector does: batch by batch, what cannot be applied aside, and from where the
 * database stands after it was away.
 *
 * @param reopen opens the database again: when it is undefined, the projection itself is used again
 */
export async function project(
  first: Projection,
  entries: readonly JournalEntry[],
  batches: readonly number[] = [entries.length],
  reopen?: () => Projection,
): Promise<Projection> {
  let projection = first;
  for (let turn = 0; ; turn++) {
    try {
      const { position } = await projection.position();
      const rest = entries.filter((entry) => entry.position > position);
      if (rest.length === 0) return projection;
      await step(projection, rest.slice(0, batches[turn % batches.length]));
    } catch (error) {
      if (!(error instanceof DatabaseAway)) throw error;
      projection = reopen?.() ?? projection;
    }
  }
}

async function step(projection: Projection, batch: readonly JournalEntry[]): Promise<void> {
  try {
    await projection.apply(batch);
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error;
    const entry = batch.find(({ position }) => position === error.position);
    if (entry === undefined) throw new Error('a record failed that is not of the batch', { cause: error });
    await projection.applyDead(entry, error);
  }
}
