// V2 devices on V1 pools: what scenarios of the translator to V1 start from.
import type { TranslatorToV1 } from '@sv2kit/translator';
import { expect } from 'vitest';
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

/** A node, and V1 pools and translators on it as they are wanted. */
export class V1Ground implements AsyncDisposable {
  readonly lab: Lab;
  #translators = 0;

  static async open(): Promise<V1Ground> {
    return new V1Ground(await Lab.open('regtest'));
  }

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  listen(options: Partial<V1PoolOptions> = {}): Promise<TestV1Pool> {
    return TestV1Pool.listen({ node: this.lab.node, ...options });
  }

  /** A translator that has work for devices. @param pools - best first */
  async start(
    pools: readonly TestV1Pool[],
    wishes: Partial<TranslatorToV1Wishes> = {},
  ): Promise<RoleHere<TranslatorToV1>> {
    const { lab } = this;
    const upstreams = pools.map(({ url }) => ({ url, user: 'alice' }));
    this.#translators += 1;
    const dataDir = `${lab.folder}/to-v1-${this.#translators}`;
    const translator = await lab.translatorToV1({ upstreams, dataDir, ...wishes });
    const job = () => (translator.status()['pool'] as { readonly job: object | null }).job ?? undefined;
    await lab.clock.until(SECOND, eventually('a job', job));
    return translator;
  }

  /** Mines a block on the node's best one, and waits for work on it; it pays the V1 pool. */
  async mineOn(channel: TestChannel, pool: TestV1Pool): Promise<void> {
    const { node } = this.lab;
    const height = await node.height();
    await channel.workOn(await node.bestHash());
    expect(await channel.mine({ wanted: 'block' })).toBe('accepted');
    await node.reach(height + 1);
    const block = await node.block(height + 1);
    expect(block.tx[0]?.vout[0]?.scriptPubKey.hex).toBe(PAYOUT_SCRIPT);
    expect(await pool.accepted(({ hash }) => hash === block.hash)).toMatchObject({ height: height + 1 });
    await channel.workOn(block.hash);
  }

  /** Mines shares until one gets to that pool: work of another may still be on its way before. */
  async minesFor(channel: TestChannel, { shares }: TestV1Pool): Promise<void> {
    const from = shares.items.length;
    const mining = eventually('a share to get to the pool', async () => {
      await channel.mine({ wanted: 'share' });
      return shares.items.length > from || undefined;
    });
    await this.lab.clock.until(5 * SECOND, mining);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }
}

export const connectTo = ({ service }: RoleHere<TranslatorToV1>, flags = 0): Promise<TestMiner> =>
  TestMiner.connect({ port: service.address.port, authority: service.authorityPublicKey, setup: { flags } });

/** What the pool refused. */
export const refused = ({ shares }: TestV1Pool) =>
  shares.items.flatMap(({ judgement }) => (judgement.kind === 'refused' ? [judgement.error] : []));
