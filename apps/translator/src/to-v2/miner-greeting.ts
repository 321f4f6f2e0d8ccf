import type { Configure, Subscribe, Sv1ServerSession } from '@sv2kit/sv1';
import { extranonce1Of, extranonce2Fits } from '@sv2kit/translation';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import type { MinerWork } from './miner-work.ts';

/** What a miner and the translator settle before there is work: version bits, extranonce, session, difficulty. */
export class MinerGreeting {
  readonly #miner: Miner;
  readonly #session: Sv1ServerSession;
  readonly #work: MinerWork;
  readonly #host: MinerHost;

  constructor(miner: Miner, session: Sv1ServerSession, work: MinerWork, host: MinerHost) {
    this.#miner = miner;
    this.#session = session;
    this.#work = work;
    this.#host = host;
  }

  configure(request: Configure, nowMs: number): void {
    const minimum = request.minimumDifficulty?.difficulty;
    if (minimum !== undefined) this.#work.suggest(minimum, nowMs);
    this.#session.configured(request, { versionMask: this.#host.versionMask });
  }

  subscribe(request: Subscribe, nowMs: number): void {
    const { extranonce2Size, sessions, misfits } = this.#host;
    const kept = request.session === undefined ? undefined : sessions.take(request.session);
    if (kept !== undefined) this.#work.suggest(kept, nowMs);
    this.#work.identify(this.#session.userAgent);
    const extranonce1 = extranonce1Of(this.#miner.index);
    const session = sessions.newId();
    const misfit = extranonce2Fits(extranonce2Size, this.#work.profile);
    if (misfit !== undefined) misfits.add(this.#miner, misfit);
    this.#session.subscribed(request, { extranonce1, extranonce2Size, session });
  }

  /** The miner is gone: should it come back, it begins where it was. */
  end(): void {
    const session = this.#session.subscription?.session;
    const { difficulty } = this.#work;
    if (session !== undefined && difficulty !== undefined) this.#host.sessions.keep(session, difficulty);
  }
}
