import { MAX_TARGET } from '@sv2kit/bitcoin';
import type { ShareAccepted } from '@sv2kit/ledger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, type RoleProcess, type Share, type TestChannel, TestMiner } from '../src/index.ts';
import { type Recorded, recorded, shareKey } from './recorded.ts';
import { loadThreeChannels, type Told } from './share-load.ts';

const SEED = 0x5eed;
const KILLS = 4;
/** Shares that are sent in a run before its pool is killed. */
const FEWEST = 150;
const SPREAD = 1200;
/** One of 2^17 hashes: what is submitted by chance is none. */
const HARD_TO_MEET = {
  nominalHashRate: 1,
  maxTarget: MAX_TARGET.map((byte, index) => (index > 29 ? 0 : index === 29 ? 0x7f : byte)),
};
const EPOCH_BYTES = 3;
/** Seconds. */
const AHEAD = 3600;

let lab: Lab;
let templateProvider: string;
beforeAll(async () => {
  lab = await Lab.open('signet');
  templateProvider = lab.url(await lab.templateProvider());
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/** A pool as a process of its own that has work; with the same name it goes on with the same journal. */
async function startPool(name: string): Promise<{ pool: RoleProcess; connect: () => Promise<TestMiner> }> {
  const pool = lab.poolProcess({
    templateProviders: [templateProvider],
    dataDir: `${lab.folder}/${name}`,
    submitsToNode: false,
    minDifficulty: 1e-12,
    sharesPerMinute: 1e6,
  });
  const port = await pool.port();
  await pool.log.line('condition met', ({ condition }) => condition === 'templates');
  return { pool, connect: () => TestMiner.connect({ port, authority: lab.authority.publicKey }) };
}

const journalOf = (name: string): Promise<Recorded> => recorded(`${lab.folder}/${name}/journal`);

/** Three channels of both kinds submit until the pool is killed, behind so many shares. */
async function loadAndKill(shares: number): Promise<readonly Told[]> {
  const { pool, connect } = await startPool('durability');
  const miners = await Promise.all([connect(), connect()]);
  const told = await loadThreeChannels(miners, shares, () => pool.signal('SIGKILL'));
  expect(await pool.end()).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  return told;
}

const sameShare = (share: Share, found: ShareAccepted): boolean =>
  (['jobId', 'nonce', 'ntime', 'version'] as const).every((field) => share[field] === found[field]);

/** Everything that anybody was told of is there, as it was submitted, and nothing is there twice. */
function expectEveryAcknowledged(journal: Recorded, told: readonly Told[]): void {
  for (const { prefix, acknowledged } of told) {
    const lost = acknowledged.filter((share) => {
      const [found, ...more] = journal.shares.get(shareKey(prefix, share.sequenceNumber)) ?? [];
      return found === undefined || more.length > 0 || !sameShare(share, found);
    });
    expect(lost.map(({ sequenceNumber }) => sequenceNumber)).toEqual([]);
  }
  const all = [...journal.shares.values()].flat();
  expect(all).toHaveLength(journal.count);
  expect(new Set(all.map(({ hash }) => hex(hash))).size).toBe(journal.count);
}

test(`every share that a client saw acknowledged is in the journal once, however often the pool is killed (§5.3.13; seed ${SEED})`, async () => {
  const random = seeded(SEED);
  const told: Told[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const run = await loadAndKill(FEWEST + Math.floor(random() * SPREAD));
    expect(run.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(run.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)).toBeGreaterThan(0);
    told.push(...run);
    // As the kill left it; the next start then repairs what was torn.
    expectEveryAcknowledged(await journalOf('durability'), told);
  }
  const { pool } = await startPool('durability');
  expect(await pool.stop()).toEqual({ kind: 'exit', code: 0 });
  const journal = await journalOf('durability');
  expectEveryAcknowledged(journal, told);

  // The kills came in the middle of something, and no prefix of a run could have been one of another.
  const sent = told.reduce((sum, each) => sum + each.sent.length, 0);
  expect(sent).toBeGreaterThan(told.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0));
  expect(journal.bootEpochs).toEqual(Array.from({ length: KILLS + 1 }, (_, index) => index + 1));
  for (const { prefix } of told) expect(epochIn(prefix)).toBe(journal.epochOf.get(prefix));
  expect(new Set(told.map(({ prefix }) => prefix)).size).toBe(told.length);
});

test('a share of before a restart is worth nothing on a channel of after it, whose prefix has another boot epoch', async () => {
  const before = await startPool('replay');
  await using miner = await before.connect();
  const channels = [await miner.open('standard', HARD_TO_MEET), await miner.open('extended', HARD_TO_MEET)];
  const shares: Share[] = [];
  for (const channel of channels) {
    const work = await channel.work();
    // Far enough ahead that it is not too early for the jobs of after the restart; no block, so that the tip stays.
    const share = await channel.solve({ wanted: 'share', work: { ...work, minNtime: work.minNtime + AHEAD } });
    expect(await channel.submit(share)).toBe('accepted');
    shares.push(share);
  }
  await before.pool.kill();

  const after = await startPool('replay');
  await using again = await after.connect();
  for (const [index, share] of shares.entries()) {
    const channel = channels[index] as TestChannel;
    const other = await again.open(index === 0 ? 'standard' : 'extended', HARD_TO_MEET);
    expect(epochIn(hex(other.opened.extranoncePrefix))).not.toBe(epochIn(hex(channel.opened.extranoncePrefix)));
    // On the same tip, under the same target: only the prefix is another.
    const { jobId, prevHash } = await other.work();
    expect(prevHash).toEqual((await channel.work()).prevHash);
    expect(other.opened.target).toEqual(channel.opened.target);
    const asJobOfNow = await other.submit(replay(other, share, jobId));
    expect(asJobOfNow).toEqual({ errorCode: 'difficulty-too-low' });
    const asItWas = await other.submit(replay(other, share));
    expect(asItWas).toEqual({ errorCode: expect.stringMatching(/^(difficulty-too-low|invalid-job-id|stale-share)$/) });
  }
  expect((await journalOf('replay')).count).toBe(shares.length);
});

/** A share once more, on another channel. */
function replay({ client }: TestChannel, share: Share, jobId = share.jobId): Share {
  const { nonce, ntime, version } = share;
  const rolled = share.type === 'SubmitSharesExtended' ? { extranonce: share.extranonce } : {};
  return client.share({ jobId, nonce, ntime, version, ...rolled });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** The part of a prefix that names the run, big-endian. */
const epochIn = (prefix: string): number => Buffer.from(prefix, 'hex').readUIntBE(0, EPOCH_BYTES);

/** Park-Miller. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
