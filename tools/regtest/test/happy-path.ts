import { MAX_TARGET } from '@sv2kit/bitcoin';
import { type MiningFromServer, REQUIRES_STANDARD_JOBS } from '@sv2kit/codec';
import type { Pool } from '@sv2kit/pool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackEnd,
  eventually,
  Lab,
  PAYOUT_SCRIPT,
  POOL_TAG,
  type RoleHere,
  type ShownBlock,
  TestMiner,
} from '../src/index.ts';

/** Blocks until the first of `mine` can be spent. */
const MATURE = 101;
const HALVING = 150;
const COIN = 1e8;
const NOT_FINAL = 0xfffffffe;

const subsidyAt = (height: number): number => 50 / 2 ** Math.floor(height / HALVING);

/** What every block of the pool must be like, whatever is in it. */
function expectPoolBlock({ height, tx: [coinbase] }: ShownBlock, fees = 0): void {
  expect(coinbase).toMatchObject({
    locktime: height - 1,
    vin: [{ sequence: NOT_FINAL, txinwitness: ['00'.repeat(32)] }],
    vout: [
      { value: subsidyAt(height) + fees / COIN, scriptPubKey: { hex: PAYOUT_SCRIPT } },
      { value: 0, scriptPubKey: { hex: expect.stringMatching(/^6a24aa21a9ed[0-9a-f]{64}$/) } },
    ],
  });
  expect(coinbase?.vout).toHaveLength(2);
  expect(Buffer.from(coinbase?.vin[0]?.coinbase ?? '', 'hex').toString('latin1')).toContain(POOL_TAG);
}

/** A message's kind, for whom it is, and whether its job waits for a prev-hash. */
function gist(message: MiningFromServer): unknown[] {
  const addressee = 'channelId' in message ? [message.channelId] : [];
  const future = 'minNtime' in message && message.type !== 'SetNewPrevHash' ? [message.minNtime === undefined] : [];
  return [message.type, ...addressee, ...future];
}

/** Blocks over both kinds of channel, from a node that is spoken to in that way. */
export function happyPath(backEnd: BackEnd): void {
  let lab: Lab;
  let pool: RoleHere<Pool>;
  beforeAll(async () => {
    lab = await Lab.open('regtest', { backEnd });
    await lab.node.mine(MATURE);
    const provider = await lab.templateProvider();
    pool = await lab.workingPool({ templateProviders: [lab.url(provider)], minDifficulty: 1e-8 });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  const connect = (flags = 0): Promise<TestMiner> =>
    TestMiner.connect({
      port: pool.service.address.port,
      authority: pool.service.authorityPublicKey,
      setup: { flags },
    });
  describe('the first messages after a channel is open: a future job, then its prev-hash, on its own id (§5.3.15-17)', () => {
    test.each([
      { name: 'a standard channel that takes group jobs', kind: 'standard', flags: 0, job: 'NewMiningJob' },
      {
        name: 'a standard channel with REQUIRES_STANDARD_JOBS',
        kind: 'standard',
        flags: REQUIRES_STANDARD_JOBS,
        job: 'NewMiningJob',
      },
      { name: 'an extended channel', kind: 'extended', flags: 0, job: 'NewExtendedMiningJob' },
    ] as const)('$name', async ({ kind, flags, job }) => {
      await using miner = await connect(flags);
      const channel = await miner.open(kind);
      const { channelId } = channel.opened;
      const opened = kind === 'standard' ? 'OpenStandardMiningChannelSuccess' : 'OpenExtendedMiningChannelSuccess';
      expect(miner.messages.items.slice(0, 3).map(gist)).toEqual([
        [opened, channelId],
        [job, channelId, true],
        ['SetNewPrevHash', channelId],
      ]);
      const [, future, prevHash] = miner.messages.items as readonly { readonly jobId?: number }[];
      expect(prevHash?.jobId).toBe(future?.jobId);
      expect(channel.violations).toEqual([]);
    });

    test('a second channel that joins a group that has work already', async () => {
      await using miner = await connect();
      await miner.open('extended');
      await miner.messages.first('a job for the group', (message) => message.type === 'SetNewPrevHash');
      const from = miner.messages.items.length;
      const second = await miner.open('extended');
      const { channelId } = second.opened;
      const own = miner.messages.items
        .slice(from)
        .filter((each) => 'channelId' in each && each.channelId === channelId);
      expect(own.slice(0, 3).map(gist)).toEqual([
        ['OpenExtendedMiningChannelSuccess', channelId],
        ['NewExtendedMiningJob', channelId, true],
        ['SetNewPrevHash', channelId],
      ]);
    });
  });

  describe('a connection with several channels', () => {
    test('gets one message per update for all members of a group (§5.2.3)', async () => {
      await using miner = await connect();
      const channels = [
        await miner.open('extended', { minExtranonceSize: 2 }),
        await miner.open('standard'),
        await miner.open('extended', { minExtranonceSize: 2 }),
        await miner.open('standard'),
      ];
      const [group] = new Set(channels.map(({ opened }) => opened.groupChannelId));
      expect(channels.map(({ opened }) => opened.groupChannelId)).toEqual([group, group, group, group]);
      const from = miner.messages.items.length;
      await lab.node.mineEmpty();
      const best = await lab.node.bestHash();
      const onBest = (hash: Uint8Array): boolean => Buffer.from(hash).reverse().toString('hex') === best;
      for (const { works } of channels) await works.first('work on the new tip', ({ prevHash }) => onBest(prevHash));
      const work = miner.messages.items.slice(from).filter(({ type }) => /Job|PrevHash/.test(type));
      expect(new Set(work.map((message) => 'channelId' in message && message.channelId))).toEqual(new Set([group]));
      expect(work.filter(({ type }) => type === 'SetNewPrevHash')).toHaveLength(1);
      // All four are at work on the same job, each with an extranonce of its own: each finds a block of the same height.
      const answers = await Promise.all(channels.map((channel) => channel.mine({ wanted: 'block' })));
      expect(answers).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    });

    test('gets nothing for groups when it requires standard jobs (§5.3.1)', async () => {
      await using miner = await connect(REQUIRES_STANDARD_JOBS);
      const channels = [await miner.open('standard'), await miner.open('standard'), await miner.open('standard')];
      await lab.node.mineEmpty();
      for (const { works } of channels) {
        const before = works.items[0]?.prevHash;
        await works.first(
          'work on the new tip',
          ({ prevHash }) => Buffer.compare(prevHash, before as Uint8Array) !== 0,
        );
      }
      const ids = new Set(channels.map(({ opened }) => opened.channelId));
      for (const message of miner.messages.items) {
        expect(['NewExtendedMiningJob', 'SetGroupChannel']).not.toContain(message.type);
        if ('channelId' in message) expect(ids).toContain(message.channelId);
      }
    });
  });

  describe('blocks', () => {
    test.each(['standard', 'extended'] as const)(
      'a block of a channel of the %s kind is in the best chain, pays everything to the configured address, and is ready for BIP54 (§5.1.1)',
      async (kind) => {
        await using miner = await connect(kind === 'standard' ? REQUIRES_STANDARD_JOBS : 0);
        const channel = await miner.open(kind);
        const before = await lab.node.height();
        expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
        await lab.node.reach(before + 1);
        expectPoolBlock(await lab.node.block(before + 1));
      },
    );

    test('better fees on the same tip come as a job that is active at once, and the block holds the transactions (§5.3.15)', async () => {
      await using miner = await connect();
      const channel = await miner.open('extended', { minExtranonceSize: 8 });
      const { channelId, groupChannelId } = channel.opened;
      const first = await channel.work();
      const from = miner.messages.items.length;
      const parent = await lab.node.pay(await lab.node.reward(), 10_000n);
      const child = await lab.node.pay(parent.change, 30_000n);
      const { space, prevHash } = await channel.works.first(
        'work with the transactions',
        ({ space }) => space.kind === 'extended' && space.merklePath.length === 2,
      );
      expect(prevHash).toEqual(first.prevHash);
      expect(space).toMatchObject({ extranonceSize: 8 });
      const news = miner.messages.items.slice(from).filter(({ type }) => /Job|PrevHash/.test(type));
      // The empty block for the next height may still have been on its way.
      const update = news.filter((job) => !('merklePath' in job && job.merklePath.length === 0));
      expect(update.map(gist)).toEqual(update.map(() => ['NewExtendedMiningJob', groupChannelId, false]));
      expect(groupChannelId).not.toBe(channelId);

      const before = await lab.node.height();
      expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
      await lab.node.reach(before + 1);
      const block = await lab.node.block(before + 1);
      expectPoolBlock(block, 40_000);
      expect(block.tx.map(({ txid }) => txid).slice(1)).toEqual([parent.txid, child.txid]);
    });

    test('a target easier than the network still credits shares, and no target is above the maximum of the client (§5.3.2)', async () => {
      await using miner = await connect();
      const hard = MAX_TARGET.map((byte, index) => (index > 29 ? 0 : byte));
      const channel = await miner.open('standard', { maxTarget: hard, nominalHashRate: 0.001 });
      expect(channel.opened.target).toEqual(hard);
      expect(await channel.mine()).toBe('accepted');
    });

    test('devices on both kinds of channel mine them with nobody to help', async () => {
      const paced = await lab.workingPool({
        templateProviders: [lab.url(await lab.templateProvider())],
        dataDir: `${lab.folder}/paced`,
        sharesPerMinute: 120,
      });
      await Promise.all([
        lab.device({ channel: 'standard', upstreams: [lab.url(paced)] }),
        lab.device({ channel: 'extended', upstreams: [lab.url(paced)] }),
      ]);
      // They race: a block that was the best one may be another's sibling a moment later.
      const inChain = async (via: string): Promise<ShownBlock | undefined> => {
        const found = paced.log.items.filter(
          ({ message, fields }) => message === 'block found' && fields['via'] === via,
        );
        const blocks = found.map(({ fields }) => lab.node.block(String(fields['hash'])).catch(() => undefined));
        return (await Promise.all(blocks)).find((block) => block !== undefined && block.confirmations > 0);
      };
      for (const via of ['sv2-standard', 'sv2-extended']) {
        expectPoolBlock(await eventually(`a block of ${via} in the best chain`, () => inChain(via)));
      }
    });
  });
}
