// A thousand sealed peers that reconnect at once: how long until all are set up, and what the event loop felt.
// node packages/net/scripts/bench-reconnect.ts [peers] [rounds]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { scene } from './bench-scene.ts';

const peers = Number(process.argv[2] ?? 1_000);
const rounds = Number(process.argv[3] ?? 10);
await using bench = await scene();
await bench.open(peers);
await sleep(2_000);
console.log('| round | all set up | handshakes/s | loop delay p50 | p99 | max |\n|---|---|---|---|---|---|');
for (let round = 1; round <= rounds; round += 1) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await bench.open(peers);
  const elapsed = performance.now() - start;
  delay.disable();
  const ms = (ns: number) => `${(ns / 1e6).toFixed(1)} ms`;
  const rate = Math.round((peers * 1000) / elapsed);
  const [p50, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map(ms);
  console.log(`| ${round} | ${Math.round(elapsed)} ms | ${rate} | ${p50} | ${p99} | ${max} |`);
  await sleep(1_000);
}
