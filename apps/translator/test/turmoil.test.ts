import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSite, type Site } from './site.ts';
import { V1Miner } from './v1-miner.ts';

type Step =
  | { readonly kind: 'tip' | 'template' | 'target' | 'prefix' | 'join' | 'leave' | 'outage' }
  | { readonly kind: 'shares' | 'wait'; readonly count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('shares' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 50 }) }) },
  ...(['tip', 'template', 'target', 'prefix', 'join', 'leave'] as const).map((kind) => ({
    weight: 2,
    arbitrary: fc.constant({ kind }),
  })),
  { weight: 1, arbitrary: fc.constant({ kind: 'outage' as const }) },
);

/** Miners that find what they are told to look for, on a pool where everything changes. */
class Turmoil {
  readonly #site: Site;
  readonly #miners: V1Miner[] = [];
  #round = 0;

  constructor(site: Site) {
    this.#site = site;
  }

  async do(step: Step): Promise<void> {
    this.#round += 1;
    const { pool } = this.#site;
    switch (step.kind) {
      case 'tip':
        await this.#news(() => pool.newTip());
        break;
      case 'template':
        await this.#news(() => pool.newTemplate());
        break;
      case 'target':
        pool.server.setUsefulDifficulty(2 ** -(24 + (this.#round % 4)));
        break;
      case 'prefix': {
        const within = { prefix: Uint8Array.of(0xc0, this.#round), extranonceSize: 10 + (this.#round % 3) };
        await this.#news(() => pool.server.renew({ extranonce: { within, indexBytes: 2 } }));
        break;
      }
      case 'join':
        await this.join();
        break;
      case 'leave':
        if (this.#miners.length > 1) this.#miners.shift()?.close();
        break;
      case 'outage':
        await this.#outage();
        break;
      case 'wait':
        await this.#site.pass(step.count * 1_000);
        break;
      case 'shares':
        for (let i = 0; i < step.count; i += 1) await this.#share(i);
    }
    await this.#quiet();
  }

  async join(): Promise<void> {
    const rolls = this.#miners.length % 2 === 0;
    const miner = await this.#site.miner({
      username: `account.rig${this.#round}`,
      ...(rolls && { mask: 0xffffffff }),
    });
    this.#miners.push(miner);
  }

  /** Of any job that the miner has had since the last clean one, with whatever bits it may roll. */
  async #share(seed: number): Promise<void> {
    const miner = this.#miners[(this.#round + seed) % this.#miners.length] as V1Miner;
    const live = miner.jobs.slice(miner.jobs.findLastIndex(({ clean }) => clean)).slice(-8);
    const job = live[seed % live.length];
    const bits = miner.mask === 0 ? undefined : (0x00002000 * (seed + 1)) & miner.mask;
    expect(await miner.submit(miner.solve(job, undefined, bits))).toMatchObject({ result: true });
  }

  async #outage(): Promise<void> {
    const { pool } = this.#site;
    await pool.away();
    await expect.poll(() => this.#site.status()['upstream']).toMatchObject({ channels: 0 });
    const jobs = this.#miners.map((miner) => miner.jobs.length);
    await pool.back();
    await expect
      .poll(async () => {
        await this.#site.pass(1_000);
        return this.#miners.every((miner, i) => miner.jobs.slice(jobs[i]).some(({ clean }) => clean));
      })
      .toBe(true);
  }

  /** The pool says something that gives every miner a job. */
  async #news(say: () => void): Promise<void> {
    const jobs = this.#miners.map((miner) => miner.nextJob());
    say();
    await Promise.all(jobs);
  }

  /** Until what is on its way has arrived on both sides, which takes a few turns of the one loop that all share. */
  async #quiet(): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    for (const miner of this.#miners) await miner.ask('mining.ping', []);
  }
}

test.for([false, true])(
  'whatever a pool changes, in whatever order, it accepts every share that miners were told to find, aggregated: %s',
  { timeout: 60_000 },
  async (aggregate) => {
    let forwarded = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
        const targets = { sharesPerMinute: 60, minDifficulty: 2 ** -28, maxDifficulty: 2 ** -24, assumedHashrate: 256 };
        const site = await openSite({ aggregate, pool: { config: { targets } }, miners: ['shares_per_minute = 60'] });
        const turmoil = new Turmoil(site);
        await turmoil.join();
        for (const each of steps) await turmoil.do(each);
        await expect
          .poll(() => {
            const {
              forwarded: sent,
              accepted,
              lost,
            } = site.status<{ upstreamShares: Record<string, number> }>().upstreamShares;
            return Number(accepted) + Number(lost) - Number(sent);
          })
          .toBeGreaterThanOrEqual(0);
        expect(site.status()).toMatchObject({ shares: { refused: 0 }, upstreamShares: { rejected: 0 } });
        forwarded += site.status<{ upstreamShares: { forwarded: number } }>().upstreamShares.forwarded;
        await site.translator.close();
        await site.pool.close();
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(forwarded).toBeGreaterThan(20);
  },
);
