import type { Condition } from '@sv2kit/daemon';
import { ShareBudget } from '@sv2kit/mining';
import { WorkerBook } from '@sv2kit/mining-server';
import type { Events } from '@sv2kit/monitor';
import {
  type Clock,
  type CloseReason,
  type Logger,
  type Wire,
  type WireConnection,
  settled,
  takeLeave,
} from '@sv2kit/net';
import { MinerIndexes, neededExtranonce } from '@sv2kit/translation';
import type { Book, BookDeps } from './book.ts';
import type { TranslatorConfig } from './config.ts';
import { Departures } from './departures.ts';
import { FanOut } from './fan-out.ts';
import { Ladder, ladderLimits } from './ladder.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { TranslatorMetrics } from './metrics.ts';
import { Miner } from './miner.ts';
import type { MinerEndReason, MinerHost } from './miner-host.ts';
import { Misfits } from './misfits.ts';
import { OwnChannels } from './own-channels.ts';
import { RejectLog } from './reject-log.ts';
import { Sessions } from './sessions.ts';
import { SharedChannel } from './shared-channel.ts';
import { Totals } from './totals.ts';
import type { LinkOwner, UpstreamFault, UpstreamLink } from './upstream-link.ts';
import { WorkDesk, type JobCheck } from './work-desk.ts';

/** What the hub is given. */
export interface HubDeps {
  readonly metrics: TranslatorMetrics;
  readonly check: JobCheck;
  /** Leaves the present upstream for the next. */
  readonly giveUp: (reason: string) => void;
  /** Whether upstreams send work. */
  readonly work: Condition;
  readonly events: Pick<Events, 'emit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An upstream was left, and why. */
export interface LastFault {
  readonly upstream: string;
  readonly reason: UpstreamFault;
  readonly detail: string | undefined;
  readonly atMs: number;
}

/** Where miners and upstreams meet. */
export class Hub implements MinerHost, LinkOwner {
  readonly book: Book;
  readonly desk: WorkDesk;
  readonly fanOut: FanOut;
  readonly totals: Totals;
  readonly workers: WorkerBook;
  readonly ladder: Ladder;
  readonly events: Pick<Events, 'emit'>;
  readonly sessions = new Sessions();
  readonly budget = new ShareBudget(TRANSLATOR_LIMITS.seenShareSlots, TRANSLATOR_LIMITS.assuredShareSlots);
  readonly metrics: TranslatorMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  difficulty: MinerHost['difficulty'];
  readonly extranonce2Size: number;
  readonly keepAliveMs: number;
  readonly keepWorkingMs: number;
  sharesPerSecond: number;
  readonly authoriseMs: number;
  readonly minersNameAccounts: boolean;
  readonly miners = new Set<Miner>();
  readonly departures = new Departures();
  readonly misfits: Misfits;
  readonly #deps: HubDeps;
  readonly #mask: number;
  readonly #indexes = new MinerIndexes();
  #link: UpstreamLink | undefined;
  readonly #rejectLog: RejectLog;
  #lastFault: LastFault | undefined;
  /** Since when there is no upstream. */
  #lostMs: number;

  constructor(config: TranslatorConfig, deps: HubDeps) {
    const { metrics, clock, log, check, events } = deps;
    const { miners, outage, limits, extranonce2Size, aggregateChannels } = config;
    this.#deps = deps;
    this.#mask = Number.parseInt(miners.versionMask, 16);
    this.#lostMs = clock.now();
    this.metrics = metrics;
    this.clock = clock;
    this.log = log;
    this.events = events;
    this.totals = new Totals(metrics, events, clock.now());
    this.misfits = new Misfits(log);
    this.#rejectLog = new RejectLog(this.totals.rejected, log);
    const { workers: most, workerIdleMs: idleMs, workerGoneMs: goneMs } = TRANSLATOR_LIMITS;
    this.workers = new WorkerBook({ most, times: { idleMs, goneMs }, events });
    this.ladder = new Ladder(ladderLimits(config), this);
    this.desk = new WorkDesk(
      () => clock.now(),
      check,
      (reason) => this.#onUnfit(reason),
      () => events.emit({ type: 'job', origin: 'upstream' }),
    );
    this.fanOut = new FanOut((startedMs, count) => {
      if (count > 1) metrics.jobToLast.record(performance.now() - startedMs);
    });
    this.difficulty = difficultyOf(config);
    this.extranonce2Size = extranonce2Size;
    this.keepAliveMs = miners.keepAlive * 1000;
    this.keepWorkingMs = outage.keepWorking * 1000;
    this.sharesPerSecond = limits.sharesPerSecond;
    this.authoriseMs = this.keepWorkingMs + TRANSLATOR_LIMITS.authoriseMs;
    this.minersNameAccounts = config.upstreams.some(({ userIdentity }) => userIdentity === undefined);
    if (aggregateChannels && this.minersNameAccounts) {
      log.warn('no user_identity: one channel for all miners, so all must mine for one account; others are refused');
    }
    this.book = this.#openBook(aggregateChannels);
    deps.work.ok();
  }

  /** Version bits that the present upstream lets roll, as far as it is known before a job comes. */
  get versionMask(): number {
    return this.#link?.fixedVersion === true ? 0 : this.#mask;
  }

  get link(): UpstreamLink | undefined {
    return this.#link;
  }

  /** Why an upstream was left the last time. */
  get lastFault(): LastFault | undefined {
    return this.#lastFault;
  }

  /** Since when no upstream is there; undefined while one is. */
  get outageMs(): number | undefined {
    return this.#link === undefined ? this.clock.now() - this.#lostMs : undefined;
  }

  /** Miners that are authorised. */
  get authorised(): number {
    let count = 0;
    for (const { phase } of this.miners) if (phase === 'seated' || phase === 'adrift') count += 1;
    return count;
  }

  /** Hashes per second of those who mine. */
  get hashrate(): number {
    let sum = 0;
    for (const miner of this.miners) if (miner.hasMined) sum += miner.hashrate;
    return sum;
  }

  /** So many miners at most, those that have trouble with their shares first. */
  listed(most: number): Miner[] {
    const all = [...this.miners];
    if (all.length <= most) return all;
    const isTroubled = ({ tally }: Miner): boolean => tally.troubled;
    return [...all.filter(isTroubled), ...all.filter((miner) => !isTroubled(miner))].slice(0, most);
  }

  /** A miner has connected. */
  accept(connection: WireConnection): Wire {
    if (this.#isLongOut(this.clock.now())) return turnedAway(connection, 'no-upstream');
    const index = this.#indexes.take();
    if (index === undefined) return turnedAway(connection, 'too-many-miners');
    const miner = new Miner(connection, index, this);
    this.miners.add(miner);
    return miner;
  }

  onGone(miner: Miner, code: string): void {
    this.departures.add(miner, code, this.clock.now());
    this.miners.delete(miner);
    this.#indexes.giveBack(miner.index);
  }

  /** An upstream is there: its channels are asked for. */
  onLink(link: UpstreamLink): void {
    this.#link = link;
    this.desk.forget();
    this.book.linkUp(link);
  }

  onLinkClosed(link: UpstreamLink, { code }: CloseReason): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    // One that was asked for work and gave none was no upstream: miners have waited since before.
    const gaveWork = (this.desk.latestMs ?? Number.NEGATIVE_INFINITY) >= link.sinceMs;
    if (gaveWork || !link.wasAsked) this.#lostMs = this.clock.now();
    const { size: miners } = this.miners;
    this.log[miners === 0 ? 'debug' : 'warn']('miners go on with the work they have', {
      upstream: link.name,
      code,
      miners,
    });
    this.book.linkDown();
  }

  giveUp(link: UpstreamLink, reason: UpstreamFault, detail?: string): void {
    if (this.#link !== link) return;
    this.log.warn('the upstream is of no use', { upstream: link.name, reason, detail });
    this.#lastFault = { upstream: link.name, reason, detail, atMs: this.clock.now() };
    this.#deps.giveUp(reason);
  }

  /** Tells miners to come back, and waits for the upstream's answers. @param untilMs unix milliseconds */
  async drain(untilMs: number): Promise<void> {
    const { clock } = this;
    this.log.info('taking leave of miners', { connections: this.miners.size });
    await takeLeave(this.miners, { clock, untilMs });
    await settled(() => (this.#link?.unanswered ?? 0) === 0, { clock, untilMs });
  }

  /** How miners are served that come from now on; what is done about bad shares counts for all. */
  reconfigure(config: TranslatorConfig): void {
    this.difficulty = difficultyOf(config);
    this.sharesPerSecond = config.limits.sharesPerSecond;
    this.ladder.setLimits(ladderLimits(config));
  }

  tick(): void {
    const nowMs = this.clock.now();
    this.#link?.tick(nowMs);
    const longOut = this.#isLongOut(nowMs);
    for (const miner of this.miners) {
      try {
        if (longOut) miner.end('no-upstream');
        else miner.tick(nowMs);
      } catch (error) {
        miner.failed(error);
      }
    }
    this.book.tick(nowMs);
    this.workers.sweep(nowMs, this.#link !== undefined);
    this.#watchWork(nowMs);
    this.#rejectLog.tick(nowMs);
  }

  #isLongOut(nowMs: number): boolean {
    return this.#link === undefined && nowMs - this.#lostMs > this.keepWorkingMs;
  }

  #watchWork(nowMs: number): void {
    const { latestMs } = this.desk;
    const { work } = this.#deps;
    if (this.#link === undefined || latestMs === undefined) return work.ok();
    const { staleWorkMs } = TRANSLATOR_LIMITS;
    if (nowMs - latestMs < staleWorkMs) return work.ok();
    // Since when it is so is told beside: a reason that changes would be another trouble each minute.
    work.lacking(`the upstream has sent no job for ${staleWorkMs / 60_000} minutes`);
  }

  #onUnfit(reason: string): void {
    if (this.#link !== undefined) this.giveUp(this.#link, 'job-refused', reason);
  }

  #openBook(aggregate: boolean): Book {
    const { metrics, clock, log } = this;
    const deps: BookDeps = {
      minExtranonceSize: neededExtranonce(this.extranonce2Size),
      keepWorkingMs: this.keepWorkingMs,
      desk: this.desk,
      owner: this,
      totals: this.totals,
      metrics,
      clock,
      log,
    };
    return aggregate ? new SharedChannel(deps) : new OwnChannels(deps);
  }
}

/** What a connection gets that is ended before it has said anything. */
function turnedAway(connection: WireConnection, reason: MinerEndReason): Wire {
  connection.end(reason);
  return { receive() {}, drain: () => undefined, onClose() {} };
}

function difficultyOf({ miners }: TranslatorConfig): MinerHost['difficulty'] {
  const { sharesPerMinute, minDifficulty: floor, startDifficulty: start } = miners;
  return { sharesPerMinute, floor, ...(start !== undefined && { start }) };
}
