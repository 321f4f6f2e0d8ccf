import { OfferedLoad } from './offered-load.ts';
import { V1LoadMiner } from './v1-load-miner.ts';

const CONNECTS_AT_ONCE = 64;

/** Stratum V1 miners, each on a connection of its own. */
export class V1Fleet extends OfferedLoad {
  readonly miners: V1LoadMiner[] = [];

  /** When the first and the last miner get the next tip's job; call before the tip is made. */
  nextTip(): Promise<{ readonly first: number; readonly last: number }> {
    return this.tipsAt(this.miners.length);
  }

  async close(): Promise<void> {
    await this.over(() => {
      for (const miner of this.miners) miner.end();
    });
  }
}

/** Connects miners; resolves when each has work. */
export async function openV1Fleet({ port, miners }: { port: number; miners: number }): Promise<V1Fleet> {
  const fleet = new V1Fleet();
  let next = 0;
  const connectSome = async () => {
    while (next < miners) {
      next += 1;
      const miner = new V1LoadMiner({ port, worker: `bench.${next}` }, fleet);
      await miner.open();
      fleet.miners.push(miner);
      fleet.sources.push(miner);
    }
  };
  await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, connectSome));
  return fleet;
}
