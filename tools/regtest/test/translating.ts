// V1 miners behind a translator: what its scenarios start from.
import type { Pool } from '@sv2kit/pool';
import type { Translator } from '@sv2kit/translator';
import { expect } from 'vitest';
import {
  eventually,
  Lab,
  type ManInTheMiddle,
  PAYOUT_SCRIPT,
  type PoolWishes,
  type RoleHere,
  TestV1Miner,
  type TranslatorWishes,
  type V1Job,
  type V1MinerOptions,
} from '../src/index.ts';

/** On regtest every hash is a share, at the pool as well. */
export const EASY = { minDifficulty: 1e-12, sharesPerMinute: 1e6, assumedHashrate: 1_000 };

const MATURE = 110;
/** The error of a share whose job is over, as the other work may be by now. */
const STALE = 21;

/** A node, a template provider and a pool: what a file of scenarios shares. */
export interface Site extends AsyncDisposable {
  readonly lab: Lab;
  readonly pool: RoleHere<Pool>;
  readonly templateProvider: string;
}

export async function openSite(wishes: Partial<PoolWishes> = {}): Promise<Site> {
  const lab = await Lab.open('regtest');
  try {
    // Rewards of the scenario's own, to make transactions of.
    await lab.node.mine(MATURE);
    const templateProvider = lab.url(await lab.templateProvider());
    const pool = await lab.workingPool({ ...EASY, templateProviders: [templateProvider], ...wishes });
    return { lab, pool, templateProvider, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** A translator with a man in the middle before its pool; both end with it. */
export interface Line extends AsyncDisposable {
  readonly translator: RoleHere<Translator>;
  readonly middle: ManInTheMiddle;
  /** A miner of it that has work. */
  miner(options?: Partial<V1MinerOptions>): Promise<TestV1Miner>;
}

export async function startLine(
  { lab, pool }: Pick<Site, 'lab' | 'pool'>,
  wishes: Partial<TranslatorWishes> = {},
): Promise<Line> {
  const middle = await lab.beforePool(pool.service.address.port);
  const translator = await lab.translator({ upstreams: [{ url: lab.url(middle), user: 'alice' }], ...wishes });
  return {
    translator,
    middle,
    miner: (options = {}) => minerOf(translator, options),
    [Symbol.asyncDispose]: () => translator.close(),
  };
}

/** A miner that has work. */
export const minerOf = (
  translator: RoleHere<Translator>,
  options: Partial<V1MinerOptions> = {},
): Promise<TestV1Miner> => TestV1Miner.connect({ port: translator.service.address.port, ...options });

/** Mines a block on the node's best one, and waits until it is that itself and the miner has work on it. */
export async function mineOn({ lab }: Pick<Site, 'lab'>, miner: TestV1Miner): Promise<string> {
  const height = await lab.node.height();
  await miner.jobOn(await lab.node.bestHash());
  expect(await miner.mine({ wanted: 'block' })).toBe('accepted');
  await lab.node.reach(height + 1);
  const block = await lab.node.block(height + 1);
  expect(block.tx[0]?.vout[0]?.scriptPubKey.hex).toBe(PAYOUT_SCRIPT);
  await miner.jobOn(await lab.node.bestHash());
  return block.hash;
}

/**
 * Mines shares until one gets to the pool by that way: work of another may still be in the miner's hands before.
 *
 * @throws DeadlineError
 */
export function minesBy(miner: TestV1Miner, middle: ManInTheMiddle): Promise<true> {
  const submits = (): number => middle.seen.filter(({ message }) => message.type === 'SubmitSharesExtended').length;
  const before = submits();
  return eventually('a share to get to the pool', async () => {
    const answer = await miner.mine({ wanted: 'share' });
    if (answer !== 'accepted') expect(answer.code).toBe(STALE);
    return submits() > before || undefined;
  });
}

/** The first job behind those that the miner has now. @throws DeadlineError */
export const nextJob = (miner: TestV1Miner, match: (job: V1Job) => boolean = () => true): Promise<V1Job> =>
  miner.jobs.first('another job', match, { from: miner.jobs.items.length });

/** Shares that a pool has accepted and refused so far. */
export const sharesOf = (pool: RoleHere<Pool>) =>
  pool.status()['shares'] as { readonly accepted: number; readonly rejected: Readonly<Record<string, number>> };

/** Resolves when the pool has accepted so many shares, or more. @throws DeadlineError */
export const acceptedBy = (pool: RoleHere<Pool>, count: number): Promise<number> =>
  eventually(
    `${count} shares accepted by the pool`,
    () => (sharesOf(pool).accepted >= count ? sharesOf(pool).accepted : undefined),
    () => JSON.stringify(sharesOf(pool)),
  );
