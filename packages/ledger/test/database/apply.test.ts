import { expect, test } from 'vitest';
import { openProjection } from '../../src/database/open-projection.ts';
import { share } from '../builders.ts';
import { onBothDatabases, databaseOf } from './databases.ts';

onBothDatabases(({ fresh }) => {
  test('smoke', async () => {
    const options = await fresh();
    await using projection = await openProjection(options);
    const entries = [
      { position: 1, record: { type: 'Start', timeMs: 5, bootEpoch: 1 } as const },
      ...Array.from({ length: 100 }, (_, i) => ({ position: i + 2, record: share(i) })),
    ];
    await projection.apply(entries);
    await projection.apply(entries);
    expect((await projection.position()).position).toBe(101);
    const database = databaseOf(options, true);
    const dump = await database.snapshot(async (r) => {
      const out: unknown[] = [];
      for (const t of ['journals', 'runs', 'channels', 'workers', 'slices', 'work', 'totals'])
        out.push(await r.all(`select * from ${t}`));
      return out;
    });
    console.log(JSON.stringify(dump, (_, v) => (v instanceof Uint8Array ? 'bytes' : v)));
    await database.close();
  });
});
