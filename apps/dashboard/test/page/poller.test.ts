import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let asked: string[];
beforeEach(() => {
  asked = [];
  vi.useFakeTimers();
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: () => {} });
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return Promise.resolve(Response.json({ answer: asked.length }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.resetModules();
});

test('what is looked at is asked for at once, and again as often as the most eager looks', async () => {
  const { pollerOf } = await import('../../src/page/data/poller.ts');
  const poller = pollerOf('roles/pool/api/v1/shares');
  poller.watch(10_000);
  const leave = poller.watch(5_000);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(asked).toHaveLength(2);
  leave();
  await vi.advanceTimersByTimeAsync(9_000);
  expect(asked).toHaveLength(3);
  expect(poller.store.value).toMatchObject({ state: 'there', value: { answer: 3 } });
});

test('events without end have it asked a few times a second: neither never nor for each', async () => {
  const { pollerOf, refreshWhere } = await import('../../src/page/data/poller.ts');
  pollerOf('roles/pool/api/v1/blocks').watch(5_000);
  for (let ms = 0; ms < 2_000; ms += 20) {
    refreshWhere((path) => path.endsWith('blocks'));
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(asked.length).toBeGreaterThanOrEqual(7);
  expect(asked.length).toBeLessThanOrEqual(9);
});

test('what happens while a question is under way is asked for once more', async () => {
  const { pollerOf } = await import('../../src/page/data/poller.ts');
  const { promise, resolve } = Promise.withResolvers<Response>();
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return asked.length === 1 ? promise : Promise.resolve(Response.json({ answer: 2 }));
  });
  const poller = pollerOf('roles/pool/api/v1/tip');
  poller.watch(Infinity);
  await vi.advanceTimersByTimeAsync(0);
  poller.refresh();
  await vi.advanceTimersByTimeAsync(1_000);
  resolve(Response.json({ answer: 1 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(2);
  expect(poller.store.value).toMatchObject({ value: { answer: 2 } });
});

test('who leaves before the answer and comes back has it asked for at once', async () => {
  const { pollerOf } = await import('../../src/page/data/poller.ts');
  const poller = pollerOf('roles/pool/api/v1/role');
  const leave = poller.watch(30_000);
  vi.stubGlobal('fetch', (path: string, { signal }: { signal: AbortSignal }) => {
    asked.push(path);
    return new Promise((_, reject) => {
      signal.onabort = () => reject(signal.reason as Error);
    });
  });
  await vi.advanceTimersByTimeAsync(10);
  leave();
  poller.watch(30_000);
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toHaveLength(2);
});

test('who did not answer is asked again soon, though its answer is good for long', async () => {
  const { pollerOf } = await import('../../src/page/data/poller.ts');
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return asked.length === 1 ? Promise.reject(new TypeError('away')) : Promise.resolve(Response.json({ answer: 2 }));
  });
  const poller = pollerOf('roles/pool/api/v1/role');
  poller.watch(Infinity);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(2);
  expect(poller.store.value).toMatchObject({ state: 'there', value: { answer: 2 } });
});

test('nothing is asked for that nobody looks at, or while the page is hidden', async () => {
  const { pollerOf } = await import('../../src/page/data/poller.ts');
  const poller = pollerOf('roles/pool/api/v1/health');
  poller.watch(1_000)();
  vi.stubGlobal('document', { visibilityState: 'hidden', addEventListener: () => {} });
  poller.watch(1_000);
  poller.refresh();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual([]);
});
