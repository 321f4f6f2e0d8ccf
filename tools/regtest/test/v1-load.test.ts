// Difficulties change, of miners and of the channel, while shares are on their way: none is refused for that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, type TestV1Miner } from '../src/index.ts';
import { sharesOf, startLine } from './translating.ts';

const SECOND = 1000;
const MINERS = 12;
/** Changes of difficulty that each miner has to live through. */
const CHANGES = 5;

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open('signet');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** Difficulties that a miner's jobs came with, each change counted. */
function changes({ jobs }: TestV1Miner): number {
  const difficulties = jobs.items.map(({ difficulty }) => difficulty);
  return difficulties.filter((each, index) => index > 0 && each !== difficulties[index - 1]).length;
}

describe.each([
  { name: 'a channel for each miner', aggregate: false },
  { name: 'one channel for all', aggregate: true },
])('with $name', ({ aggregate }) => {
  test('difficulties rise and fall under load without a single share refused, here or at the pool', async () => {
    const pool = await lab.workingPool({
      templateProviders: [lab.url(await lab.templateProvider({ dataDir: `${lab.folder}/provider-${aggregate}` }))],
      dataDir: `${lab.folder}/pool-${aggregate}`,
      minDifficulty: 1e-12,
      sharesPerMinute: 60,
      assumedHashrate: 1_000,
    });
    await using line = await startLine({ lab, pool }, { aggregate, sharesPerMinute: 60 });
    const miners = await Promise.all(
      Array.from({ length: MINERS }, (_, index) =>
        line.miner({
          username: `alice.load-${index}`,
          manners: {
            difficulty: index % 2 === 0 ? 'at-once' : 'next-job',
            versionMask: index % 3 === 0 ? 0 : 0xffff_ffff,
          },
        }),
      ),
    );
    const enough = (): boolean => miners.every((miner) => changes(miner) >= CHANGES);
    const tallies = Promise.all(miners.map((miner) => miner.mineWhile(() => !enough(), { wanted: 'share' })));
    const said = await lab.clock.until(SECOND, tallies);
    expect(said.flatMap(({ refused }) => refused)).toEqual([]);
    expect(sharesOf(pool).rejected).toEqual({});
    expect(sharesOf(pool).accepted).toBeGreaterThan(0);
    await Promise.all(miners.map((miner) => miner[Symbol.asyncDispose]()));
  });
});
