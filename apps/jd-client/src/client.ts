import type { Condition } from '@sv2kit/daemon';
import { type AgreedOutputs, type Failure, FALLBACK_REASONS } from '@sv2kit/declaration';
import type { Payout } from '@sv2kit/mining';
import type { AcceptedShare, MiningServer } from '@sv2kit/mining-server';
import type { BlockWay, TransactionStore } from '@sv2kit/template-source';
import type { CoinbaseConstraints } from '@sv2kit/templates';
import type { JdClientConfig } from './config.ts';
import type { JdClientDeps } from './create.ts';
import { HashrateMeter } from './hashrate-meter.ts';
import { knobsOf, type Knobs } from './knobs.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { JdClientMetrics } from './metrics.ts';
import type { Pair } from './pair.ts';
import { Pairs, type PairsListener } from './pairs.ts';
import { Room } from './room.ts';
import { Totals } from './totals.ts';
import { listedUpstream } from './upstream-config.ts';
import { WorkDesk } from './work-desk.ts';

export interface ClientDeps extends Pick<JdClientDeps, 'clock' | 'connections' | 'health' | 'log' | 'security'> {
  readonly metrics: JdClientMetrics;
  readonly solo: Payout;
  readonly tag: Uint8Array;
  readonly transactions: TransactionStore;
  /** Room for the solo outputs. */
  readonly constraints: CoinbaseConstraints;
  readonly miners: () => MiningServer;
  /** Whether a template provider stands behind the work at hand. */
  readonly isTipKnown: () => boolean;
  /** Template providers are asked for this room. */
  setConstraints(wanted: CoinbaseConstraints): void;
}

/** The name of the way to the job declarator server of a block's job. */
const DECLARATOR = 'job-declarator';

/** What the client mines for, and why: joins the pairs, the work and the room that templates leave. */
export class Client implements PairsListener {
  readonly desk: WorkDesk;
  readonly pairs: Pairs;
  readonly totals: Totals;
  readonly room: Room;
  readonly #deps: ClientDeps;
  readonly #knobs: Knobs;
  readonly #meter = new HashrateMeter();
  readonly #condition: Condition | undefined;
  #tipKnownSinceMs = Infinity;
  #tickedMs: number;
  /** Until when what others have said during a pause of the process is heard, before anybody is judged. */
  #hearingUntilMs = -Infinity;

  constructor(config: JdClientConfig, deps: ClientDeps) {
    const { clock, log, health, metrics, solo, tag, transactions, security, miners } = deps;
    this.#deps = deps;
    this.#tickedMs = clock.now();
    this.#knobs = knobsOf(config);
    this.totals = new Totals(metrics);
    const hashrate = () => this.#meter.hashrate(miners().demand(), clock.now());
    this.room = new Room(deps.constraints);
    this.desk = new WorkDesk({
      miners,
      solo,
      totals: this.totals,
      hashrate,
      clock,
      log,
      onTemplate: (kind) => {
        if (this.room.came(kind, clock.now())) this.pairs.roomGrew();
      },
      onTipMoved: (nowMs) => this.pairs.tipMoved(nowMs),
    });
    const context = {
      knobs: this.#knobs,
      tag,
      transactions,
      tipKnownSinceMs: () => this.#tipKnownSinceMs,
      hashrate,
      totals: this.totals,
      metrics,
      clock,
      log,
      security,
      connections: deps.connections,
    };
    const upstreams = config.upstreams.map((upstream) => listedUpstream(upstream, config.chain));
    this.pairs = new Pairs(upstreams, context, this);
    this.#condition =
      upstreams.length === 0 ? undefined : health.condition('pool', FALLBACK_REASONS.starting, 'upstream-lost');
  }

  /** Hands blocks on declared jobs to the server that they were declared to (§6.4.9). */
  get declaratorWay(): BlockWay {
    return {
      name: DECLARATOR,
      take: ({ solution }) => {
        const found = this.desk.find(solution.job, solution.extranonce);
        return found === undefined ? 'not-for-it' : found.declarer.push(found.item, solution);
      },
    };
  }

  /** Begins to look for pools; without any, devices mine solo from the first template on. */
  start(): void {
    if (this.pairs.list.length === 0) this.desk.solo({ reason: 'no-upstreams' });
    else this.pairs.plan();
  }

  tick(): void {
    const nowMs = this.#deps.clock.now();
    const { lateMs, hearMs } = JD_CLIENT_LIMITS;
    if (nowMs - this.#tickedMs > lateMs) this.#hearingUntilMs = nowMs + hearMs;
    this.#tickedMs = nowMs;
    if (nowMs < this.#hearingUntilMs && this.#hearingUntilMs - nowMs <= hearMs) return;
    if (!this.#deps.isTipKnown()) this.#tipKnownSinceMs = Infinity;
    else if (this.#tipKnownSinceMs === Infinity) this.#tipKnownSinceMs = nowMs;
    this.pairs.tick(nowMs);
    this.desk.targetChanged();
    const { aim } = this.desk;
    if (aim.kind === 'waiting' && nowMs - aim.sinceMs >= this.#knobs.startWaitMs) {
      const failure = this.#firstFailure();
      this.totals.fallBack(failure.reason);
      this.desk.solo(failure);
    }
    if (aim.kind === 'solo' && aim.failure.reason === 'starting') this.desk.explain(this.#firstFailure());
    this.#explain();
  }

  async close(): Promise<void> {
    await this.pairs.close();
  }

  /** A device has found a share. */
  onShare(share: AcceptedShare): void {
    if (share.measured > 0) this.#meter.add(share.measured, this.#deps.clock.now());
    this.desk.share(share);
  }

  onUse(pair: Pair): void {
    const { declarer } = pair;
    if (declarer === undefined) throw new Error('a pair without a declarer cannot be mined for');
    this.desk.pool(declarer);
    this.#explain();
  }

  onNone(failure: Failure): void {
    this.desk.solo(failure);
    this.#explain();
  }

  onOutputs(pair: Pair, agreed: AgreedOutputs): void {
    const { clock, log, setConstraints } = this.#deps;
    if (!this.room.need(agreed, clock.now())) return;
    const { size, sigops } = agreed;
    log.info('templates must leave more room for outputs', { upstream: pair.name, size, sigops });
    setConstraints(this.room.asked);
  }

  onTarget(): void {
    this.desk.targetChanged();
  }

  onToken(): void {
    this.desk.tokenCame();
  }

  onMarked(): void {
    this.desk.again();
  }

  hasRoom(agreed: AgreedOutputs): boolean {
    return this.room.holds(agreed);
  }

  #firstFailure(): Failure {
    const failures = this.pairs.list.map(({ failure }) => failure).filter((failure) => failure !== undefined);
    return failures[0] ?? { reason: 'starting' };
  }

  /** Health says what is mined for unless it is the preferred pool. */
  #explain(): void {
    const { aim } = this.desk;
    const reason = whyNotPreferred(aim.kind === 'solo' ? aim.failure : undefined, this.pairs);
    if (reason === undefined && aim.kind === 'pooled') this.#condition?.ok();
    else
      this.#condition?.failing(
        reason ?? FALLBACK_REASONS.starting,
        aim.kind === 'pooled' ? 'second-choice' : 'upstream-lost',
      );
  }
}

/** Why the preferred pool is not mined for, in words; undefined when it is. */
function whyNotPreferred(solo: Failure | undefined, { used, list }: Pairs): string | undefined {
  if (solo !== undefined) return `mining solo: ${inWords(solo)}`;
  const [preferred] = list;
  if (used === undefined || preferred === undefined || used === preferred) return undefined;
  const failure = preferred.failure === undefined ? 'it is not ready yet' : inWords(preferred.failure);
  return `mining for ${used.name} instead of ${preferred.name}: ${failure}`;
}

function inWords({ reason, detail }: Failure): string {
  return detail === undefined ? FALLBACK_REASONS[reason] : `${FALLBACK_REASONS[reason]} (${detail})`;
}
