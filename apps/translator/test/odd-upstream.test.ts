import { encodeHeader, hashHeader, meetsTarget, merkleRoot, sha256d, targetFromDifficulty } from '@sv2kit/bitcoin';
import type { MiningFromServer, NewExtendedMiningJob, SubmitSharesExtended } from '@sv2kit/codec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scripted } from './scripted-site.ts';
import { NTIME, ScriptedUpstream } from './scripted-upstream.ts';
import { EASY } from './site.ts';
import type { V1Miner } from './v1-miner.ts';

const CHANNEL = 1;
const EXTRANONCE_SIZE = 8;

interface Known {
  readonly job: NewExtendedMiningJob;
  readonly prefix: Uint8Array;
}
interface Active extends Known {
  readonly target: Uint8Array;
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  readonly minNtime: number;
}

/** What an upstream has said to one channel, and what it owes for a share by that: written from the specification alone. */
class Books {
  prefix: Uint8Array = ScriptedUpstream.prefix(1);
  target: Uint8Array = targetFromDifficulty(EASY);
  group = 1_000;
  readonly futures = new Map<number, Known>();
  readonly active = new Map<number, Active>();
  readonly #paid = new Set<string>();
  #tip: Pick<Active, 'prevHash' | 'nbits' | 'minNtime'> | undefined;

  hear(message: MiningFromServer): void {
    switch (message.type) {
      case 'SetExtranoncePrefix':
        this.prefix = message.extranoncePrefix;
        return;
      case 'SetTarget':
        this.target = message.maximumTarget;
        return;
      case 'SetGroupChannel':
        this.group = message.groupChannelId;
        return;
      case 'NewExtendedMiningJob': {
        const known = { job: message, prefix: this.prefix };
        if (message.minNtime === undefined) this.futures.set(message.jobId, known);
        else if (this.#tip !== undefined) {
          this.active.set(message.jobId, { ...known, ...this.#tip, minNtime: message.minNtime, target: this.target });
        }
        return;
      }
      case 'SetNewPrevHash': {
        const { prevHash, nbits, minNtime } = message;
        this.#tip = { prevHash, nbits, minNtime };
        const named = this.futures.get(message.jobId);
        this.futures.clear();
        this.active.clear();
        if (named !== undefined) this.active.set(message.jobId, { ...named, ...this.#tip, target: this.target });
        return;
      }
      default:
        return;
    }
  }

  /** @returns why it is not paid */
  judge({ jobId, extranonce, version, ntime, nonce }: SubmitSharesExtended): string {
    const known = this.active.get(jobId);
    if (known === undefined) return 'no such job';
    const { job, prefix, prevHash, nbits, minNtime, target } = known;
    if (extranonce.length !== EXTRANONCE_SIZE) return 'size';
    if (ntime < minNtime) return 'ntime';
    const coinbase = Buffer.concat([job.coinbaseTxPrefix, prefix, extranonce, job.coinbaseTxSuffix]);
    const root = merkleRoot(sha256d(coinbase), job.merklePath);
    const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
    if (!meetsTarget(hash, target)) return 'difficulty';
    const name = Buffer.from(hash).toString('hex');
    if (this.#paid.has(name)) return 'twice';
    this.#paid.add(name);
    return 'paid';
  }
}

type Step =
  | { readonly kind: 'target' | 'prefix' | 'shares'; readonly n: number }
  | { readonly kind: 'group' | 'job' | 'future' | 'tip' | 'tip-of-future' | 'tip-of-nothing' | 'time' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('shares' as const), n: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('target' as const, 'prefix' as const), n: fc.nat(25) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('group', 'job', 'job', 'future', 'tip', 'tip-of-future', 'tip-of-nothing', 'time'),
    }),
  },
);

test.for([false, true])(
  'whatever an upstream says in whatever order, it gets only shares that it owes for, each once, aggregated: %s',
  { timeout: 60_000 },
  async (aggregate) => {
    let paid = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
        const { upstream, site } = await scripted({ extranonceSize: EXTRANONCE_SIZE, share: 'silent' }, { aggregate });
        const books = new Books();
        const say = upstream.says.bind(upstream);
        upstream.says = (...messages) => {
          for (const message of messages) books.hear(structuredClone(message));
          say(...messages);
        };
        const miner = await site.miner({ mask: 0xffffffff });
        let judged = 0;
        let height = 2;
        const quiet = async (): Promise<void> => {
          for (let turn = 0; turn < 25; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          await miner.ask('mining.ping', []);
        };
        for (const each of steps) {
          height += 1;
          await act(each, { upstream, books, miner, height, pass: (ms) => site.pass(ms) });
          await quiet();
          const shares = upstream.of('SubmitSharesExtended');
          for (const share of shares.slice(judged)) {
            const verdict = books.judge(share);
            // The upstream took the tip away and named no job: nothing tells a V1 miner so.
            if (verdict === 'no such job' && books.active.size === 0) continue;
            expect(verdict).toBe('paid');
            paid += 1;
          }
          judged = shares.length;
        }
        await site.translator.close();
      }),
      { numRuns: 8, endOnFailure: true },
    );
    expect(paid).toBeGreaterThan(20);
  },
);

interface Scene {
  readonly upstream: ScriptedUpstream;
  readonly books: Books;
  readonly miner: V1Miner;
  readonly height: number;
  readonly pass: (ms: number) => Promise<void>;
}

async function act(step: Step, { upstream, books, miner, height, pass }: Scene): Promise<void> {
  const to = height % 2 === 0 ? CHANNEL : books.group;
  const tip = (jobId: number): void => {
    const prevHash = new Uint8Array(32).fill(height);
    upstream.says({ type: 'SetNewPrevHash', channelId: to, jobId, prevHash, minNtime: NTIME, nbits: 0x1d00ffff });
  };
  switch (step.kind) {
    case 'target':
      upstream.says({
        type: 'SetTarget',
        channelId: to,
        maximumTarget: targetFromDifficulty(EASY * 2 ** (step.n % 4)),
      });
      return;
    case 'prefix': {
      const extranoncePrefix = new Uint8Array(step.n % 25).fill(height);
      upstream.says({ type: 'SetExtranoncePrefix', channelId: CHANNEL, extranoncePrefix });
      return;
    }
    case 'group':
      upstream.says({ type: 'SetGroupChannel', groupChannelId: 2_000 + height, channelIds: [CHANNEL] });
      return;
    case 'job':
    case 'future':
      upstream.job(to, { future: step.kind === 'future' });
      return;
    case 'tip':
      return tip(upstream.job(to, { future: true }));
    case 'tip-of-future':
      return tip([...books.futures.keys()][height % Math.max(1, books.futures.size)] ?? 0);
    case 'tip-of-nothing':
      return tip(0xffff);
    case 'time':
      return pass(50_000);
    case 'shares':
      for (let i = 0; i < step.n; i += 1) {
        const live = miner.jobs.slice(miner.jobs.findLastIndex(({ clean }) => clean)).slice(-6);
        const share = miner.solve(live[(height + i) % live.length], undefined, (i + 1) << 13);
        expect(await miner.submit(share)).toMatchObject({ result: true });
        if (i === 0) expect(await miner.submit(share)).toMatchObject({ error: [22, expect.any(String), null] });
      }
  }
}
