import { queryObjects } from 'node:v8';
import { silentLogger, VirtualClock } from '@sv2kit/daemon';
import { expect, test } from 'vitest';
import { createNode } from '../src/index.ts';
import { FakeNode, templateJson } from './fake-node.ts';

test('a tip that stays for hours keeps nothing of the looks at its fees', async () => {
  const clock = new VirtualClock();
  let fees = 0;
  await using rpc = await FakeNode.listen({
    getblocktemplate: ({ params }) =>
      JSON.stringify(params).includes('longpollid')
        ? 'silence'
        : { result: templateJson({ coinbasevalue: 5_000_000_000 + (fees += 1) }) },
  });
  const options = { url: rpc.url, user: 'u', password: 'p', pollIntervalMs: 1_000_000, refreshIntervalMs: 10_000 };
  const node = createNode({ ...options, clock, log: silentLogger });
  const abort = new AbortController();
  const templates = node.templates(abort.signal)[Symbol.asyncIterator]();
  await templates.next();
  const look = async (): Promise<void> => {
    const next = templates.next();
    // The wait for it is on, and then its time is up.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await clock.advanceAsync(10_000);
    await next;
  };
  for (let looks = 0; looks < 20; looks += 1) await look();
  const before = queryObjects(Promise, { format: 'count' });
  for (let looks = 0; looks < 100; looks += 1) await look();
  expect(queryObjects(Promise, { format: 'count' }) - before).toBeLessThan(50);
  const last = templates.next();
  abort.abort();
  // Without time passing.
  expect(await last).toMatchObject({ done: true });
  await node.close();
});
