import { openProjection } from '../../src/database/open-projection.ts';
import type { Projection, ProjectionOptions } from '../../src/database/projection.ts';
import type { JournalEntry } from '../../src/index.ts';

/** Projects a journal, cut into batches of these sizes in turns. */
export async function projected(
  options: ProjectionOptions,
  entries: readonly JournalEntry[],
  batches: readonly number[] = [entries.length],
): Promise<Projection> {
  const projection = await openProjection(options);
  let from = 0;
  for (let i = 0; from < entries.length; i++) {
    const size = Math.max(1, batches[i % batches.length] ?? 1);
    await projection.apply(entries.slice(from, from + size));
    from += size;
  }
  return projection;
}
