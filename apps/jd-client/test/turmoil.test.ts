import { meetsTarget } from '@sv2kit/bitcoin';
import { expect, test } from 'vitest';
import { POOL_TARGET } from './neighbours.ts';
import { isBlock, Miner, type PairHere, Site, startPair } from './site.ts';
import { transactions } from './templates.ts';

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const STEPS = 60;

/** A site with two pairs whose neighbours come, go, lie and fall silent. */
class Turmoil {
  readonly site: Site;
  readonly miner: Miner;
  readonly pairs: readonly PairHere[];
  readonly next: () => number;
  /** Shares for a pool that a device has handed in, by sequence number. */
  readonly pooled = new Set<number>();
  #template = 1;
  #height = 100;

  constructor(site: Site, miner: Miner, pairs: readonly PairHere[], seed: number) {
    this.site = site;
    this.miner = miner;
    this.pairs = pairs;
    this.next = random(seed);
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  async step(): Promise<string> {
    const { site, miner } = this;
    const { pool, declarator } = this.pick(this.pairs);
    const what = this.pick(
      ['share', 'share', 'share', 'share', 'share', 'block', 'tip', 'better', 'better'].concat([
        'pool',
        'declarator',
        'job-answer',
        'share-answer',
        'declare-answer',
        'tokens',
        'prefix',
        'target',
        'provider',
        'transactions',
        'reconnect',
        'close-channel',
        'wait',
      ]),
    );
    switch (what) {
      case 'share':
      case 'block': {
        const { prefix } = miner;
        const found = miner.find(
          (hash, block) => meetsTarget(hash, POOL_TARGET) && (what === 'share' ? !block : isBlock(hash, block)),
        );
        if (this.pairs.some(({ pool: each }) => prefix[0] === each.prefix[0])) {
          this.pooled.add(found.share.sequenceNumber);
        }
        break;
      }
      case 'tip':
        this.#height += 1;
        site.provider.newTip((this.#template += 1), this.#height, transactions(this.pick([0, 3]), this.#height));
        break;
      case 'better':
        site.provider.better((this.#template += 1), this.#height, transactions(this.pick([1, 4]), this.#template));
        break;
      case 'pool':
      case 'declarator': {
        const which = what === 'pool' ? pool : declarator;
        await which.away();
        await this.breathe();
        await which.listen();
        break;
      }
      case 'job-answer':
        pool.jobAnswer = this.pick(['yes', 'yes', 'silent', { code: 'no' }] as const);
        break;
      case 'share-answer':
        pool.shareAnswer = this.pick(['yes', 'yes', 'silent', { code: 'no' }] as const);
        break;
      case 'declare-answer':
        declarator.declareAnswer = this.pick(['yes', 'yes', 'silent', { code: 'no' }] as const);
        break;
      case 'tokens':
        if (this.next() < 0.5) declarator.tokens = this.pick([0, 1, 2]);
        else declarator.allow(100);
        break;
      case 'prefix': {
        const size = this.pick([1, 4, 8, 19]);
        pool.prefix = Uint8Array.of(pool.prefix[0] ?? 0, ...Array.from({ length: size }, () => this.next() * 256));
        pool.says({ type: 'SetExtranoncePrefix', channelId: 7, extranoncePrefix: pool.prefix });
        break;
      }
      case 'target':
        pool.says({ type: 'SetTarget', channelId: 7, maximumTarget: POOL_TARGET });
        break;
      case 'provider':
        await site.provider.away();
        await this.breathe();
        await site.provider.listen();
        break;
      case 'transactions':
        site.provider.refuses = this.next() < 0.3;
        break;
      case 'reconnect':
        pool.says({ type: 'Reconnect', newHost: '', newPort: 0 } as never);
        break;
      case 'close-channel':
        pool.says({ type: 'CloseChannel', channelId: 7, reasonCode: 'because' });
        break;
      case 'wait':
        for (let n = 0; n < 20; n += 1) await this.breathe();
    }
    await this.breathe();
    return what;
  }

  /** A few messages get through. */
  async breathe(): Promise<void> {
    let turns = 0;
    await this.site.until(() => {
      turns += 1;
      return turns > 3;
    });
  }

  /** Everybody behaves again. */
  calm(): void {
    this.site.provider.refuses = false;
    for (const { pool, declarator } of this.pairs) {
      pool.jobAnswer = 'yes';
      pool.shareAnswer = 'yes';
      declarator.declareAnswer = 'yes';
      declarator.allow(1e6);
    }
    this.#height += 1;
    this.site.provider.newTip((this.#template += 1), this.#height);
  }
}

test.each([1, 2])(
  'whatever neighbours do, devices stay, every share is accounted for, and the preferred pool is returned to (seed %i)',
  async (seed) => {
    const pairs = [await startPair(), await startPair()];
    const [, second] = pairs;
    if (second !== undefined) second.pool.prefix = Uint8Array.of(0x22, 0x22, 0x22);
    for (const { pool } of pairs) pool.extranonceSize = 12;
    const fallback = [
      'pass_over = 0.2',
      'retry = 0.5',
      'tip_grace = 0.2',
      'declare = 2',
      'custom_job = 2',
      'token = 2',
    ];
    const site = await Site.start(pairs, { fallback: [...fallback, 'start_wait = 1', 'stable = 1'] });
    const miner = await Miner.connect(site);
    const turmoil = new Turmoil(site, miner, pairs, seed);
    const trace: string[] = [];
    for (let n = 0; n < STEPS; n += 1) {
      trace.push(await turmoil.step());
      expect(miner.closed, trace.join(' ')).toBe(false);
    }
    turmoil.calm();
    await site.pooled(site.status.upstreams[0]?.name);
    await site.until(() => site.status.declarations.latest === 'acknowledged' && site.status.shares.waiting === 0);
    const { shares } = site.status;
    const unanswered = shares.lostBy['unanswered']?.count ?? 0;
    for (const message of miner.told) {
      if (message.type !== 'SubmitSharesError') continue;
      // Found while a new tip was on its way.
      expect(message.errorCode, trace.join(' ')).toBe('stale-share');
      turmoil.pooled.delete(message.sequenceNumber);
    }
    expect(shares.relayed + shares.lost - unanswered, trace.join(' ')).toBe(turmoil.pooled.size);
  },
  120_000,
);
