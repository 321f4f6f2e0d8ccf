import { MAX_TARGET, meetsTarget, targetFromBigint } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob, SubmitSharesExtended } from '@sv2kit/codec';
import type { JournalRecord } from '@sv2kit/ledger';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  arena,
  Attacker,
  type Channel,
  type Design,
  hashOf,
  jobOf,
  NOW,
  PAYOUT,
  tokenFor,
  type TestTip,
  VALUE,
} from './attack-support.ts';

vi.setConfig({ testTimeout: 120_000 });

const LOOKALIKE = Uint8Array.of(0x51, 0x51);
const SUBSIDY = 5_000_000_000n;
const pays = (...outputs: readonly (readonly [bigint, Uint8Array])[]) =>
  outputs.map(([value, script]) => ({ value, script }));

/** What coinbases pay, and the most that a pool may credit each of their shares with, in either mode. */
const PURSES = [
  { outputs: pays([VALUE, PAYOUT]), most: 1 },
  { outputs: pays([VALUE / 2n, PAYOUT], [VALUE / 2n, PAYOUT]), most: 1 },
  { outputs: pays([VALUE / 4n, LOOKALIKE], [(VALUE * 3n) / 4n, PAYOUT]), most: 0.75 },
  { outputs: pays([SUBSIDY / 2n, PAYOUT]), most: 0.5 },
  { outputs: pays([VALUE / 2n + 1n, LOOKALIKE], [VALUE / 2n - 1n, PAYOUT]), most: 0 },
  { outputs: pays([VALUE, LOOKALIKE]), most: 0 },
  { outputs: pays([0n, PAYOUT], [VALUE, LOOKALIKE]), most: 0 },
  { outputs: pays([0xffff_ffff_ffff_ffffn, LOOKALIKE], [VALUE, PAYOUT]), most: 0 },
  { outputs: pays([1n << 63n, PAYOUT]), most: 0 },
  { outputs: pays(), most: 0 },
] as const;
const USERS = ['alice', 'alice.rig', 'mallory'];
const HASHRATES = [0.2, 1.6, 13];
const MAX_TARGETS = [MAX_TARGET, targetFromBigint(1n << 251n)];

/** Codes of shares whose job is known and that are no duplicates: a block is never refused with one of them. */
const BLOCK_LOST = new Set([
  'difficulty-too-low',
  'invalid-ntime',
  'invalid-version-bits',
  'version-rolling-not-allowed',
]);

interface Known {
  readonly who: Attacker;
  readonly channel: Channel;
  readonly jobId: number;
  readonly job: SetCustomMiningJob;
  readonly most: number;
}

/** One choice of an attacker; which of what there is, is taken modulo how many there are. */
const move = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(fc.constant('open' as const), fc.nat(3), fc.nat(2), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close' as const), fc.nat(9), fc.nat(9), fc.nat(1)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('update' as const), fc.nat(9), fc.nat(9), fc.nat(5)) },
  { weight: 10, arbitrary: fc.tuple(fc.constant('set' as const), fc.nat(9), fc.nat(99), fc.nat(99)) },
  { weight: 12, arbitrary: fc.tuple(fc.constant('submit' as const), fc.nat(99), fc.nat(99), fc.nat(99)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('tip' as const), fc.nat(3), fc.nat(2), fc.nat(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat(7_000), fc.nat(0), fc.nat(0)) },
);

/** What an attacker does, and what a pool has credited for it, by a model that knows nothing of channels and books. */
class Attack {
  readonly pool: ReturnType<typeof arena>;
  readonly #blockTarget: Uint8Array;
  readonly everyTip: TestTip[];
  readonly attackers: Attacker[] = [];
  readonly known: Known[] = [];
  readonly tokens: Uint8Array[] = [];
  /** Price of each search space, and the hashes that were paid. */
  readonly prices = new Map<string, number>();
  readonly paid = new Set<string>();
  readonly blocks = new Set<string>();
  #height = 100;
  #heightSinceMs = NOW;
  #cached = new Map<string, Uint8Array>();
  sequence = 0;

  /** @param blockTarget of the network */
  constructor(blockTarget: Uint8Array) {
    this.#blockTarget = blockTarget;
    this.pool = arena(blockTarget);
    this.everyTip = [this.pool.tipOf(100, 0)];
  }

  act([kind, a, b, c]: readonly [string, number, number, number]): void {
    this.pool.clock.advance(50);
    if (kind === 'open') return this.#open(a, b, c);
    if (kind === 'wait') return void this.pool.clock.advance(a);
    if (kind === 'tip') return this.#tip(a, b);
    const who = this.attackers[a % Math.max(1, this.attackers.length)];
    const channel = who?.channels[b % Math.max(1, who.channels.length)];
    if (who === undefined || channel === undefined) return;
    if (kind === 'close') {
      if (c === 0) who.says({ type: 'CloseChannel', channelId: channel.id, reasonCode: '' });
      else who.close();
    } else if (kind === 'update') {
      const maximumTarget = MAX_TARGETS[c % 2] as Uint8Array;
      const nominalHashRate = HASHRATES[c % 3] as number;
      who.says({ type: 'UpdateChannel', channelId: channel.id, nominalHashRate, maximumTarget });
    } else if (kind === 'set') this.#set(who, channel, b, c);
    else this.#submit(a, b, c);
  }

  /** Difficulty, as the journal has it and as clients were told. */
  get credited(): number {
    const { records } = this.pool;
    return records.reduce((sum, record) => sum + (record.type === 'ShareAccepted' ? record.difficulty : 0), 0);
  }

  get acknowledged(): number {
    const told = this.attackers.flatMap((attacker) => attacker.told);
    return told.reduce(
      (sum, message) => sum + (message.type === 'SubmitSharesSuccess' ? Number(message.newSharesSum) : 0),
      0,
    );
  }

  #open(a: number, b: number, c: number): void {
    let who = this.attackers[a];
    if (who === undefined || who.ended) {
      who = new Attacker(this.attackers.length + 1, this.pool);
      this.attackers.push(who);
    }
    who.open(USERS[b] as string, HASHRATES[c] as number, MAX_TARGET, b === 0 ? 4 : 8);
  }

  #tip(up: number, rival: number): void {
    const height = this.#height + (up === 3 ? 1 : 0);
    const tip = this.pool.tipOf(height, rival);
    if (!this.everyTip.some(({ prevHash }) => prevHash[0] === tip.prevHash[0])) this.everyTip.push(tip);
    if (height > this.#height) this.#heightSinceMs = this.pool.clock.now();
    this.#height = height;
    this.pool.goTo(tip);
  }

  #set(who: Attacker, channel: Channel, b: number, c: number): void {
    const tip = this.everyTip.at(-1 - (c % 3)) ?? (this.everyTip.at(-1) as TestTip);
    const purse = PURSES[(b * 7 + c) % (c % 2 === 0 ? 2 : PURSES.length)] as (typeof PURSES)[number];
    const design: Design = { outputs: purse.outputs, tag: b % 3, depth: c % 2 };
    const minNtime = NOW / 1000 + [0, 60, 7_100, -60, 7_200][c % 5]!;
    const id = b % 4 === 0 ? channel.group : channel.id;
    const plain = jobOf(design, tip, channel, { id, minNtime });
    const mode = c % 3 === 0 ? 'coinbase-only' : 'full-template';
    const fresh = tokenFor(plain, mode, USERS[b % 2] as string);
    const old = this.tokens[c % Math.max(1, this.tokens.length)];
    const miningJobToken = c % 10 === 9 && old !== undefined ? old : fresh;
    this.tokens.push(fresh);
    const job = { ...plain, miningJobToken };
    for (const answer of who.says(job)) {
      if (answer.type !== 'SetCustomMiningJobSuccess') continue;
      for (const each of who.channels) {
        this.known.push({ who, channel: each, jobId: answer.jobId, job, most: purse.most });
      }
    }
  }

  /** Names a job for the hash of another: they may be of one search space. */
  #submit(a: number, b: number, c: number): void {
    const { known } = this;
    if (known.length === 0) return;
    const named = known[(a * 101 + b) % known.length] as Known;
    const pace = c % 3 === 0 ? 1 : 5;
    for (let nonce = b; nonce < b + 60; nonce += pace) {
      this.#send(named, { nonce, ntime: named.job.minNtime + [0, 1, 60, 7_000][c % 4]!, version: 0x20000000 });
    }
  }

  #send({ who, channel, jobId, job, most }: Known, point: { nonce: number; ntime: number; version: number }): void {
    const extranonce = new Uint8Array(channel.rolled).fill(3);
    const { records, clock } = this.pool;
    this.sequence += 1;
    const share = { channelId: channel.id, sequenceNumber: this.sequence, jobId, ...point, extranonce };
    const before = records.length;
    const found = this.pool.blocks.length;
    const answers = who.says({ type: 'SubmitSharesExtended', ...share } satisfies SubmitSharesExtended);
    const refusal = answers.find((answer) => answer.type === 'SubmitSharesError')?.errorCode;
    if (refusal !== undefined && BLOCK_LOST.has(refusal)) {
      const lost = this.#hash(job, Uint8Array.of(...channel.prefix, ...extranonce), point);
      expect(meetsTarget(lost, this.#blockTarget), `a block is refused as ${refusal}`).toBe(false);
    }
    for (const { solution } of this.pool.blocks.slice(found)) {
      const name = Buffer.from(solution.hash).toString('hex');
      expect(this.blocks, 'a block is handed on once').not.toContain(name);
      this.blocks.add(name);
    }
    const credited = records.slice(before).find((record) => record.type === 'ShareAccepted');
    if (credited?.type !== 'ShareAccepted') return;
    const hash = this.#hash(job, Uint8Array.of(...channel.prefix, ...extranonce), point);
    this.#check(credited, hash, { channel, job, most }, point.ntime, clock.now());
  }

  #check(
    credited: Extract<JournalRecord, { type: 'ShareAccepted' }>,
    own: Uint8Array,
    { channel, job, most }: Pick<Known, 'channel' | 'job' | 'most'>,
    ntime: number,
    nowMs: number,
  ): void {
    expect(Buffer.from(credited.hash).toString('hex')).toBe(Buffer.from(own).toString('hex'));
    const name = Buffer.from(own).toString('hex');
    expect(this.paid, 'a header is paid once').not.toContain(name);
    this.paid.add(name);
    if (credited.isBlock) return;
    const stated = termsOf(this.pool.records, credited);
    expect(stated.credit).toBeLessThanOrEqual(most);
    expect(stated.credit).toBeGreaterThanOrEqual(0.5);
    const key = [channel.prefix, job.prevHash, job.coinbasePrefix, job.coinbaseTxOutputs, job.merklePath.length].join();
    expect(stated.difficulty, 'a search space has one price').toBe(this.prices.get(key) ?? stated.difficulty);
    this.prices.set(key, stated.difficulty);
    expect(ntime).toBeLessThanOrEqual(nowMs / 1000 + 7_200);
    const height = this.everyTip.find(({ prevHash }) => prevHash[0] === job.prevHash[0])?.height ?? 0;
    if (height < this.#height) expect(nowMs - this.#heightSinceMs).toBeLessThan(6_200);
  }

  #hash(job: SetCustomMiningJob, extranonce: Uint8Array, point: { nonce: number; ntime: number; version: number }) {
    const { coinbasePrefix, coinbaseTxOutputs, prevHash, merklePath } = job;
    const search = [coinbasePrefix, coinbaseTxOutputs, prevHash, merklePath.length];
    const key = [extranonce, ...search, ...Object.values(point)].join();
    const hash = this.#cached.get(key) ?? hashOf(job, extranonce, point);
    this.#cached.set(key, hash);
    return hash;
  }
}

/** The terms in the journal under which a share was credited. */
function termsOf(records: readonly JournalRecord[], share: Extract<JournalRecord, { type: 'ShareAccepted' }>) {
  const { jobId, channelKey } = share;
  const isIt = (each: JournalRecord) =>
    each.type === 'CustomJobAccepted' && each.jobId === jobId && each.channelKey === channelKey;
  const terms = records.find(isIt);
  if (terms?.type !== 'CustomJobAccepted')
    throw new Error(`job ${jobId} of channel ${channelKey} is not in the journal`);
  expect(share.difficulty).toBe(terms.difficulty * terms.credit);
  return terms;
}

/** One hash in 32. */
const EASY_BLOCKS = targetFromBigint((1n << 251n) - 1n);

describe('whatever a hostile client sets, submits, closes and opens', () => {
  test.each([
    { blocks: 'out of reach', target: targetFromBigint(1n) },
    { blocks: 'easy', target: EASY_BLOCKS },
  ])(
    'each header is paid once, a search space has one price, no block is lost or handed on twice: blocks are $blocks (§5.3, §6.4.3)',
    ({ target }) => {
      const reached = { paid: 0, blocks: 0 };
      fc.assert(
        fc.property(fc.array(move, { minLength: 30, maxLength: 150 }), (moves) => {
          const attack = new Attack(target);
          attack.act(['open', 0, 0, 1]);
          attack.act(['open', 0, 0, 0]);
          attack.act(['open', 1, 1, 1]);
          for (const each of moves) attack.act(each);
          reached.paid += attack.paid.size;
          reached.blocks += attack.blocks.size;
          attack.pool.clock.advance(1_000);
          attack.pool.sync();
          attack.pool.clock.advance(1_000);
          expect(attack.acknowledged).toBeLessThanOrEqual(attack.credited);
        }),
        { numRuns: 60 },
      );
      expect(reached.paid).toBeGreaterThan(200);
      expect(reached.blocks > 20).toBe(target === EASY_BLOCKS);
    },
  );
});
