import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'vitest';
import { TemplateDecoder } from '../src/template-decoder.ts';
import { TemplateParser } from '../src/template-parser.ts';
import { templateJson, transactionJson } from '../test/fake-node.ts';

/** A full block: 4,000 transactions of 1,000 bytes, 8.9 MB of JSON. */
const full = (first: number): Uint8Array => {
  const transactions = Array.from({ length: 4_000 }, (_, index) =>
    transactionJson(first + index, { data: ((first + index) % 256).toString(16).padStart(2, '0').repeat(1_000) }),
  );
  return new TextEncoder().encode(JSON.stringify({ result: templateJson({ transactions }), error: null, id: 1 }));
};

test('a template of a full block', async ({ bench }) => {
  const bodies = [full(1), full(200)];
  let turn = 0;
  const body = (): Uint8Array<ArrayBuffer> => Uint8Array.from(bodies[(turn += 1) % 2] ?? []);
  const parser = new TemplateParser();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await bench('in the worker, 95 % known', async () => {
    await parser.parse(body(), 0);
  }).run();
  delay.disable();
  console.log(`event loop delay meanwhile: p99 ${delay.percentile(99) / 1e6} ms, max ${delay.max / 1e6} ms`);
  await parser.close();
  await bench('on this thread, all new', () => void new TemplateDecoder().decode(body())).run();
});
