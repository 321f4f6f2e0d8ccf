import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Latencies, LatencySummary } from '@sv2kit/daemon';

/** What a service has used since the last `begin`. */
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
export type Ask = 'begin' | 'begin-loop-delay' | 'usage' | 'memory';

const COLLECTIONS = 5;

/** How a measured service feels from inside. */
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
      case 'begin-loop-delay':
        this.#delay.reset();
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
    for (const name of Object.keys(this.#latencies.summary())) this.#latencies.recorder(name).reset();
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

/** Answers the bench that started this process, and ends with it. @param finish - ends the service */
export function answerTheBench(latencies: Latencies, finish: () => void): void {
  const inside = new Inside(latencies);
  process.on('message', (ask: Ask) => process.send?.(inside.answer(ask)));
  // Whoever asked is gone: so is the reason to run.
  process.on('disconnect', finish);
  process.channel?.unref();
}
