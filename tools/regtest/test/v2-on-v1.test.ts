// V2 devices on a V1 pool: blocks, and everything that a V1 pool may do to its miners.
import {
  jobDeclaration,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import { connect } from '@sv2kit/net';
import type { TranslatorToV1 } from '@sv2kit/translator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  Lab,
  PAYOUT_SCRIPT,
  type RoleHere,
  type TestChannel,
  TestMiner,
  TestV1Pool,
  type TranslatorToV1Wishes,
  type V1PoolOptions,
} from '../src/index.ts';

const SECOND = 1000;
const USUAL_MASK = 0x1fff_e000;

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open('regtest');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

let translators = 0;
const listen = (options: Partial<V1PoolOptions> = {}): Promise<TestV1Pool> =>
  TestV1Pool.listen({ node: lab.node, ...options });

/** Has work for devices. */
async function start(pools: readonly TestV1Pool[], wishes: Partial<TranslatorToV1Wishes> = {}) {
  const upstreams = pools.map(({ url }) => ({ url, user: 'alice' }));
  const dataDir = `${lab.folder}/to-v1-${++translators}`;
  const translator = await lab.translatorToV1({ upstreams, dataDir, ...wishes });
  const job = () => (translator.status()['pool'] as { readonly job: object | null }).job ?? undefined;
  await lab.clock.until(SECOND, eventually('a job', job));
  return translator;
}

const connectTo = ({ service }: RoleHere<TranslatorToV1>, flags = 0): Promise<TestMiner> =>
  TestMiner.connect({ port: service.address.port, authority: service.authorityPublicKey, setup: { flags } });

/** Mines a block on the node's best one, and waits for work on it; it pays the V1 pool. */
async function mineOn(channel: TestChannel, pool: TestV1Pool): Promise<void> {
  const height = await lab.node.height();
  await channel.workOn(await lab.node.bestHash());
  expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
  await lab.node.reach(height + 1);
  const block = await lab.node.block(height + 1);
  expect(block.tx[0]?.vout[0]?.scriptPubKey.hex).toBe(PAYOUT_SCRIPT);
  expect(await pool.accepted(({ hash }) => hash === block.hash)).toMatchObject({ height: height + 1 });
  await channel.workOn(block.hash);
}

/** The first work behind what the channel has now. */
const nextWork = ({ works }: TestChannel) => works.first('new work', () => true, { from: works.items.length });

/** Mines shares until one gets to that pool: work of another may still be on its way before. */
const minesFor = (channel: TestChannel, { shares }: TestV1Pool): Promise<true> => {
  const from = shares.items.length;
  return eventually('a share to get to the pool', async () => {
    await channel.mine({ wanted: 'share' });
    return shares.items.length > from || undefined;
  });
};

const refused = (pool: TestV1Pool) =>
  pool.shares.items.flatMap(({ judgement }) => (judgement.kind === 'refused' ? [judgement.error] : []));

describe('blocks of V2 devices on a V1 pool', () => {
  test.each([
    { name: 'an extended channel', kind: 'extended', flags: 0 },
    { name: 'a standard channel', kind: 'standard', flags: 0 },
    { name: 'a standard channel with REQUIRES_STANDARD_JOBS', kind: 'standard', flags: REQUIRES_STANDARD_JOBS },
  ] as const)('of $name are in the chain, pay the pool, and are recorded as found there', async ({ kind, flags }) => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator, flags);
    const channel = await miner.open(kind);
    await mineOn(channel, pool);
    await mineOn(channel, pool);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    expect((await translator.log.line('block found')).fields).toMatchObject({ path: 'v1-pool', via: `sv2-${kind}` });
    expect(refused(pool)).toEqual([]);
  });

  test('of devices with nobody to help, of both kinds at once', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await Promise.all(
      (['standard', 'extended'] as const).map((channel) =>
        lab.device({ channel, upstreams: [lab.url(translator)], hashesPerShare: 3000 }),
      ),
    );
    for (const via of ['sv2-standard', 'sv2-extended']) {
      const { fields } = await translator.log.line('block found', (each) => each['via'] === via);
      await pool.blocks.first('the block', ({ hash }) => hash === fields['hash']);
    }
    // Another's block may be on its way while a share is: nothing else is refused.
    expect(refused(pool).filter(([code]) => code !== 21)).toEqual([]);
  });
});

describe('what a V1 pool may do', () => {
  test('mining.notify without clean_jobs is a job that is active at once, with a new tip a future one and its prev-hash (§5.3.15-17)', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    miner.messages.skip();
    pool.sendJob(false);
    expect((await miner.next('NewExtendedMiningJob')).minNtime).toBeTypeOf('number');
    const old = await channel.solve({ wanted: 'share' });
    miner.messages.skip();
    await lab.node.mineEmpty();
    const future = await miner.next('NewExtendedMiningJob', ({ minNtime }) => minNtime === undefined);
    expect((await miner.next('SetNewPrevHash')).jobId).toBe(future.jobId);
    expect(await channel.submit(old)).toEqual({ errorCode: 'stale-share' });
    await mineOn(channel, pool);
  });

  test('clean_jobs on the same tip makes what was before stale (§5.3.14)', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    const old = await channel.solve({ wanted: 'share' });
    const next = channel.works.next('new work', ({ jobId }) => jobId !== old.jobId);
    pool.sendJob(true);
    await next;
    expect(await channel.submit(old)).toEqual({ errorCode: 'stale-share' });
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    expect(refused(pool)).toEqual([]);
  });

  test('mining.set_extranonce is new prefixes for the channels, and their blocks are blocks (§5.3.10)', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channels = [await miner.open('extended', { minExtranonceSize: 2 }), await miner.open('standard')];
    for (const channel of channels) await mineOn(channel, pool);
    const before = channels.map(({ opened }) => Buffer.from(opened.extranoncePrefix).toString('hex'));
    const next = channels.map(nextWork);
    pool.setExtranonce();
    await Promise.all(next);
    expect(miner.messages.items.filter(({ type }) => type === 'SetExtranoncePrefix')).toHaveLength(channels.length);
    for (const channel of channels) await mineOn(channel, pool);
    for (const [index, { opened }] of channels.entries()) {
      expect(Buffer.from(opened.extranoncePrefix).toString('hex')).not.toBe(before[index]);
    }
    expect(refused(pool)).toEqual([]);
  });

  test.each(['at-once', 'next-job'] as const)(
    'mining.set_difficulty $0 under load: nothing that the pool is sent is refused, and what it asks for is sent',
    async (told) => {
      await using pool = await listen();
      await using translator = await start([pool]);
      await using miner = await connectTo(translator);
      const channels = [await miner.open('extended'), await miner.open('standard')];
      let going = true;
      const load = channels.map(async (channel) => {
        while (going) expect(await channel.mine({ wanted: 'share' })).toMatch(/^accepted$/);
      });
      for (const difficulty of [2 ** -33, 2 ** -32, 2 ** -34, 2 ** -33]) {
        const from = pool.shares.items.length;
        pool.setDifficulty(difficulty, told);
        pool.sendJob(false);
        await pool.shares.first('shares', () => true, { from: from + 50 });
      }
      going = false;
      await Promise.all(load);
      expect(refused(pool)).toEqual([]);
    },
  );

  test('it asks for more than the network does: easier shares stay here, blocks go there all the same', async () => {
    await using pool = await listen({ difficulty: 2 ** -16 });
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await mineOn(channel, pool);
    expect(pool.shares.items).toHaveLength(1);
    expect(translator.status()).toMatchObject({ shares: { accepted: 2, withheld: 1, relayed: { count: 1 } } });
  });

  test('it stops allowing versions to be rolled: those who must are let go, others go on (§5.3.1)', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using must = await connectTo(translator, REQUIRES_VERSION_ROLLING);
    await must.open('standard');
    await using may = await connectTo(translator);
    const channel = await may.open('extended');
    pool.setVersionMask(0);
    await must.closed();
    await expect(connectTo(translator, REQUIRES_VERSION_ROLLING)).rejects.toThrow('setup-refused');
    await may.messages.first(
      'a job without rolling',
      (each) => each.type === 'NewExtendedMiningJob' && !each.versionRollingAllowed,
    );
    await lab.node.mineEmpty();
    await mineOn(channel, pool);
    pool.setVersionMask(USUAL_MASK);
    await using again = await eventually('rolling to be allowed', () =>
      connectTo(translator, REQUIRES_VERSION_ROLLING).catch(() => undefined),
    );
    await mineOn(await again.open('standard'), pool);
    expect(refused(pool)).toEqual([]);
  });

  test('it refuses shares: they are counted by reason, and their device hears nothing of it', async () => {
    await using pool = await listen();
    pool.refuses = () => [21, 'Job not found'];
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await eventually(
      'the refusal in the status',
      () => JSON.stringify(translator.status()).includes('"stale"') || undefined,
      () => JSON.stringify(translator.status()),
    );
  });
});

describe('what a V1 pool lacks', () => {
  test('version rolling, for one that has never heard of it: who requires it is refused (§5.3.1)', async () => {
    await using pool = await listen({ knowsConfigure: false });
    await using translator = await start([pool]);
    await expect(connectTo(translator, REQUIRES_VERSION_ROLLING)).rejects.toThrow('setup-refused');
    await using miner = await connectTo(translator);
    await mineOn(await miner.open('extended'), pool);
    expect(pool.shares.items.every(({ submit }) => submit.versionBits === undefined)).toBe(true);
  });

  test('jobs of the miner: REQUIRES_WORK_SELECTION and job declaration are refused with a reason (§5.3.1, §6)', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await expect(connectTo(translator, REQUIRES_WORK_SELECTION)).rejects.toThrow('setup-refused');
    const { address, authorityPublicKey: authority } = translator.service;
    const declaring = connect({
      host: '127.0.0.1',
      port: address.port,
      authority,
      protocol: jobDeclaration,
      handler: () => ({ onMessage: () => {}, onClose: () => {} }),
    });
    await expect(declaring).rejects.toThrow('setup-refused');
  });

  test('an account of ours: the pool is left for the next', async () => {
    await using strange = await listen({ authorises: () => false });
    await using pool = await listen();
    await using translator = await start([strange, pool]);
    await using miner = await connectTo(translator);
    await mineOn(await miner.open('extended'), pool);
    expect(strange.shares.items).toEqual([]);
  });

  test('room for channels: the pool is left, and the log says how many channels would fit', async () => {
    await using small = await listen({ extranonce2Size: 1 });
    await using large = await listen();
    await using translator = await start([small, large]);
    const line = await translator.log.first('the reason', ({ fields }) =>
      JSON.stringify(fields).includes('extranonce2 has 1 byte'),
    );
    expect(['warn', 'error']).toContain(line.level);
    await using miner = await connectTo(translator);
    await mineOn(await miner.open('extended'), large);
  });
});

describe('a V1 pool is lost', () => {
  test('for a moment: devices keep their channels, and go on', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    await mineOn(channel, pool);
    pool.open = false;
    pool.drop();
    await translator.condition('pool', false);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    pool.open = true;
    await lab.clock.until(SECOND, translator.condition('pool', true));
    await mineOn(channel, pool);
    expect(miner.messages.items.filter(({ type }) => type === 'CloseChannel')).toEqual([]);
    expect(refused(pool)).toEqual([]);
  });

  test('for a moment, and goes on with the session: shares of meanwhile are handed in late', async () => {
    await using pool = await listen({ resumes: true });
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await pool.shares.first('the first share', () => true);
    pool.open = false;
    pool.drop();
    await translator.condition('pool', false);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    pool.open = true;
    await lab.clock.until(
      SECOND,
      pool.shares.first('the share of meanwhile', () => true, { from: 1 }),
    );
    await mineOn(channel, pool);
    expect(refused(pool)).toEqual([]);
  });

  test('for long: devices are told so, and served again when it is back', async () => {
    await using pool = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    await miner.open('extended');
    pool.open = false;
    pool.drop();
    expect(await lab.clock.until(10 * SECOND, miner.next('CloseChannel'))).toMatchObject({
      reasonCode: 'no-work-available',
    });
    pool.open = true;
    await lab.clock.until(SECOND, translator.condition('pool', true));
    await using again = await connectTo(translator);
    await mineOn(await again.open('extended'), pool);
  });

  test('and another is there: devices mine for that one, and for the first again when it is back', async () => {
    await using first = await listen();
    await using second = await listen({ extranonce2Size: 6 });
    await using translator = await start([first, second]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    await mineOn(channel, first);
    first.open = false;
    first.drop();
    await lab.clock.until(SECOND, minesFor(channel, second));
    await mineOn(channel, second);
    first.open = true;
    await lab.clock.until(10 * SECOND, minesFor(channel, first));
    await mineOn(channel, first);
    expect([...refused(first), ...refused(second)]).toEqual([]);
  });

  test('client.reconnect leads elsewhere on the same host; devices stay', async () => {
    await using pool = await listen();
    await using elsewhere = await listen();
    await using translator = await start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    pool.reconnect('127.0.0.1', elsewhere.port);
    await lab.clock.until(SECOND, minesFor(channel, elsewhere));
    await mineOn(channel, elsewhere);
  });
});

test('each channel goes to the pool under its own worker name, where the operator wants it', async () => {
  await using pool = await listen();
  await using translator = await start([pool], { more: '[pool]\nname_workers = true' });
  await using miner = await connectTo(translator);
  for (const worker of ['one', 'two']) {
    const channel = await miner.open('extended', { user: `bob.${worker}` });
    // The first share goes under the account: the pool has not heard of the worker yet.
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await pool.miner(`alice.${worker}`);
    await eventually(`a share of ${worker}`, async () => {
      expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
      return pool.shares.items.some(({ submit }) => submit.username === `alice.${worker}`) || undefined;
    });
  }
  expect(refused(pool)).toEqual([]);
});
