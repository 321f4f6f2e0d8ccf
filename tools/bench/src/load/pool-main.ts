// The measured pool: apps/pool as it is, but for a difficulty that stays, and with answers about how it feels from inside.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { type Latencies, type LatencySummary, run } from '@sv2kit/daemon';
import { createPool, type PoolConfig, poolConfig } from '@sv2kit/pool';

/** What the pool has used since the last `begin`. */
export interface Usage {
  /** Seconds of processor time, all threads together. */
  readonly cpuSeconds: number;
  /** Part of the time that the main thread's event loop was busy; 0 to 1. */
  readonly loopBusy: number;
  /** Event-loop delay in milliseconds. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly latency: Readonly<Record<string, LatencySummary>>;
}
/** In bytes, after a collection. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  /** Outside the JavaScript heap, array buffers included. */
  readonly external: number;
}
export type Ask = 'begin' | 'usage' | 'memory';

/** Easier than any target, so that no share misses it; a miner's max_target bounds it. */
const EASIEST = 1e-12;
const LATENCIES = ['share-to-success', 'share-to-error', 'template-to-last-job', 'fan-out'];
const COLLECTIONS = 5;

class Inside {
  readonly #latencies: Latencies;
  readonly #delay = monitorEventLoopDelay({ resolution: 1 });
  #cpu = process.cpuUsage();
  #loop = performance.eventLoopUtilization();

  constructor(latencies: Latencies) {
    this.#latencies = latencies;
    this.#delay.enable();
  }

  answer(ask: Ask): Usage | Memory | Record<string, never> {
    switch (ask) {
      case 'begin':
        this.#begin();
        return {};
      case 'usage':
        return this.#usage();
      case 'memory':
        return memory();
      default:
        return ask satisfies never;
    }
  }

  #begin(): void {
    for (const name of LATENCIES) this.#latencies.recorder(name).reset();
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#loop = performance.eventLoopUtilization();
  }

  #usage(): Usage {
    const { user, system } = process.cpuUsage(this.#cpu);
    const at = (percentile: number) => this.#delay.percentile(percentile) / 1e6;
    return {
      cpuSeconds: (user + system) / 1e6,
      loopBusy: performance.eventLoopUtilization(this.#loop).utilization,
      loopDelay: { p50: at(50), p99: at(99), max: this.#delay.max / 1e6 },
      latency: this.#latencies.summary(),
    };
  }
}

function memory(): Memory {
  for (let i = 0; i < COLLECTIONS; i += 1) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

/** Vardiff would see a flood in what a load generator sends. */
function withoutVardiff(config: PoolConfig): PoolConfig {
  return { ...config, mining: { ...config.mining, minDifficulty: EASIEST, maxDifficulty: EASIEST } };
}

await run({
  name: 'pool',
  config: poolConfig,
  start(config, deps) {
    const inside = new Inside(deps.latencies);
    process.on('message', (ask: Ask) => process.send?.(inside.answer(ask)));
    // Whoever asked is gone: so is the reason to run.
    process.on('disconnect', () => deps.finish());
    process.channel?.unref();
    return createPool(withoutVardiff(config), deps);
  },
});
