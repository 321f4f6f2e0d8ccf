// Difficulties change, of miners and of the channel, while shares are on their way: none is refused for that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, Lab, type TestV1Miner } from '../src/index.ts';
import { sharesOf, startLine } from './translating.ts';

const SECOND = 1000;
const MINERS = 12;
/** A share takes some sixty hashes in the beginning: as many shares as this machine can make, and a pool may want. */
const START = 2 ** -26;

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open('signet');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** How often a miner's difficulty rose, or fell, from one job to the next. */
function turns({ jobs }: TestV1Miner, way: 'up' | 'down'): number {
  const difficulties = jobs.items.map(({ difficulty }) => difficulty);
  return difficulties.filter((each, index) => {
    const before = difficulties[index - 1] ?? each;
    return way === 'up' ? each > before : each < before;
  }).length;
}

describe.each([
  { name: 'a channel for each miner', aggregate: false },
  { name: 'one channel for all', aggregate: true },
])('with $name', ({ aggregate }) => {
  test('difficulties rise and fall under load without a single share refused, here or at the pool', async () => {
    const pool = await lab.workingPool({
      templateProviders: [lab.url(await lab.templateProvider({ dataDir: `${lab.folder}/provider-${aggregate}` }))],
      dataDir: `${lab.folder}/pool-${aggregate}`,
      minDifficulty: 1e-9,
      sharesPerMinute: 60,
      assumedHashrate: 1_000,
    });
    const miners: TestV1Miner[] = [];
    await using line = await startLine({ lab, pool }, { aggregate, sharesPerMinute: 60, startDifficulty: START });
    for (let index = 0; index < MINERS; index += 1) miners.push(await line.miner(deviceOf(index)));
    /**
     * Who has what it mines for stops: hard shares of the others must not take the machine from those who still rise.
     * Blocks are kept back: another tip would make shares stale, which is another matter.
     */
    const loadUntil = async (isEnough: (miner: TestV1Miner) => boolean): Promise<void> => {
      const tallies = miners.map((miner) => miner.mineWhile(() => !isEnough(miner), { wanted: 'share' }));
      const said = await lab.clock.until(SECOND, Promise.all(tallies));
      expect(said.flatMap(({ refused }) => refused)).toEqual([]);
    };

    await loadUntil((miner) => turns(miner, 'up') >= 2);
    const risen = Math.max(...miners.map((miner) => turns(miner, 'up')));
    const haveFallen = (): true | undefined => miners.every((miner) => turns(miner, 'down') > 0) || undefined;
    await lab.clock.until(5 * SECOND, eventually('difficulties to fall', haveFallen));
    const before = sharesOf(pool).accepted;
    await loadUntil((miner) => turns(miner, 'up') > risen);
    // The one channel is much harder than each miner: its shares may be none until then.
    await loadUntil(() => sharesOf(pool).accepted > before);
    expect(sharesOf(pool).accepted).toBeGreaterThan(before);
    expect(sharesOf(pool).rejected).toEqual({});
    expect(line.middle.seen.filter(({ message }) => message.type === 'SetTarget').length).toBeGreaterThan(0);
    expect(line.middle.connections).toBe(1);
    await Promise.all(miners.map((miner) => miner[Symbol.asyncDispose]()));
  });
});

/** Half of them use a new difficulty for the work in their hands as well; a third cannot roll versions. */
const deviceOf = (index: number) => ({
  username: `alice.load-${index}`,
  manners: {
    difficulty: index % 2 === 0 ? ('at-once' as const) : ('next-job' as const),
    versionMask: index % 3 === 0 ? 0 : 0xffff_ffff,
  },
});
