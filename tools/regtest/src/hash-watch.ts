import { setTimeout as delay } from 'node:timers/promises';
import type { RoleHere } from './role-here.ts';
import type { Service } from '@sv2kit/daemon';

const LOOK_MS = 25;

/**
 * Watches whether devices hash on, by their own counters. A machine that is too busy to look in time is too busy to hash
 * as well: what is beyond two looks is not held against them.
 */
export class HashWatch implements AsyncDisposable {
  readonly #devices: readonly RoleHere<Service>[];
  readonly #watching: Promise<void>;
  #over = false;
  #longestMs = 0;

  constructor(...devices: readonly RoleHere<Service>[]) {
    this.#devices = devices;
    this.#watching = this.#watch();
  }

  /** How long the device that stood longest had stood by its counter, in milliseconds. */
  get longestStallMs(): number {
    return this.#longestMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const seen = this.#devices.map((device) => ({ device, hashes: -1, stallMs: 0 }));
    let last = performance.now();
    while (!this.#over) {
      await delay(LOOK_MS);
      const now = performance.now();
      const passed = Math.min(now - last, 2 * LOOK_MS);
      last = now;
      for (const each of seen) {
        const hashes = Number(each.device.status()['hashes']);
        each.stallMs = hashes === each.hashes ? each.stallMs + passed : 0;
        each.hashes = hashes;
        this.#longestMs = Math.max(this.#longestMs, each.stallMs);
      }
    }
  }
}
