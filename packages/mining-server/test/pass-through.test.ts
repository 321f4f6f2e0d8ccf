import fc from 'fast-check';
import { difficultyFromTarget, meetsTarget } from '@sv2kit/bitcoin';
import { type ChannelClient, NOBODY, type UpstreamJob, type Work } from '@sv2kit/mining';
import { expect, test } from 'vitest';
import type { AcceptedShare } from '../src/index.ts';
import { bytes, type Rig, rig, solve, template, tip, type TestMiner, UNREACHABLE } from './support.ts';

/** A pool, and a server below that hands its jobs on as they are: what it accepts must be good at the pool. */
class PassThrough {
  readonly pool: Rig = rig();
  readonly below: Rig;
  readonly devices: { miner: TestMiner; client: ChannelClient }[] = [];
  relayed = 0;
  readonly #link: TestMiner;
  readonly #client: ChannelClient;
  readonly #works = new Map<UpstreamJob, Work>();
  #given: Work | undefined;
  #prefix: Uint8Array | undefined;
  #template = 1;
  #height = 1;

  constructor() {
    this.#link = this.pool.connect();
    this.#client = this.#link.open('extended', { minExtranonceSize: 8 });
    const config = { tag: bytes(0, 0), extranonce: this.#place(), refreshMs: 5_000 };
    const onShare = (share: AcceptedShare) => this.#relay(share);
    const authorise = () => ({ kind: 'admitted', payout: NOBODY }) as const;
    this.below = rig({ config, deps: { onShare, authorise }, working: false });
    this.feed();
  }

  get rejections(): string[] {
    return this.#link.of('SubmitSharesError').map(({ errorCode }) => errorCode);
  }

  /** The pool has better work for the tip, or another tip, or other prefixes. */
  async poolHas(what: 'template' | 'tip' | 'prefix'): Promise<void> {
    this.#template += 1;
    if (what === 'template') this.pool.server.update(template(this.#template));
    if (what === 'tip') this.pool.server.activate(template(this.#template), tip((this.#height += 1)));
    if (what === 'prefix') this.pool.server.renew({ extranonce: elsewhere(this.#template) });
    await this.pool.settle();
    this.feed();
    await this.below.settle();
  }

  async passes(ms: number): Promise<void> {
    this.pool.clock.advance(ms);
    this.below.clock.advance(ms);
    await this.pool.settle();
    this.feed();
    await this.below.settle();
  }

  /** What the pool's channel has now becomes the devices' work. */
  feed(): void {
    const work = this.#client.currentWork();
    if (work === undefined || work === this.#given || work.space.kind !== 'extended') return;
    const { coinbasePrefix, coinbaseSuffix, extranoncePrefix, extranonceSize: rolled, merklePath } = work.space;
    const before = this.#given;
    this.#given = work;
    const { server } = this.below;
    if (this.#prefix !== extranoncePrefix) server.renew({ extranonce: this.#place() });
    server.setUsefulDifficulty(difficultyFromTarget(work.target));
    const extranonceSize = extranoncePrefix.length + rolled;
    const { version, minNtime, prevHash, nbits } = work;
    const job = {
      coinbasePrefix,
      coinbaseSuffix,
      extranonceSize,
      version,
      versionMask: 0x1fffe000,
      merklePath,
      minNtime,
      height: 1,
    };
    this.#works.set(job, work);
    const isNew = before === undefined || before.prevHash.join() !== prevHash.join();
    if (isNew) server.activate(job, { prevHash, nbits, minNtime, target: UNREACHABLE });
    else server.update(job);
  }

  #place() {
    const { extranoncePrefix: prefix = bytes(0, 0), extranonceSize = 0 } = this.#client.channel ?? {};
    this.#prefix = prefix;
    return { within: { prefix, extranonceSize }, indexBytes: 2 };
  }

  #relay({ job, hash, extranonce, version, ntime, nonce }: AcceptedShare): void {
    const work = job.origin.kind === 'upstream' ? this.#works.get(job.origin.job) : undefined;
    if (work?.space.kind !== 'extended') throw new Error('a share of no job of the pool');
    if (!meetsTarget(hash, work.target)) return;
    this.relayed += 1;
    const rolled = extranonce.subarray(work.space.extranoncePrefix.length);
    this.#link.says(this.#client.share({ jobId: work.jobId, nonce, ntime, version, extranonce: rolled }));
  }
}

/** Prefixes of the same size, which a pool may move its channels to. */
function elsewhere(fill: number) {
  return { within: { prefix: bytes(4, fill), extranonceSize: 13 }, indexBytes: 3 };
}

test('whatever a pool changes, every share that a server below accepts and the pool asks for is good there', async () => {
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ solve: fc.nat(3), roll: fc.boolean(), late: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constantFrom('template' as const, 'tip' as const, 'prefix' as const) },
    { weight: 1, arbitrary: fc.constantFrom('standard' as const, 'extended' as const) },
    { weight: 1, arbitrary: fc.record({ ms: fc.integer({ min: 1, max: 40_000 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const chain = new PassThrough();
      const seen: { client: ChannelClient; work: Work }[] = [];
      let nonce = 0;
      for (const each of ['extended' as const, ...events]) {
        if (each === 'standard' || each === 'extended') {
          const miner = chain.below.connect();
          chain.devices.push({ miner, client: miner.open(each, { minExtranonceSize: 4 }) });
        } else if (typeof each === 'string') await chain.poolHas(each);
        else if ('ms' in each) await chain.passes(each.ms);
        else {
          const { miner, client } = chain.devices[each.solve % chain.devices.length] as (typeof chain.devices)[0];
          const current = client.currentWork();
          const old = each.late ? seen.findLast((known) => known.client === client)?.work : undefined;
          const work = old ?? current;
          if (work === undefined) continue;
          if (current !== undefined) seen.push({ client, work: current });
          const share = solve(client, { work, from: (nonce += 10_000) });
          miner.says(each.roll ? { ...share, version: share.version ^ 0x2000 } : share);
        }
      }
      expect(chain.rejections.filter((code) => code !== 'stale-share')).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a chain of two servers relays what devices find on the pool’s own job', async () => {
  const chain = new PassThrough();
  const miner = chain.below.connect();
  const client = miner.open('extended', { minExtranonceSize: 4 });
  for (const change of ['template', 'prefix', 'tip'] as const) {
    await chain.poolHas(change);
    miner.says(solve(client));
  }
  expect(miner.of('SubmitSharesError')).toEqual([]);
  expect(chain.relayed).toBe(3);
  expect(chain.rejections).toEqual([]);
});
