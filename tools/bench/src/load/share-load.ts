import { setTimeout as sleep } from 'node:timers/promises';
import type { Share, TestChannel, TestMiner } from '@sv2kit/regtest';
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
  readonly #rate: number;
  #sent = 0;
  #running: Promise<void> = Promise.resolve();
  #goesOn = false;

  private constructor(workers: readonly Worker[], rate: number) {
    this.#workers = workers;
    this.#rate = rate;
  }

  /** Connected; silent until `during`. */
  static async connect(scene: DeclarationScene, rate: number): Promise<ShareLoad> {
    const workers: Worker[] = [];
    for (let index = 0; index < MINERS; index += 1) {
      const miner = await scene.poolsMiner();
      workers.push({ miner, channel: await miner.open('extended') });
    }
    return new ShareLoad(workers, rate);
  }

  /** Shares flow while something is done, and every one is answered before it returns. */
  async during<T>(act: () => Promise<T>): Promise<T> {
    this.#goesOn = true;
    this.#running = this.#run();
    try {
      return await act();
    } finally {
      this.#goesOn = false;
      await this.#running;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { miner } of this.#workers) await miner[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const last: (Share | undefined)[] = this.#workers.map(() => undefined);
    let due = 0;
    let before = performance.now();
    while (this.#goesOn) {
      await sleep(TURN_MS);
      const now = performance.now();
      due = Math.min(due + ((now - before) * this.#rate) / 1000, (this.#rate * MOST_BEHIND_MS) / 1000);
      before = now;
      for (; due >= 1; due -= 1) {
        const index = this.#sent % MINERS;
        last[index] = await this.#submit(this.#workers[index]);
        this.#sent += 1;
      }
    }
    for (const [index, { channel }] of this.#workers.entries()) {
      const share = last[index];
      if (share !== undefined) await channel.answer(share);
    }
    for (const { miner } of this.#workers) if (miner.messages.items.length > KEPT) miner.messages.forget();
  }

  async #submit(worker: Worker | undefined): Promise<Share | undefined> {
    if (worker === undefined) return undefined;
    const share = await worker.channel.solve({ wanted: 'share' });
    worker.miner.send(share);
    return share;
  }
}
