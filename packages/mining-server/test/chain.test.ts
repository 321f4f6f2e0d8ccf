import { joinCoinbase } from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import type { Job } from '@sv2kit/mining';
import { describe, expect, test } from 'vitest';
import type { AcceptedShare, ExtranoncePlace } from '../src/index.ts';
import { selecting, TestJudge } from './custom-support.ts';
import { bytes, MAX_TARGET, NTIME, rig, type Rig, solve, template, tip, type TestMiner } from './support.ts';

/** A pool, a server below it that works inside the channel it was given, and what relays between the two. */
class Chain {
  readonly judge = new TestJudge();
  readonly pool: Rig;
  readonly below: Rig;
  readonly #link: ReturnType<typeof selecting>;
  /** Ids that the pool gave, by coinbase and merkle path. */
  readonly #jobIds = new Map<string, number>();
  #requests = 0;

  constructor() {
    this.pool = rig({ deps: { customJobs: this.judge } });
    this.#link = selecting(this.pool);
    const { channel } = this.#link.client;
    if (channel === undefined) throw new Error('the pool gave no channel');
    const onShare = (share: AcceptedShare) => this.#relay(share);
    this.below = rig({ config: { extranonce: this.place, numbered: false, refreshMs: 5_000 }, deps: { onShare } });
  }

  get upstream(): TestMiner {
    return this.#link.miner;
  }

  /** What the pool leaves to the server below. */
  get place(): ExtranoncePlace {
    const { extranoncePrefix: prefix, extranonceSize } = this.#link.client.channel ?? {
      extranoncePrefix: bytes(0, 0),
      extranonceSize: 0,
    };
    return { within: { prefix, extranonceSize }, indexBytes: 1 };
  }

  #relay({ job, extranonce, version, ntime, nonce }: AcceptedShare): void {
    const { client, miner } = this.#link;
    const { prefix, suffix } = job.coinbase;
    const key = [prefix, suffix, ...job.merklePath].join(' ');
    if (!this.#jobIds.has(key)) this.#set(job, key);
    const jobId = this.#jobIds.get(key);
    const pinned = client.channel?.extranonceSize ?? 0;
    if (jobId === undefined) throw new Error('the pool did not take the job');
    miner.says(client.share({ jobId, nonce, ntime, version, extranonce: extranonce.slice(-pinned) }));
  }

  #set(job: Job, key: string): void {
    const { miner, channelId } = this.#link;
    this.#requests += 1;
    miner.says(customJobOf(job, channelId, this.#requests));
    const success = miner.of('SetCustomMiningJobSuccess').at(-1);
    if (success?.requestId === this.#requests) this.#jobIds.set(key, success.jobId);
  }
}

/** SetCustomMiningJob from the coinbase that the devices work on. */
function customJobOf(job: Job, channelId: number, requestId: number): SetCustomMiningJob {
  const whole = joinCoinbase(job.coinbase, bytes(job.extranonceSize, 0), { segwit: false });
  const view = new DataView(whole.buffer, whole.byteOffset);
  const scriptEnd = 42 + (whole[41] as number);
  return {
    type: 'SetCustomMiningJob',
    channelId,
    requestId,
    miningJobToken: bytes(1, requestId),
    version: job.version,
    prevHash: tip(1).prevHash,
    minNtime: NTIME,
    nbits: tip(1).nbits,
    coinbaseTxVersion: view.getUint32(0, true),
    coinbasePrefix: whole.slice(42, scriptEnd - job.extranonceSize),
    coinbaseTxInputNSequence: view.getUint32(scriptEnd, true),
    coinbaseTxOutputs: whole.slice(scriptEnd + 4, -4),
    coinbaseTxLocktime: view.getUint32(whole.length - 4, true),
    merklePath: job.merklePath,
  };
}

describe('a share of a device below a job declaration client', () => {
  test.each(['standard', 'extended'] as const)(
    'counts at the pool as it does below, on a %s channel, also on a repeated job and after the pool’s prefix changed',
    async (kind) => {
      const { pool, below, upstream, ...chain } = withPlace(new Chain());
      const device = below.connect();
      const client = device.open(kind, { minExtranonceSize: 2, maxTarget: MAX_TARGET });
      const shares = () => [below, pool].map(({ server }) => server.status().shares.accepted);
      device.says(solve(client));
      expect(shares()).toEqual([1, 1]);
      below.clock.advance(5_000);
      pool.clock.advance(5_000);
      await below.settle();
      device.says(solve(client));
      expect(shares()).toEqual([2, 2]);
      for (const fill of [0xaa, 0xbb]) {
        const size = fill === 0xaa ? 6 : 2;
        pool.server.renew({ extranonce: { within: { prefix: bytes(size, fill), extranonceSize: 12 }, indexBytes: 1 } });
        await pool.settle();
        below.server.renew({ extranonce: chain.place() });
        await below.settle();
        device.says(solve(client));
      }
      expect(shares()).toEqual([4, 4]);
      expect(upstream.of('SubmitSharesError')).toEqual([]);
      const hashes = [below, pool].map(({ journal }) => journal.of('ShareAccepted').map(({ hash }) => hash));
      expect(hashes[1]).toEqual(hashes[0]);
      expect(pool.journal.of('CustomJobAccepted')).toHaveLength(3);
    },
  );

  test('of another template is another job for the pool', async () => {
    const { pool, below } = withPlace(new Chain());
    const device = below.connect();
    const client = device.open('standard');
    device.says(solve(client));
    below.server.update(template(2));
    await below.settle();
    device.says(solve(client));
    expect(pool.server.status().shares).toEqual({ accepted: 2, rejected: {} });
  });
});

function withPlace(chain: Chain) {
  const { pool, below, upstream } = chain;
  return { pool, below, upstream, place: () => chain.place };
}
