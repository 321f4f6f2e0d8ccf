import { setTimeout as sleep } from 'node:timers/promises';
import type { TestChannel, TestMiner } from '@sv2kit/regtest';
import type { DeclarationScene } from './declaration-scene.ts';

const MINERS = 4;
const TURN_MS = 5;
/** What a generator that was held up makes good for. */
const MOST_BEHIND_MS = 50;
/** Messages that a miner keeps before they are forgotten. */
const KEPT = 20_000;

interface Worker {
  readonly miner: TestMiner;
  readonly channel: TestChannel;
}

/** Miners at a pool that submit shares at a steady rate, none of them a block: regtest's target is half of all hashes. */
export class ShareLoad implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #running: Promise<void>;
  #over = false;

  private constructor(workers: readonly Worker[], rate: number) {
    this.#workers = workers;
    this.#running = this.#run(rate);
  }

  static async start(scene: DeclarationScene, rate: number): Promise<ShareLoad> {
    const workers: Worker[] = [];
    for (let index = 0; index < MINERS; index += 1) {
      const miner = await scene.poolsMiner();
      workers.push({ miner, channel: await miner.open('extended') });
    }
    return new ShareLoad(workers, rate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#running;
    for (const { miner } of this.#workers) await miner[Symbol.asyncDispose]();
  }

  async #run(rate: number): Promise<void> {
    let last = performance.now();
    let due = 0;
    let sent = 0;
    while (!this.#over) {
      await sleep(TURN_MS);
      const now = performance.now();
      due = Math.min(due + ((now - last) * rate) / 1000, (rate * MOST_BEHIND_MS) / 1000);
      last = now;
      for (; due >= 1; due -= 1) {
        await this.#submit(this.#workers[sent % MINERS]);
        sent += 1;
      }
    }
  }

  async #submit(worker: Worker | undefined): Promise<void> {
    if (worker === undefined) return;
    const { miner, channel } = worker;
    miner.send(await channel.solve({ wanted: 'share' }));
    if (miner.messages.items.length > KEPT) miner.messages.forget();
  }
}
