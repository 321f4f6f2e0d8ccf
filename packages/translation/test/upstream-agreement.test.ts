import {
  BIP323_MASK,
  encodeOutputs,
  heightPush,
  MAX_TARGET,
  targetFromDifficulty,
  targetFromNbits,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type { MiningFromServer } from '@sv2kit/codec';
import { ChannelClient, ExtendedChannel, type Job, payTo, templateJob, type WorkTemplate } from '@sv2kit/mining';
import { minerDifficulty, rolledVersion, type Submit } from '@sv2kit/sv1';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobTranslator, MinerChannel, minerSpace, type MinerSpace, type UpstreamShare } from '../src/index.ts';
import { budget, filled, MAINNET, MASK, NOW, NTIME, ourScript, REGTEST, submitOf } from './support.ts';

const FULL_SIZE = 16;
const recipe = {
  payout: payTo(ourScript, 'p'),
  tag: filled(4, 9),
  extranonceSize: FULL_SIZE,
  versionMask: BIP323_MASK,
  numbered: true,
};
const template: WorkTemplate = {
  templateId: 1n,
  version: 0x20000000,
  coinbaseTxVersion: 2,
  coinbasePrefix: heightPush(900_000),
  coinbaseTxInputSequence: 0xfffffffe,
  coinbaseTxValueRemaining: 312_500_000n,
  coinbaseTxOutputsCount: 1,
  coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
  coinbaseTxLocktime: 899_999,
  merklePath: [filled(32, 1), filled(32, 2), filled(32, 3)],
};

/** A pool's channel, its client, and the V1 miner behind that. */
class Chain {
  readonly pool: ExtendedChannel;
  readonly client: ChannelClient;
  readonly miner = new MinerChannel<string>({ budget: budget() });
  readonly #jobs = new JobTranslator();
  /** By V1's id. */
  readonly #given = new Map<string, { readonly jobId: number; readonly space: MinerSpace }>();
  readonly #prefixSize: number;
  readonly #nbits: number;
  #lastJob = 0;
  #tip = 0;

  constructor(prefixSize: number, exponent: number, nbits: number) {
    this.#prefixSize = prefixSize;
    this.#nbits = nbits;
    const target = targetFromDifficulty(2 ** exponent);
    const extranoncePrefix = filled(prefixSize, 0xa0);
    const extranonceSize = FULL_SIZE - prefixSize;
    const opened = { channelId: 1, extranoncePrefix, extranonceSize, target };
    this.pool = new ExtendedChannel({ ...opened, maxTarget: MAX_TARGET, budget: budget() });
    this.client = new ChannelClient({
      requestId: 1,
      userIdentity: filled(1, 0x61),
      nominalHashRate: 1,
      maxTarget: MAX_TARGET,
      channel: { kind: 'extended', minExtranonceSize: 6 },
    });
    this.client.receive({ type: 'OpenExtendedMiningChannelSuccess', requestId: 1, groupChannelId: 9, ...opened }, NOW);
  }

  /** The pool sends a job, on another tip or the same; the miner gets it in the same turn. */
  job(newTip: boolean, difficulty: number): void {
    const isFirst = this.#lastJob === 0;
    this.#lastJob += 1;
    const job = templateJob(this.#lastJob, template, recipe, this.#lastJob);
    const clean = newTip || isFirst;
    if (clean) this.#activate(job);
    else {
      this.pool.addActiveJob(job, NTIME, NOW);
      this.#tell({ ...message(job), minNtime: NTIME });
    }
    const work = this.client.currentWork();
    if (work?.space.kind !== 'extended') throw new Error('no work');
    const verdict = minerSpace(work.space.extranoncePrefix, work.space.extranonceSize, 4, 5);
    if (verdict.kind !== 'space') throw new Error('no space');
    const { space } = verdict;
    const upstreamTarget = work.target;
    const least = Math.min(difficulty, minerDifficulty(upstreamTarget));
    const v1Job = this.#jobs.translate(work, NOW);
    const terms = { space, versionMask: MASK, difficulty: least, upstreamTarget, upstream: 'pool', clean };
    this.miner.give(v1Job, terms, NOW);
    this.#given.set(v1Job.id, { jobId: work.jobId, space });
  }

  #activate(job: Job): void {
    this.#tip += 1;
    const prevHash = filled(32, this.#tip);
    this.pool.addFutureJob(job);
    this.#tell({ ...message(job), minNtime: undefined });
    const tip = { prevHash, nbits: this.#nbits, minNtime: NTIME, target: targetFromNbits(this.#nbits) };
    this.pool.setNewPrevHash(job.id, tip, NTIME, NOW);
    this.#tell({ type: 'SetNewPrevHash', channelId: 1, jobId: job.id, prevHash, minNtime: NTIME, nbits: this.#nbits });
  }

  target(exponent: number): void {
    const maximumTarget = targetFromDifficulty(2 ** exponent);
    this.pool.setTarget(maximumTarget);
    this.#tell({ type: 'SetTarget', channelId: 1, maximumTarget });
  }

  prefix(byte: number): void {
    const extranoncePrefix = filled(this.#prefixSize, byte);
    this.pool.setExtranoncePrefix(extranoncePrefix);
    this.#tell({ type: 'SetExtranoncePrefix', channelId: 1, extranoncePrefix });
  }

  /** What the pool says to a share that goes upstream. */
  submit({ jobId, extranonce, version, ntime, nonce }: Omit<UpstreamShare<string>, 'upstream' | 'work'>): string {
    const share = this.client.share({ jobId, extranonce, version, ntime, nonce });
    if (share.type !== 'SubmitSharesExtended') throw new Error('no extended share');
    const outcome = this.pool.submit(share, NOW);
    return outcome.kind === 'rejected' ? outcome.code : outcome.kind;
  }

  /** A share that does not go upstream, as it would. */
  asUpstream({
    jobId,
    extranonce2,
    ntime,
    nonce,
    versionBits,
  }: Submit): Omit<UpstreamShare<string>, 'upstream' | 'work'> {
    const given = this.#given.get(jobId);
    if (given === undefined) throw new Error('no such job');
    const version = rolledVersion(template.version, MASK, versionBits);
    if (version === undefined) throw new Error('bits outside the mask');
    return { jobId: given.jobId, extranonce: given.space.extranonce(extranonce2), version, ntime, nonce };
  }

  #tell(message: MiningFromServer): void {
    for (const action of this.client.receive(message, NOW)) expect(action.kind).not.toBe('violation');
  }
}

function message({ id: jobId, version, merklePath, coinbase }: Job) {
  return {
    type: 'NewExtendedMiningJob' as const,
    channelId: 1,
    jobId,
    version,
    versionRollingAllowed: true,
    merklePath: [...merklePath],
    coinbaseTxPrefix: coinbase.prefix,
    coinbaseTxSuffix: coinbase.suffix,
  };
}

const exponent = fc.integer({ min: -33, max: -28 });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('job' as const), newTip: fc.boolean(), difficulty: exponent }),
    fc.record({ kind: fc.constant('target' as const), exponent }),
    fc.record({ kind: fc.constant('prefix' as const), byte: fc.integer({ min: 0xb0, max: 0xff }) }),
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('share' as const),
        back: fc.nat(3),
        nonce: fc.nat(20),
        bits: fc.constantFrom(undefined, 0, 0x00c0e000),
        later: fc.constantFrom(0, 600),
      }),
    },
  ),
  { minLength: 10, maxLength: 80, size: 'max' },
);

test.each([
  ['on mainnet', MAINNET, 4],
  ['where every second hash is a block', REGTEST, 10],
])('what goes upstream is taken there, and all that would be goes, %s (§5.3.12, §5.3.14)', (_, nbits, prefixSize) => {
  const outcomes = new Set<string>();
  const property = fc.property(steps, exponent, (sequence, first) => {
    const chain = new Chain(prefixSize, first, nbits);
    chain.job(true, 2 ** -32);
    let jobs = 1;
    for (const step of sequence) {
      if (step.kind === 'target') chain.target(step.exponent);
      if (step.kind === 'prefix') chain.prefix(step.byte);
      if (step.kind === 'job') {
        jobs += 1;
        chain.job(step.newTip, 2 ** step.difficulty);
      }
      if (step.kind !== 'share') continue;
      const id = String(Math.max(1, jobs - step.back));
      const extranonce2 = filled(4, 1);
      const submit = submitOf(id, {
        nonce: step.nonce,
        versionBits: step.bits,
        ntime: NTIME + step.later,
        extranonce2,
      });
      const verdict = chain.miner.judge(submit, NOW);
      const forward = verdict.kind === 'accepted' ? verdict.forward : undefined;
      const answer = chain.submit(forward ?? chain.asUpstream(submit));
      if (verdict.kind === 'accepted' && forward !== undefined)
        expect(answer).toBe(verdict.isBlock ? 'block' : 'accepted');
      else expect(['difficulty-too-low', 'duplicate-share', 'stale-share', 'invalid-job-id']).toContain(answer);
      outcomes.add(answer);
    }
  });
  fc.assert(property, { numRuns: 100 });
  const usual = ['accepted', 'difficulty-too-low', 'duplicate-share', 'stale-share'];
  expect([...outcomes]).toEqual(expect.arrayContaining(nbits === REGTEST ? ['block', ...usual] : usual));
});
