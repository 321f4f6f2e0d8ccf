import { join } from 'node:path';
import {
  addCoinbaseWitness,
  encodeHeader,
  hashHeader,
  MAX_TARGET,
  meetsTarget,
  merkleRoot,
  parseTransaction,
  sha256d,
} from '@sv2kit/bitcoin';
import { mining, type MiningFromClient, type MiningFromServer, type SubmitSharesExtended } from '@sv2kit/codec';
import { createMetrics, Health, Latencies, parseConfig, silentLogger, VirtualClock } from '@sv2kit/daemon';
import { ChannelClient, type Work } from '@sv2kit/mining';
import { Events } from '@sv2kit/monitor';
import { type Connection, connect } from '@sv2kit/net';
import { expect, onTestFinished } from 'vitest';
import { createJdClient, jdClientConfig, type JdClient } from '../src/index.ts';
import { FakeDeclarator, FakePool, FakeTemplateProvider, folder, keyFile } from './neighbours.ts';
import { NETWORK_TARGET } from './templates.ts';

/** A pool and its job declarator server. */
export interface PairHere {
  readonly pool: FakePool;
  readonly declarator: FakeDeclarator;
}

export async function startPair(): Promise<PairHere> {
  return { pool: await new FakePool().listen(), declarator: await new FakeDeclarator().listen() };
}

/** A clock that may also jump, without a timer that falls due: as a process sees it that was paused. */
class JumpingClock extends VirtualClock {
  #jumpedMs = 0;

  override now(): number {
    return super.now() + this.#jumpedMs;
  }

  jump(ms: number): void {
    this.#jumpedMs += ms;
  }
}

let sites = 0;

export interface SiteOptions {
  readonly mode?: 'full-template' | 'coinbase-only';
  /** Lines of `[fallback]`. */
  readonly fallback?: readonly string[];
  /** Lines of each upstream. */
  readonly upstream?: readonly string[];
}

/** A job declarator client with its template provider, on a clock that only this moves. */
export class Site {
  readonly clock: JumpingClock;
  readonly health: Health;
  readonly provider: FakeTemplateProvider;
  readonly client: JdClient;
  readonly latencies: Latencies;

  private constructor(
    provider: FakeTemplateProvider,
    clock: JumpingClock,
    health: Health,
    client: JdClient,
    latencies: Latencies,
  ) {
    this.latencies = latencies;
    this.provider = provider;
    this.clock = clock;
    this.health = health;
    this.client = client;
  }

  static async start(pairs: readonly PairHere[], options: SiteOptions = {}): Promise<Site> {
    const provider = await new FakeTemplateProvider().listen();
    const clock = new JumpingClock(Date.now());
    const health = new Health(clock);
    sites += 1;
    const lines = [
      'listen = "127.0.0.1:0"',
      'chain = "regtest"',
      `data_dir = "${join(folder, `site-${sites}`)}"`,
      '[identity]',
      `authority_secret_file = "${keyFile}"`,
      '[[template_providers]]',
      `url = "${provider.url}"`,
      ...pairs.flatMap(({ pool, declarator }) => [
        '[[upstreams]]',
        `pool_url = "${pool.url}"`,
        `jds_url = "${declarator.url}"`,
        'user_identity = "alice"',
        `mode = "${options.mode ?? 'full-template'}"`,
        ...(options.upstream ?? []),
      ]),
      '[coinbase]',
      'descriptor = "raw(51)"',
      '[mining]',
      'min_difficulty = 1e-12',
      '[fallback]',
      ...(options.fallback ?? []),
    ];
    const fail = (error: Error) => {
      throw error;
    };
    const config = parseConfig(jdClientConfig, lines.join('\n'), { name: 'jd-client' });
    const metrics = createMetrics();
    const events = new Events({ now: () => clock.now() });
    const latencies = new Latencies();
    const deps = { clock, events, log: silentLogger, health, metrics, latencies, fail };
    const site = new Site(provider, clock, health, await createJdClient(config, deps), latencies);
    onTestFinished(() => site.client.close());
    return site;
  }

  /** Lets time pass until it is so. */
  async until<T>(what: () => T): Promise<T> {
    return await expect
      .poll(
        () => {
          this.clock.advance(20);
          return what();
        },
        { interval: 2, timeout: 20_000 },
      )
      .toBeTruthy()
      .then(what);
  }

  /** The client's own part of /status. */
  get status(): Status {
    return this.client.status?.() as unknown as Status;
  }

  async pooled(name?: string): Promise<void> {
    await this.until(
      () => this.status.work.kind === 'pooled' && (name === undefined || this.status.work.upstream === name),
    );
  }

  async solo(): Promise<void> {
    await this.until(() => this.status.work.kind === 'solo');
  }
}

export interface Status {
  readonly work: {
    readonly kind: string;
    readonly upstream?: string;
    readonly reason?: string;
    readonly detail?: string;
    readonly mode?: string;
  };
  readonly reason: string | null;
  readonly upstreams: readonly {
    readonly name: string;
    readonly state: string;
    readonly failure: { readonly reason: string } | null;
  }[];
  readonly declarations: {
    readonly acknowledged: number;
    readonly dropped: Record<string, number>;
    readonly refused: Record<string, number>;
    readonly provided: number;
    readonly latest: string | null;
  };
  readonly shares: {
    readonly accepted: number;
    readonly relayed: number;
    readonly waiting: number;
    readonly lost: number;
    readonly lostBy: Record<string, { count: number; work: number }>;
    readonly credited: { count: number };
    readonly rejectedByPool: Record<string, number>;
  };
  readonly fallbacks: Record<string, number>;
  readonly blocks: readonly { readonly path: string; readonly hash: string }[];
}

export const nameOf = ({ pool }: PairHere): string => new URL(pool.url.replace('stratum2+tcp', 'http')).host;

/** A miner of one extended channel. */
export class Miner {
  readonly client: ChannelClient;
  readonly told: MiningFromServer[] = [];
  closed = false;
  #connection: Connection<MiningFromClient> | undefined;
  #nonce = 0;

  private constructor(nominalHashRate: number) {
    this.client = new ChannelClient({
      requestId: 1,
      userIdentity: new TextEncoder().encode('rig.7'),
      nominalHashRate,
      maxTarget: MAX_TARGET,
      channel: { kind: 'extended', minExtranonceSize: 4 },
    });
  }

  /** Connects as soon as there is work. */
  static async connect(site: Site, nominalHashRate = 0.15): Promise<Miner> {
    const miner = new Miner(nominalHashRate);
    const { address, authorityPublicKey: authority } = site.client;
    await site.until(() => site.status.work.kind !== 'waiting' && 'height' in site.status.work);
    miner.#connection = await connect({
      ...address,
      authority,
      protocol: mining,
      handler: () => ({
        onMessage: (message: MiningFromServer) => {
          const own = structuredClone(message);
          miner.told.push(own);
          miner.client.receive(own, Date.now());
        },
        onClose: () => {
          miner.closed = true;
        },
      }),
    });
    onTestFinished(() => miner.#connection?.end('bye'));
    miner.says(miner.client.openMessage());
    await site.until(() => miner.client.currentWork());
    return miner;
  }

  says(message: MiningFromClient): void {
    this.#connection?.send(message);
    this.#connection?.flush();
  }

  /** Outputs of the coinbase that is mined now. */
  get outputs() {
    const { space } = extended(this.client.currentWork());
    const coinbase = Uint8Array.of(
      ...space.coinbasePrefix,
      ...space.extranoncePrefix,
      ...new Uint8Array(space.extranonceSize),
      ...space.coinbaseSuffix,
    );
    return parseTransaction(addCoinbaseWitness(coinbase)).outputs;
  }

  /** The extranonce prefix of what is mined now. */
  get prefix(): Uint8Array {
    return extended(this.client.currentWork()).space.extranoncePrefix;
  }

  /** Finds a share and hands it in. @param wanted of a hash that meets the channel's target */
  find(
    wanted: (hash: Uint8Array, isBlock: boolean) => boolean = (_, isBlock) => !isBlock,
    on = this.client.currentWork(),
  ): Found {
    const { work, space } = extended(on);
    const { version, prevHash, nbits, jobId, target } = work;
    const extranonce = new Uint8Array(space.extranonceSize);
    const coinbase = Uint8Array.of(
      ...space.coinbasePrefix,
      ...space.extranoncePrefix,
      ...extranonce,
      ...space.coinbaseSuffix,
    );
    const root = merkleRoot(sha256d(coinbase), [...space.merklePath]);
    const ntime = work.minNtime;
    for (;;) {
      this.#nonce += 1;
      const nonce = this.#nonce;
      const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
      if (!meetsTarget(hash, target) || !wanted(hash, meetsTarget(hash, NETWORK_TARGET))) continue;
      const share = this.client.share({ jobId, nonce, ntime, version, extranonce });
      if (share.type !== 'SubmitSharesExtended') throw new Error('no extended share');
      this.says(share);
      return { share, hash };
    }
  }
}

function extended(work: Work | undefined): { work: Work; space: Work['space'] & { kind: 'extended' } } {
  if (work?.space.kind !== 'extended') throw new Error('no extended work');
  return { work, space: work.space };
}

export interface Found {
  readonly share: SubmitSharesExtended;
  readonly hash: Uint8Array;
}

export const isBlock = (_: Uint8Array, block: boolean): boolean => block;
