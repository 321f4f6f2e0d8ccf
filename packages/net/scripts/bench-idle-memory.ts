// Memory per idle sealed connection, in this process only: node --expose-gc packages/net/scripts/bench-idle-memory.ts [peers]
import { setTimeout as sleep } from 'node:timers/promises';
import { scene } from './bench-scene.ts';

const peers = Number(process.argv[2] ?? 5_000);
const gc = globalThis.gc;
if (gc === undefined) throw new Error('run with --expose-gc');

async function settled(): Promise<NodeJS.MemoryUsage> {
  await sleep(3_000);
  for (let i = 0; i < 5; i += 1) {
    gc?.();
    await sleep(50);
  }
  return process.memoryUsage();
}

await using bench = await scene();
// Warm: code compiled, workers started, pools filled.
await bench.open(500);
await bench.open(0);
const before = await settled();
await bench.open(peers);
const after = await settled();
console.log('| what | per connection |\n|---|---|');
for (const key of ['rss', 'heapUsed', 'external', 'arrayBuffers'] as const) {
  console.log(`| ${key} | ${((after[key] - before[key]) / peers / 1024).toFixed(1)} kB |`);
}
