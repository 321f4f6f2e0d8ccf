import { displayHash } from '@sv2kit/bitcoin';
import { difficultyOfHash, Standing } from '@sv2kit/mining-server';
import {
  splitUsername,
  STRATUM_ERROR_NUMBERS,
  type StratumError,
  type Submit,
  type Sv1ServerSession,
} from '@sv2kit/sv1';
import { type UpstreamShare, workerOf } from '@sv2kit/translation';
import { Allowance } from './allowance.ts';
import type { Seat } from './book.ts';
import { ConnectionWorkers } from './connection-workers.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import { MinerTally } from './miner-tally.ts';
import type { MinerWork } from './miner-work.ts';
import type { UnreadShareReason } from './totals.ts';
import type { UpstreamChannel } from './upstream-channel.ts';

/** How a worker's figures call shares that were accepted here and rejected by the upstream, for whatever reason. */
const REJECTED_UPSTREAM = 'rejected-upstream';

/** What a miner has coming to it after a share: new work, or the end of its connection. */
export type ShareConsequence = 'new-work' | 'send-away' | 'share-flood' | undefined;

/** The shares of one miner: answered at once, sent on where they are worth it, and counted. */
export class MinerShares {
  readonly tally: MinerTally;
  readonly workers: ConnectionWorkers;
  readonly #miner: Miner;
  readonly #session: Sv1ServerSession;
  readonly #work: MinerWork;
  readonly #host: MinerHost;
  readonly #allowance: Allowance;
  #worker: { readonly username: string; readonly bytes: Uint8Array } | undefined;
  readonly #standing: Standing;

  constructor(miner: Miner, session: Sv1ServerSession, work: MinerWork, host: MinerHost) {
    const { sharesPerSecond, clock } = host;
    this.#miner = miner;
    this.#session = session;
    this.#work = work;
    this.#host = host;
    this.tally = new MinerTally(clock.now());
    this.workers = new ConnectionWorkers(host.workers);
    this.#standing = new Standing(host.ladder.limits);
    this.#allowance = new Allowance(sharesPerSecond, sharesPerSecond * TRANSLATOR_LIMITS.burstSeconds, clock.now());
  }

  /** Whether nothing has been said against its shares of late. */
  get isGood(): boolean {
    return this.#standing.isGood;
  }

  /** @param seat undefined while there is none */
  submit(request: Submit, seat: Seat | undefined, nowMs: number): ShareConsequence {
    // The one too many is judged as well: it may be a block.
    const isFlood = !this.#allowance.take(1, nowMs);
    const consequence = this.#judge(request, seat, nowMs);
    return isFlood ? 'share-flood' : consequence;
  }

  #judge(request: Submit, seat: Seat | undefined, nowMs: number): ShareConsequence {
    const verdict = this.#work.judge(request, nowMs);
    if (verdict.kind === 'refused') {
      this.#session.refuse(request, verdict.error);
      return this.#refuse(verdict.reason, request.username, nowMs);
    }
    this.#standing.accepted();
    this.#session.accepted(request);
    this.#count(verdict.work, request.username, nowMs);
    const { forward } = verdict;
    if (forward === undefined) return undefined;
    const isSent = this.#forward(forward, seat, request.username);
    if (verdict.isBlock) this.#onBlock(forward, request.username, displayHash(verdict.hash), isSent);
    return undefined;
  }

  /** One that the session has refused by itself. */
  refuseUnread({ code }: StratumError, nowMs: number): ShareConsequence {
    const reason: UnreadShareReason = code === STRATUM_ERROR_NUMBERS.other ? 'malformed' : 'not-authorised';
    return this.#refuse(reason, this.#miner.username, nowMs);
  }

  /** A share that was accepted here, and rejected by the upstream; it counts for the name that the miner came with. */
  rejectedUpstream(): void {
    const { workers, clock } = this.#host;
    workers.reject(this.workers.of(this.#miner.username, clock.now()), REJECTED_UPSTREAM);
  }

  #count(work: number, username: string, nowMs: number): void {
    const { totals, workers } = this.#host;
    const best = difficultyOfHash(this.#work.latestHash);
    this.tally.accept(work, best, nowMs);
    const worker = this.workers.of(username, nowMs);
    workers.accept(worker, work, work, best, nowMs);
    totals.accept(worker, work, best, nowMs);
  }

  /** One that was refused: whose are bad time and again gets new work, and then is sent away. */
  #refuse(reason: string, username: string, nowMs: number): ShareConsequence {
    const { totals, workers, ladder } = this.#host;
    this.tally.refuse(reason);
    totals.refuse(reason, nowMs);
    if (username !== '') workers.reject(this.workers.of(username, nowMs), reason);
    return ladder.isBad(reason, nowMs - this.#work.cleanMs) ? this.#standing.bad() : undefined;
  }

  #forward(share: UpstreamShare<UpstreamChannel>, seat: Seat | undefined, username: string): boolean {
    const { totals } = this.#host;
    const isThere = seat !== undefined && seat.channel === share.upstream;
    if (!isThere || !seat.submit(this.#miner, share, this.#workerOf(username))) {
      this.tally.lost += 1;
      totals.lose('no-upstream', 1);
      return false;
    }
    this.tally.forwarded += 1;
    totals.forward();
    return true;
  }

  #onBlock({ upstream, jobId: job }: UpstreamShare<UpstreamChannel>, miner: string, hash: string, isSent: boolean) {
    const { totals, log, events } = this.#host;
    if (!isSent) return log.error('a possible block is lost: its upstream is not there', { miner, hash, job });
    upstream.link.flush();
    totals.block({ hash, username: miner, atMs: this.#host.clock.now() });
    const { account: user, worker } = splitUsername(miner);
    events.emit({ type: 'block-found', hash, user, worker, via: 'v1' });
    log.info('a miner found what may be a block', { miner, hash, job });
  }

  #workerOf(username: string): Uint8Array {
    if (this.#worker?.username !== username) {
      this.#worker = { username, bytes: workerOf(username, this.#miner.number) };
    }
    return this.#worker.bytes;
  }
}
