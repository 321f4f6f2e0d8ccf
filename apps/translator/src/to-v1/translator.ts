import { displayHash } from '@sv2kit/bitcoin';
import type { Condition } from '@sv2kit/daemon';
import type { AcceptedShare } from '@sv2kit/mining-server';
import type { BlockDesk } from '@sv2kit/template-source';
import type { Logger } from '@sv2kit/net';
import type { PoolJob } from '@sv2kit/sv1';
import { createV1Upstream, type Upstream, UpstreamStates, type V1Endpoint, type V1Pool } from '@sv2kit/upstream';
import type { TranslatorToV1Config } from './config.ts';
import type { TranslatorToV1Deps } from './create.ts';
import type { PoolFailure } from './failures.ts';
import { HashrateGauge } from './hashrate-gauge.ts';
import { TRANSLATOR_TO_V1_LIMITS } from './limits.ts';
import type { TranslatorToV1Metrics } from './metrics.ts';
import { PoolLink, type PoolLinkListener } from './pool-link.ts';
import { type ListedPool, listedPools, sessionOf } from './pools.ts';
import { ShareRelay, V1_POOL } from './share-relay.ts';
import { sparingLog } from './sparing-log.ts';
import { SteadyTime } from './steady-time.ts';
import { Totals } from './totals.ts';
import { type Devices, WorkDesk } from './work-desk.ts';

export interface TranslatorParts
  extends Pick<TranslatorToV1Deps, 'clock' | 'connections' | 'health' | 'log' | 'poolPolicy'> {
  readonly metrics: TranslatorToV1Metrics;
  readonly devices: () => Devices;
  readonly blocks: () => Pick<BlockDesk, 'answered' | 'onTip'>;
}

/** Joins the pools' connections, the work of devices and their shares; says in health how it goes. */
export class Translator implements PoolLinkListener {
  readonly desk: WorkDesk;
  readonly relay: ShareRelay;
  readonly totals: Totals;
  readonly #config: TranslatorToV1Config;
  readonly #parts: TranslatorParts;
  readonly #pools: readonly ListedPool[];
  readonly #condition: Condition;
  /** With which a pool's earlier session can be gone on with, by the pool's name. */
  readonly #sessions = new Map<string, string>();
  readonly #gauge: HashrateGauge;
  /** Of channels, so that a pool hears of them when it comes. */
  readonly #identities = new Set<string>();
  readonly states: UpstreamStates;
  #upstream: Upstream<V1Endpoint> | undefined;
  /** The latest connection, which may not have given work yet. */
  #connection: PoolLink | undefined;
  #link: PoolLink | undefined;
  readonly #time: SteadyTime;
  readonly #poolLog: Logger;
  /** Since when no pool gives work; by {@link SteadyTime}. */
  #awaySinceMs: number;
  #failure: (PoolFailure & { readonly pool: string }) | undefined;

  constructor(config: TranslatorToV1Config, parts: TranslatorParts) {
    const { metrics, devices, log, clock, health } = parts;
    const { indexBytes, room: rolled } = config.extranonce;
    this.#config = config;
    this.#parts = parts;
    this.#pools = listedPools(config.upstreams);
    this.#time = new SteadyTime(clock);
    this.states = new UpstreamStates(clock.now());
    this.#awaySinceMs = this.#time.now();
    this.#gauge = new HashrateGauge(this.#time.now());
    this.#condition = health.condition('pool', 'no pool has given work yet', 'upstream-lost');
    this.totals = new Totals(metrics);
    this.#poolLog = sparingLog(log, this.#time);
    this.desk = new WorkDesk({ devices, wish: { indexBytes, rolled }, totals: this.totals, log: this.#poolLog });
    this.relay = new ShareRelay(this.desk, this.totals, log);
  }

  /** The pools in order of preference. */
  get endpoints(): readonly V1Endpoint[] {
    return this.#pools.map(({ endpoint }) => endpoint);
  }

  get upstream(): Upstream<V1Endpoint> | undefined {
    return this.#upstream;
  }

  /** The connection that has given the latest job, while it stands. */
  get link(): PoolLink | undefined {
    return this.#link;
  }

  /** Why the last pool that was given up was. */
  get failure(): (PoolFailure & { readonly pool: string }) | undefined {
    return this.#failure;
  }

  /** Begins to look for pools. */
  start(): void {
    const { clock, connections, log, metrics, poolPolicy } = this.#parts;
    this.#upstream = createV1Upstream({
      endpoints: this.#pools.map(({ endpoint }) => endpoint),
      session: (endpoint) => sessionOf(endpoint, this.#listed(endpoint), this.#config, this.#sessions),
      handler: (pool, endpoint) => this.#connected(pool, this.#listed(endpoint)),
      onState: (state) => this.states.saw(state, clock.now()),
      // A pool that says nothing at all is left as one without jobs before it is taken for dead.
      policy: { silenceMs: 2 * this.#config.outage.jobs * 1000, ...poolPolicy },
      clock,
      log,
      metrics: metrics.pools,
      connections,
    });
  }

  tick(): void {
    const nowMs = this.#time.now();
    this.#connection?.tick();
    if (this.#gauge.look(nowMs)) this.desk.setHashrate(this.#gauge.hashrate);
    this.#endOutage(nowMs);
    this.#explain();
  }

  async close(): Promise<void> {
    await this.#upstream?.close();
    this.relay.drop();
  }

  /** Devices have found a share. */
  onShare(share: AcceptedShare): void {
    this.#gauge.add(share.measured);
    this.relay.share(share);
  }

  /** A device asks for a channel: the pool hears of its worker before any share. @param nominal hashes per second */
  onOpening(identity: string, nominal: number): void {
    this.#remember(identity);
    this.#link?.introduce(identity);
    this.#gauge.expect(nominal);
    this.desk.setHashrate(this.#gauge.hashrate);
  }

  onJob(link: PoolLink, poolJob: PoolJob): void {
    const { blocks } = this.#parts;
    const taken = this.desk.take(link, poolJob);
    if (taken === 'unusable') return;
    if (typeof taken !== 'string') return this.onFailure(link, taken);
    if (taken !== 'update') link.tipMoved();
    if (taken === 'tip') blocks().onTip(poolJob.notify.prevHash, V1_POOL);
    if (this.#link !== link) {
      this.#link = link;
      this.#failure = undefined;
      for (const identity of [...this.#identities].reverse()) link.introduce(identity);
      this.relay.use(link);
    }
    this.#explain();
  }

  onMask(link: PoolLink, mask: number): void {
    this.desk.remask(link, mask);
  }

  onBlockVerdict(hash: Uint8Array, accepted: boolean, reason: string): void {
    const { log, blocks } = this.#parts;
    if (!accepted) log.error('the pool refuses a block', { hash: displayHash(hash), reason });
    blocks().answered(hash, accepted ? 'accepted' : 'rejected', V1_POOL, reason);
  }

  onFailure(link: PoolLink, failure: PoolFailure): void {
    const { log } = this.#parts;
    this.totals.fail(failure.reason);
    this.#failure = { ...failure, pool: link.name };
    log.error('a pool is of no use', { pool: link.name, ...failure });
    this.#upstream?.giveUp(failure.reason);
  }

  onGone(link: PoolLink): void {
    this.relay.leave(link);
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#awaySinceMs = this.#time.now();
  }

  #connected(pool: V1Pool, { name, user, password }: ListedPool): PoolLink {
    const { clock, metrics } = this.#parts;
    const { pool: terms, outage } = this.#config;
    const { state } = pool.session;
    if (state.phase === 'working') this.#sessions.set(name, state.subscription.session);
    this.#connection = new PoolLink(pool, {
      name,
      user,
      password,
      nameWorkers: terms.nameWorkers,
      refusals: { rejected: outage.refusedShares, ofLast: outage.ofLast, graceMs: outage.tipGrace * 1000 },
      patience: { jobMs: outage.jobs * 1000, answerMs: outage.answer * 1000 },
      totals: this.totals,
      metrics,
      clock,
      time: this.#time,
      log: this.#poolLog.child({ pool: name }),
      listener: this,
    });
    return this.#connection;
  }

  #listed({ name }: V1Endpoint): ListedPool {
    const found = this.#pools.find((pool) => pool.name === name);
    if (found === undefined) throw new Error(`no pool is called ${name}`);
    return found;
  }

  /** Pools hear of the latest first, and of a few alone: they are the most likely to be there when a pool comes back. */
  #remember(identity: string): void {
    this.#identities.delete(identity);
    this.#identities.add(identity);
    const [oldest] = this.#identities;
    if (oldest !== undefined && this.#identities.size > TRANSLATOR_TO_V1_LIMITS.workers)
      this.#identities.delete(oldest);
  }

  /** A short outage is sat out with the last work; a long one must be visible to devices, so that they can go elsewhere. */
  #endOutage(nowMs: number): void {
    if (this.#link !== undefined || nowMs - this.#awaySinceMs < this.#config.outage.keepWorking * 1000) return;
    if (!this.desk.suspend()) return;
    this.relay.drop();
    this.totals.suspend();
    this.#parts.log.warn('no pool for too long: devices are sent away', { seconds: this.#config.outage.keepWorking });
  }

  /** Health says why no pool, or not the preferred one, is mined on. */
  #explain(): void {
    const [preferred] = this.#pools;
    if (this.#link === undefined) {
      const failed = this.#failure === undefined ? undefined : inWords(this.#failure);
      this.#condition.failing(failed ?? this.#upstream?.health.reason ?? 'no job yet');
    } else if (preferred === undefined || preferred.name === this.#link.name) this.#condition.ok();
    else this.#condition.lacking(`mining on ${this.#link.name} instead of ${preferred.name}`, 'second-choice');
  }
}

function inWords({ pool, reason, detail }: PoolFailure & { readonly pool: string }): string {
  return `${pool} was left (${reason}): ${detail}`;
}
