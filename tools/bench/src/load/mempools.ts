import { type MadeTransaction, makeTransactions, sendTransactions } from '@sv2kit/regtest';
import type { DeclarationScene } from './declaration-scene.ts';

export interface MempoolWishes {
  /** In the miner's mempool at each run. */
  readonly count: number;
  /** Of these, what the pool's node does not know. */
  readonly missing: number;
  readonly runs: number;
}

/** What each run needs anew: transactions that the pool's node does not know. */
export class Mempools {
  readonly #scene: DeclarationScene;
  readonly #fresh: MadeTransaction[];
  readonly #missing: number;
  #last: readonly MadeTransaction[] = [];

  private constructor(scene: DeclarationScene, fresh: MadeTransaction[], missing: number) {
    this.#scene = scene;
    this.#fresh = fresh;
    this.#missing = missing;
  }

  /** Both nodes have all but the missing ones. */
  static async fill(scene: DeclarationScene, { count, missing, runs }: MempoolWishes): Promise<Mempools> {
    const { lab, miners } = scene;
    const transactions = await makeTransactions(lab.node, count + missing * (runs - 1));
    const known = transactions.splice(0, count - missing);
    await sendTransactions(known, lab.node, miners);
    return new Mempools(scene, transactions, missing);
  }

  /** Before a tip: the miner's node learns of what the pool's never sees. @returns what the tip's block shall hold */
  async prepare(): Promise<readonly Uint8Array[]> {
    const { lab, miners } = this.#scene;
    const mined = this.#last.map(({ bytes }) => bytes);
    this.#last = this.#fresh.splice(0, this.#missing);
    if (this.#missing > 0) {
      await miners.disconnect(lab.node);
      await sendTransactions(this.#last, miners);
      await lab.node.connect(miners);
    }
    return mined;
  }
}
