// Runs one package's bench files in this process and prints a table each: node tools/bench/src/micro.ts FILE …
import { pathToFileURL } from 'node:url';
import { Bench } from 'tinybench';

/** What a bench file exports as `suite`: name -> one iteration. */
type Suite = Readonly<Record<string, () => void | Promise<void>>>;

function time(ms: number): string {
  if (ms < 0.001) return `${(ms * 1e6).toFixed(0)} ns`;
  return ms < 1 ? `${(ms * 1e3).toFixed(2)} µs` : `${ms.toFixed(2)} ms`;
}

/** Measures every entry of a suite and prints median and spread (median absolute deviation, p99). */
async function run(title: string, suite: Suite): Promise<void> {
  const bench = new Bench({ time: 200, warmupTime: 100 });
  for (const [name, iteration] of Object.entries(suite)) bench.add(name, iteration);
  await bench.run();
  console.log(`\n${title}\n| what | median | median deviation | p99 | samples |\n|---|---|---|---|---|`);
  for (const task of bench.tasks) {
    const { result } = task;
    if (result.state !== 'completed') throw new Error(`${task.name}: ${result.state}`, { cause: result });
    const { p50, mad, p99, samplesCount } = result.latency;
    console.log(`| ${task.name} | ${time(p50)} | ${time(mad)} | ${time(p99)} | ${samplesCount} |`);
  }
}

for (const file of process.argv.slice(2)) {
  const { suite } = (await import(pathToFileURL(file).href)) as { suite: Suite };
  await run(file, suite);
}
