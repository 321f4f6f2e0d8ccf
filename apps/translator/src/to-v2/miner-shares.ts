import type { Submit, Sv1ServerSession } from '@sv2kit/sv1';
import { type UpstreamShare, workerOf } from '@sv2kit/translation';
import { Allowance } from './allowance.ts';
import type { Seat } from './book.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import { MinerTally } from './miner-tally.ts';
import type { MinerWork } from './miner-work.ts';
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
    if (!this.#allowance.take(1, nowMs)) return 'share-flood';
    const verdict = this.#work.judge(request, nowMs);
    if (verdict.kind === 'refused') {
      this.#session.refuse(request, verdict.error);
      return this.refuse(verdict.reason);
    }
    this.#refusedInRow = 0;
    this.#session.accepted(request);
    this.tally.accept(verdict.work, nowMs);
    this.#host.totals.accept();
    if (verdict.forward !== undefined) this.#forward(verdict.forward, seat, request.username, verdict.isBlock);
    return undefined;
  }

  /** One that was refused, here or by the session. Whose shares are all refused gets its work anew, or is let go. */
  refuse(reason: string): ShareConsequence {
    this.tally.refuse(reason);
    this.#host.totals.refuse(reason);
    this.#refusedInRow += 1;
    if (this.#refusedInRow >= TRANSLATOR_LIMITS.refusedBeforeEnd) return 'too-many-refused';
    return this.#refusedInRow % TRANSLATOR_LIMITS.refusedBeforeResend === 0 ? 'resend' : undefined;
  }

  #forward(share: UpstreamShare<UpstreamChannel>, seat: Seat | undefined, username: string, isBlock: boolean): void {
    const { totals, log } = this.#host;
    const isThere = seat !== undefined && seat.channel === share.upstream;
    if (!isThere || !seat.submit(this.#miner, share, this.#workerOf(username))) {
      this.tally.lost += 1;
      totals.lose('no-upstream', 1);
      if (isBlock) log.error('a possible block is lost: its upstream is not there', { miner: username });
      return;
    }
    this.tally.forwarded += 1;
    totals.forward();
    if (!isBlock) return;
    share.upstream.link.flush();
    totals.block();
    log.info('a miner found what may be a block', { miner: username, job: share.jobId });
  }

  #workerOf(username: string): Uint8Array {
    if (this.#worker?.username !== username) {
      this.#worker = { username, bytes: workerOf(username, this.#miner.number) };
    }
    return this.#worker.bytes;
  }
}
