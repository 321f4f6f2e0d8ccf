// What shares on jobs of the miner's own are worth, and to whom.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readJournal } from '@sv2kit/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CustomJob, type DraftJob, eventually, lies, SOLO_SCRIPT, TestDeclarator } from '../src/index.ts';
import {
  acceptedBy,
  expectPaid,
  minerOf,
  moreShares,
  openScene,
  type Pair,
  pathOf,
  pooledChannel,
  type Scene,
  startClient,
  startPair,
  workingAs,
} from './declaring.ts';

const SHARES = 6;
const SECOND = 1_000;
const ELSEWHERE = Uint8Array.from(Buffer.from(SOLO_SCRIPT, 'hex'));

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.[Symbol.asyncDispose]());

const declaratorAt = (pair: Pair, user = 'scenario.one'): Promise<TestDeclarator> =>
  TestDeclarator.connect({
    pool: pair.pool.service.address.port,
    jds: pair.jds.service.address.port,
    authority: scene.lab.authority.publicKey,
    node: scene.miners,
    user,
  });

test('shares found before the acknowledgement wait for it, and reach the pool behind it in order (§6.3.1)', async () => {
  await using pair = await startPair(scene, { name: 'optimistic' });
  using held = pair.beforePool.hold('SetCustomMiningJobSuccess');
  await using client = await startClient(scene, [pair.upstream]);
  await using miner = await minerOf(client);
  const channel = await miner.open('extended');
  await held.caught();
  // What is mined now is the job whose acknowledgement is held.
  await workingAs(scene, client, 'pooled');
  const nonces: number[] = [];
  for (let i = 0; i < SHARES; i += 1) {
    const share = await channel.solve({ wanted: 'share' });
    nonces.push(share.nonce);
    expect(await channel.submit(share)).toBe('accepted');
  }
  const relayed = () => pair.beforePool.seen.filter(({ message }) => message.type === 'SubmitSharesExtended');
  expect(relayed()).toEqual([]);
  held.release();
  await moreShares(scene, pair.pool, SHARES - 1);
  expect(relayed().map(({ message }) => message['nonce'])).toEqual(nonces);
  expect(relayed().map(({ message }) => message['sequenceNumber'])).toEqual(nonces.map((_, index) => index + 1));
});

test('a job that pays the pool in part is credited in that part (§6.4.3, example B)', async () => {
  const { lab } = scene;
  const pair = await startPair(scene, { name: 'in-part' });
  await using declarator = await declaratorAt(pair);
  const jobOf = async (change: (job: DraftJob) => DraftJob): Promise<CustomJob> => {
    const { token, outputs } = await declarator.allocate();
    const draft = change(await declarator.draft(outputs));
    const declared = await declarator.declare(draft, token);
    if ('errorCode' in declared) throw new Error(declared.errorCode);
    return (await declarator.propose(draft, declared.token)) as CustomJob;
  };
  const whole = await jobOf((job) => job);
  const part = await jobOf((job) => lies.payingOnly(job, 60n, ELSEWHERE));
  expect(await declarator.mine(whole, { wanted: 'share' })).toBe('accepted');
  expect(await declarator.mine(part, { wanted: 'share' })).toBe('accepted');
  await pair.pool.close();
  const credited: number[] = [];
  for await (const { record } of readJournal(`${lab.folder}/in-part-pool/journal`)) {
    if (record.type === 'ShareAccepted') credited.push(record.difficulty);
  }
  const [full = 0, partial = 0] = credited;
  expect(partial / full).toBeCloseTo(0.6, 5);
});

test('a connection that chooses its own work gets no job and no prev-hash of the pool (§5.3.18)', async () => {
  const { lab } = scene;
  await using pair = await startPair(scene, { name: 'own-work' });
  await using declarator = await declaratorAt(pair);
  await declarator.job();
  await lab.node.mineEmpty();
  expect(await declarator.mine(await declarator.job(), { wanted: 'share' })).toBe('accepted');
  const told = declarator.miner.messages.items.map(({ type }) => type);
  for (const type of ['NewMiningJob', 'NewExtendedMiningJob', 'SetNewPrevHash']) expect(told).not.toContain(type);
});

test('a pool without a token key says that it takes no jobs of others (§5.3.20)', async () => {
  const { lab, miners, poolsProvider } = scene;
  await using pair = await startPair(scene, { name: 'with-key' });
  await using pool = await lab.workingPool({
    templateProviders: [lab.url(poolsProvider)],
    dataDir: `${lab.folder}/without-key-pool`,
  });
  await using declarator = await TestDeclarator.connect({
    pool: pool.service.address.port,
    jds: pair.jds.service.address.port,
    authority: lab.authority.publicKey,
    node: miners,
  });
  const { token, outputs } = await declarator.allocate();
  const draft = await declarator.draft(outputs);
  expect(await declarator.propose(draft, token)).toMatchObject({ errorCode: 'jd-not-supported' });
});

test('clients of one pool do not notice each other: each mines its own job, one after the other leaves', async () => {
  await using pair = await startPair(scene, { name: 'shared' });
  const [one, two] = await Promise.all([declaratorAt(pair, 'one.rig'), declaratorAt(pair, 'two.rig')]);
  const [first, second] = await Promise.all([one.job(), two.job()]);
  expect(await one.mine(first, { wanted: 'share' })).toBe('accepted');
  await one[Symbol.asyncDispose]();
  expect(await two.mine(second, { wanted: 'share' })).toBe('accepted');
  expect(await two.mine(await two.job(), { wanted: 'share' })).toBe('accepted');
  await two[Symbol.asyncDispose]();
});

describe('a client whose pair is not as agreed', () => {
  test('leaves a job declarator server that wants the payout elsewhere, and says so', async () => {
    await using other = await startPair(scene, { name: 'elsewhere' });
    const upstream = { ...other.upstream, payoutScript: SOLO_SCRIPT };
    await using client = await startClient(scene, [upstream]);
    const [shown] = client.status()['upstreams'] as readonly { readonly failure: unknown }[];
    const failure = await scene.lab.clock.until(
      SECOND,
      eventually('the reason why the pool is not used', () => {
        const [pair] = client.status()['upstreams'] as readonly {
          readonly failure: { readonly reason: string } | null;
        }[];
        return pair?.failure ?? undefined;
      }),
    );
    expect(shown).toBeDefined();
    expect(failure).toMatchObject({ reason: 'unexpected-payout' });
    expect(await workingAs(scene, client, 'solo')).toMatchObject({ reason: 'unexpected-payout' });
    expect(acceptedBy(other.pool)).toBe(0);
  });
});

describe('devices of a job declarator client', () => {
  test('find blocks on declared jobs over both kinds of channel', async () => {
    const { lab } = scene;
    await using pair = await startPair(scene, { name: 'both-kinds' });
    await using client = await startClient(scene, [pair.upstream]);
    await using miner = await minerOf(client);
    await pooledChannel(scene, client, miner);
    for (const kind of ['standard', 'extended'] as const) {
      await using other = await minerOf(client);
      const channel = await other.open(kind);
      await pair.beforePool.message('SetCustomMiningJobSuccess');
      const height = (await lab.node.height()) + 1;
      const from = pair.beforePool.seen.length;
      expect(await channel.mine({ work: await channel.workOn(await lab.node.bestHash()), wanted: 'block' })).toBe(
        'accepted',
      );
      await lab.node.reach(height);
      const block = await lab.node.block(height);
      expectPaid(block);
      expect(await pathOf(client, block.hash)).toBe('declared-full-template');
      await lab.clock.until(
        SECOND,
        eventually('a job on the new tip to be acknowledged', async () => {
          await nextTurn();
          const since = pair.beforePool.seen.slice(from);
          return since.some(({ message }) => message.type === 'SetCustomMiningJobSuccess') || undefined;
        }),
      );
    }
  });

  test('go on when the first template provider is gone: there is another', async () => {
    const { lab, miners } = scene;
    const spare = await lab.templateProvider({ node: miners, dataDir: `${lab.folder}/spare-provider` });
    const first = await lab.templateProvider({ node: miners, dataDir: `${lab.folder}/first-provider` });
    await using pair = await startPair(scene, { name: 'two-providers' });
    const templateProviders = [lab.url(first), lab.url(spare)];
    await using client = await startClient(scene, [pair.upstream], { templateProviders });
    await using miner = await minerOf(client);
    const channel = await pooledChannel(scene, client, miner);
    await first.close();
    await lab.clock.until(
      SECOND,
      client.log.line('templates come from here now', ({ templateProvider }) => {
        return String(templateProvider).endsWith(String(spare.service.address.port));
      }),
    );
    await lab.node.mineEmpty();
    const height = (await lab.node.height()) + 1;
    const work = await channel.workOn(await lab.node.bestHash());
    expect(await channel.mine({ work, wanted: 'block' })).toBe('accepted');
    await lab.node.reach(height);
    expectPaid(await lab.node.block(height));
  });
});
