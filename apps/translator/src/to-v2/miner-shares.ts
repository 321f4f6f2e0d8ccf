import { displayHash } from '@sv2kit/bitcoin';
import { STRATUM_ERROR_NUMBERS, type StratumError, type Submit, type Sv1ServerSession } from '@sv2kit/sv1';
import { type UpstreamShare, workerOf } from '@sv2kit/translation';
import { Allowance } from './allowance.ts';
import type { Seat } from './book.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import { MinerTally } from './miner-tally.ts';
import type { MinerWork } from './miner-work.ts';
import type { UnreadShareReason } from './totals.ts';
import type { UpstreamChannel } from './upstream-channel.ts';

/** What a miner has coming to it after a share: its work anew, or the end of its connection. */
export type ShareConsequence = 'resend' | 'share-flood' | 'too-many-refused' | undefined;

/** The shares of one miner: answered at once, sent on where they are worth it, and counted. */
export class MinerShares {
  readonly tally = new MinerTally();
  readonly #miner: Miner;
  readonly #session: Sv1ServerSession;
  readonly #work: MinerWork;
  readonly #host: MinerHost;
  readonly #allowance: Allowance;
  #worker: { readonly username: string; readonly bytes: Uint8Array } | undefined;
  #refusedInRow = 0;

  constructor(miner: Miner, session: Sv1ServerSession, work: MinerWork, host: MinerHost) {
    const { sharesPerSecond, clock } = host;
    this.#miner = miner;
    this.#session = session;
    this.#work = work;
    this.#host = host;
    this.#allowance = new Allowance(sharesPerSecond, sharesPerSecond * TRANSLATOR_LIMITS.burstSeconds, clock.now());
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
      return this.refuse(verdict.reason);
    }
    this.#refusedInRow = 0;
    this.#session.accepted(request);
    this.tally.accept(verdict.work, nowMs);
    this.#host.totals.accept();
    const { forward } = verdict;
    if (forward === undefined) return undefined;
    const isSent = this.#forward(forward, seat, request.username);
    if (verdict.isBlock) this.#onBlock(forward, request.username, displayHash(verdict.hash), isSent);
    return undefined;
  }

  /** One that the session has refused by itself. */
  refuseUnread({ code }: StratumError): ShareConsequence {
    const reason: UnreadShareReason = code === STRATUM_ERROR_NUMBERS.other ? 'malformed' : 'not-authorised';
    return this.refuse(reason);
  }

  /** One that was refused. Whose shares are all refused gets its work anew, or is let go. */
  refuse(reason: string): ShareConsequence {
    this.tally.refuse(reason);
    this.#host.totals.refuse(reason);
    this.#refusedInRow += 1;
    if (this.#refusedInRow >= TRANSLATOR_LIMITS.refusedBeforeEnd) return 'too-many-refused';
    return this.#refusedInRow % TRANSLATOR_LIMITS.refusedBeforeResend === 0 ? 'resend' : undefined;
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
    const { totals, log } = this.#host;
    if (!isSent) return log.error('a possible block is lost: its upstream is not there', { miner, hash, job });
    upstream.link.flush();
    totals.block();
    log.info('a miner found what may be a block', { miner, hash, job });
  }

  #workerOf(username: string): Uint8Array {
    if (this.#worker?.username !== username) {
      this.#worker = { username, bytes: workerOf(username, this.#miner.number) };
    }
    return this.#worker.bytes;
  }
}
