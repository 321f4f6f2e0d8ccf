// V2 devices on a V1 pool: blocks, and everything that a V1 pool may do to its miners.
import {
  jobDeclaration,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_VERSION_ROLLING,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import { connect } from '@sv2kit/net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type TestChannel } from '../src/index.ts';
import { connectTo, refused, V1Ground } from './v1-ground.ts';

const USUAL_MASK = 0x1fff_e000;

let ground: V1Ground;
beforeAll(async () => {
  ground = await V1Ground.open();
});
afterAll(() => ground?.[Symbol.asyncDispose]());

/** The first work behind what the channel has now. */
const nextWork = ({ works }: TestChannel) => works.first('new work', () => true, { from: works.items.length });

describe('blocks of V2 devices on a V1 pool', () => {
  test.each([
    { name: 'an extended channel', kind: 'extended', flags: 0 },
    { name: 'a standard channel', kind: 'standard', flags: 0 },
    { name: 'a standard channel with REQUIRES_STANDARD_JOBS', kind: 'standard', flags: REQUIRES_STANDARD_JOBS },
  ] as const)('of $name are in the chain, pay the pool, and are recorded as found there', async ({ kind, flags }) => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator, flags);
    const channel = await miner.open(kind);
    await ground.mineOn(channel, pool);
    await ground.mineOn(channel, pool);
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    expect((await translator.log.line('block found')).fields).toMatchObject({ path: 'v1-pool', via: `sv2-${kind}` });
    expect(refused(pool)).toEqual([]);
  });

  test('of devices with nobody to help, of both kinds at once', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await Promise.all(
      (['standard', 'extended'] as const).map((channel) =>
        ground.lab.device({ channel, upstreams: [ground.lab.url(translator)], hashesPerShare: 3000 }),
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
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    miner.messages.skip();
    pool.sendJob(false);
    expect((await miner.next('NewExtendedMiningJob')).minNtime).toBeTypeOf('number');
    const old = await channel.solve({ wanted: 'share' });
    miner.messages.skip();
    await ground.lab.node.mineEmpty();
    const future = await miner.next('NewExtendedMiningJob', ({ minNtime }) => minNtime === undefined);
    expect((await miner.next('SetNewPrevHash')).jobId).toBe(future.jobId);
    expect(await channel.submit(old)).toEqual({ errorCode: 'stale-share' });
    await ground.mineOn(channel, pool);
  });

  test('clean_jobs on the same tip makes what was before stale (§5.3.14)', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
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
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channels = [await miner.open('extended', { minExtranonceSize: 2 }), await miner.open('standard')];
    for (const channel of channels) await ground.mineOn(channel, pool);
    const before = channels.map(({ opened }) => Buffer.from(opened.extranoncePrefix).toString('hex'));
    const next = channels.map(nextWork);
    pool.setExtranonce();
    await Promise.all(next);
    expect(miner.messages.items.filter(({ type }) => type === 'SetExtranoncePrefix')).toHaveLength(channels.length);
    for (const channel of channels) await ground.mineOn(channel, pool);
    for (const [index, { opened }] of channels.entries()) {
      expect(Buffer.from(opened.extranoncePrefix).toString('hex')).not.toBe(before[index]);
    }
    expect(refused(pool)).toEqual([]);
  });

  test.each(['at-once', 'next-job'] as const)(
    'mining.set_difficulty $0 under load: nothing that the pool is sent is refused, and what it asks for is sent',
    async (told) => {
      await using pool = await ground.listen();
      await using translator = await ground.start([pool]);
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
    await using pool = await ground.listen({ difficulty: 2 ** -16 });
    await using translator = await ground.start([pool]);
    await using miner = await connectTo(translator);
    const channel = await miner.open('extended');
    expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
    await ground.mineOn(channel, pool);
    expect(pool.shares.items).toHaveLength(1);
    expect(translator.status()).toMatchObject({ shares: { accepted: 2, withheld: 1, relayed: { count: 1 } } });
  });

  test('it stops allowing versions to be rolled: those who must are let go, others go on (§5.3.1)', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
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
    await ground.lab.node.mineEmpty();
    await ground.mineOn(channel, pool);
    pool.setVersionMask(USUAL_MASK);
    await using again = await eventually('rolling to be allowed', () =>
      connectTo(translator, REQUIRES_VERSION_ROLLING).catch(() => undefined),
    );
    await ground.mineOn(await again.open('standard'), pool);
    expect(refused(pool)).toEqual([]);
  });

  test('it refuses shares: they are counted by reason, and their device hears nothing of it', async () => {
    await using pool = await ground.listen();
    pool.refuses = () => [21, 'Job not found'];
    await using translator = await ground.start([pool]);
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
    await using pool = await ground.listen({ knowsConfigure: false });
    await using translator = await ground.start([pool]);
    await expect(connectTo(translator, REQUIRES_VERSION_ROLLING)).rejects.toThrow('setup-refused');
    await using miner = await connectTo(translator);
    await ground.mineOn(await miner.open('extended'), pool);
    expect(pool.shares.items.every(({ submit }) => submit.versionBits === undefined)).toBe(true);
  });

  test('jobs of the miner: REQUIRES_WORK_SELECTION and job declaration are refused with a reason (§5.3.1, §6)', async () => {
    await using pool = await ground.listen();
    await using translator = await ground.start([pool]);
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
    await using strange = await ground.listen({ authorises: () => false });
    await using pool = await ground.listen();
    await using translator = await ground.start([strange, pool]);
    await using miner = await connectTo(translator);
    await ground.mineOn(await miner.open('extended'), pool);
    expect(strange.shares.items).toEqual([]);
  });

  test('room for channels: the pool is left, and the log says how many channels would fit', async () => {
    await using small = await ground.listen({ extranonce2Size: 1 });
    await using large = await ground.listen();
    await using translator = await ground.start([small, large]);
    const line = await translator.log.first('the reason', ({ fields }) =>
      JSON.stringify(fields).includes('extranonce2 has 1 byte'),
    );
    expect(['warn', 'error']).toContain(line.level);
    await using miner = await connectTo(translator);
    await ground.mineOn(await miner.open('extended'), large);
  });
});

test('each channel goes to the pool under its own worker name, where the operator wants it', async () => {
  await using pool = await ground.listen();
  await using translator = await ground.start([pool], { more: '[pool]\nname_workers = true' });
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
