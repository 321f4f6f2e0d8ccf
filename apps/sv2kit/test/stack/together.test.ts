import { expect, test } from 'vitest';
import { together } from '../../src/stack/together.ts';

const never = new AbortController().signal;

test('yields all results in order', async () => {
  expect(await together(never, [() => Promise.resolve(1), () => Promise.resolve(2)])).toEqual([1, 2]);
});

test('aborts the others when one fails, waits for them, and throws what failed first', async () => {
  const ended: string[] = [];
  const failing = (): Promise<void> => Promise.reject(new Error('first'));
  const waiting = async (signal: AbortSignal): Promise<void> => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    ended.push('waiting');
    signal.throwIfAborted();
  };
  await expect(together(never, [waiting, failing])).rejects.toThrow('first');
  expect(ended).toEqual(['waiting']);
});

test('passes the caller’s abort on', async () => {
  const { signal, abort } = (() => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort(new Error('asked')) };
  })();
  const waiting = (own: AbortSignal): Promise<void> =>
    new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason as Error), { once: true }));
  const both = together(signal, [waiting, waiting]);
  abort();
  await expect(both).rejects.toThrow('asked');
});
