// What a pool knows of each worker, and that a restart changes none of it.
import type { RoleApi, WorkerDetail, WorkerView } from '@sv2kit/monitor';
import type { Pool } from '@sv2kit/pool';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, Lab, type PoolWishes, type RoleHere, TestMiner } from '../src/index.ts';
import { EASY, minerOf } from './translating.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ALL = { offset: 0, limit: 100 };
const DAY = { hours: 24 };
/** Long after what was mined: a few seconds more change no rate. */
const LATER = 40 * MINUTE;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('regtest');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

type PoolApi = Required<Pick<RoleApi, 'workers' | 'worker' | 'shares' | 'blocks' | 'ledger' | 'channels' | 'jobs'>>;
const apiOf = ({ service }: RoleHere<Pool>): PoolApi => service.api?.() as PoolApi;

const startPool = (wishes: Partial<PoolWishes> = {}): Promise<RoleHere<Pool>> =>
  lab.workingPool({ ...EASY, templateProviders: [templateProvider], ...wishes });

/** The database has what the journal has. */
const caughtUp = (pool: RoleHere<Pool>): Promise<true> =>
  eventually(
    'the database to have every record',
    async () => {
      const { journal, database } = await apiOf(pool).ledger();
      return (database?.state === 'ok' && database.position >= journal.position) || undefined;
    },
    () => JSON.stringify(apiOf(pool).ledger()),
  );

const minerAt = ({ service }: RoleHere<Pool>): Promise<TestMiner> =>
  TestMiner.connect({ port: service.address.port, authority: service.authorityPublicKey });

/** What must be the same. */
interface Figures {
  readonly workers: readonly WorkerView[];
  readonly histories: readonly (WorkerDetail | undefined)[];
  readonly shares: Awaited<ReturnType<PoolApi['shares']>>;
  readonly blocks: Awaited<ReturnType<PoolApi['blocks']>>;
}

async function figuresOf(pool: RoleHere<Pool>): Promise<Figures> {
  const api = apiOf(pool);
  await caughtUp(pool);
  const { items: workers } = await api.workers({ ...ALL, sort: 'name' });
  const histories = await Promise.all(workers.map(async ({ name }) => await api.worker(name, DAY)));
  return { workers, histories, shares: await api.shares(), blocks: await api.blocks(ALL) };
}

/** A proxy's channel is a worker too, without shares of its own. */
const named = ({ workers }: Figures) => workers.filter(({ accepted }) => accepted > 0);

const kept = ({
  name,
  user,
  worker,
  accepted,
  rejected,
  bestDifficulty,
  lastShareAtMs,
  firstSeenAtMs,
}: WorkerView) => ({
  name,
  user,
  worker,
  accepted,
  rejected,
  bestDifficulty,
  lastShareAtMs,
  firstSeenAtMs,
});

test('a pool is restarted, and every worker’s figures, the best share, totals and blocks are as before', async () => {
  const first = await startPool();
  const { port } = first.service.address;
  const translator = await lab.translator({
    upstreams: [{ url: lab.url(first), user: 'farm' }],
    aggregate: true,
  });
  const [one, two] = [
    await minerOf(translator, { username: 'x.one' }),
    await minerOf(translator, { username: 'x.two' }),
  ];
  const alone = await lab.translator({ upstreams: [{ url: lab.url(first), user: 'bob' }], aggregate: false });
  const three = await minerOf(alone, { username: 'x.three' });
  const alice = await minerAt(first);
  const channel = await alice.open('extended', { user: 'alice.rig', nominalHashRate: 1000 });
  for (let share = 0; share < 5; share += 1) {
    expect(await one.mine({ wanted: 'share' })).toBe('accepted');
    if (share < 3) expect(await two.mine({ wanted: 'share' })).toBe('accepted');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    if (share < 2) expect(await three.mine({ wanted: 'share' })).toBe('accepted');
  }
  const share = await channel.solve({ wanted: 'share' });
  expect(await channel.submit({ ...share, jobId: 0xffff })).toEqual({ errorCode: 'invalid-job-id' });
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await eventually('every share of the translator', async () => {
    const { accepted } = await apiOf(first).shares();
    return accepted >= 16 || undefined;
  });

  await eventually('the block to be confirmed', async () => {
    const { items } = await apiOf(first).blocks(ALL);
    return items[0]?.status === 'confirmed' || undefined;
  });
  lab.clock.skip(LATER);
  const before = await figuresOf(first);
  expect(named(before).map(({ name, accepted }) => [name, accepted])).toEqual([
    ['alice.rig', 6],
    ['bob.three', 2],
    ['farm.one', 5],
    ['farm.two', 3],
  ]);
  expect(named(before)[0]).toMatchObject({ user: 'alice', worker: 'rig', rejected: { 'invalid-job-id': 1 } });
  expect(before.shares).toMatchObject({ accepted: 16, rejected: { 'invalid-job-id': 1 }, blocks: 1 });
  expect(before.blocks.items).toMatchObject([
    { user: 'alice', worker: 'rig', status: 'confirmed', via: 'sv2-extended' },
  ]);

  await alice[Symbol.asyncDispose]();
  await first.close();
  const second = await startPool({ port });
  await second.log.line('the figures go on from the ledger');
  const after = await figuresOf(second);
  expect(named(after).map(kept)).toEqual(named(before).map(kept));
  for (const [index, worker] of named(after).entries()) {
    const was = named(before)[index] as WorkerView;
    expect(worker.work / was.work).toBeCloseTo(1, 9);
    for (const window of ['oneHour', 'oneDay'] as const) {
      expect(was.hashrate[window]).toBeGreaterThan(0);
      expect(worker.hashrate[window] / was.hashrate[window]).toBeCloseTo(1, 1);
    }
  }
  const { accepted, rejected, bestDifficulty, blocks, sinceMs } = before.shares;
  expect(after.shares).toMatchObject({ accepted, rejected, bestDifficulty, blocks });
  // The first run hears from its ledger when that began, a moment before itself.
  expect(after.shares.sinceMs).toBeLessThanOrEqual(sinceMs ?? 0);
  expect(after.shares.sinceMs).toBeGreaterThan((sinceMs ?? 0) - MINUTE);
  expect(after.shares.work / before.shares.work).toBeCloseTo(1, 9);
  expect(after.blocks).toEqual(before.blocks);
  const sums = ({ histories }: Figures) =>
    histories
      .filter((each) => (each?.accepted ?? 0) > 0)
      .map((each) => each?.history.map(({ accepted: n }) => n).filter((n) => n > 0));
  expect(sums(after)).toEqual(sums(before));

  // The translator comes back by itself, and its miners' shares go to the same workers.
  await lab.clock.until(
    SECOND,
    eventually('a share of the proxy’s first miner', async () => {
      await one.mine({ wanted: 'share' });
      const worker = await apiOf(second).worker('farm.one', DAY);
      return (worker?.accepted ?? 0) > 5 || undefined;
    }),
  );
  expect(await apiOf(second).worker('farm.one', DAY)).toMatchObject({ state: 'active', channels: 0 });
  expect(second.failures).toEqual([]);
});
