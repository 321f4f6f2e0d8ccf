import type { ShareErrorCode } from '@sv2kit/mining';

/** When bad shares have consequences. */
export interface BadShareLimits {
  /** Bad shares on balance after which a channel is given new work. */
  readonly newWork: number;
  /** And after which it is sent away: closed, and its connection told to reconnect when it is alone on it. */
  readonly sendAway: number;
  /** Bad shares that an accepted one makes up for. */
  readonly forgiven: number;
}

/** What follows from a bad share. */
export type Consequence = 'new-work' | 'send-away';

/** Refusals that say nothing against a miner, whenever they come: the server was not able to, or was late itself. */
const NEUTRAL: ReadonlySet<ShareErrorCode> = new Set([
  'ledger-unavailable',
  'share-budget-exhausted',
  'job-not-active',
  'invalid-channel-id',
]);

/** What the server knows that may excuse a refused share. */
export interface Circumstances {
  /** Since the last new tip, in milliseconds. */
  readonly sinceTipMs: number;
  /** How long after one a miner may not know of it. */
  readonly staleGraceMs: number;
  /** The server may have made the miner search the same space twice, or has refused to record what it found. */
  readonly mayRepeat: boolean;
}

/** Whether a refused share speaks against its miner. */
export function isBad(code: ShareErrorCode, { sinceTipMs, staleGraceMs, mayRepeat }: Circumstances): boolean {
  if (NEUTRAL.has(code)) return false;
  if (code === 'stale-share') return sinceTipMs > staleGraceMs;
  return code !== 'duplicate-share' || !mayRepeat;
}

type Step = 'good' | 'warned' | 'sent-away';

/** How one channel stands by its shares: a step on the ladder, and the bad shares on balance that led there. */
export class Standing {
  readonly #limits: BadShareLimits;
  #step: Step = 'good';
  #balance = 0;

  constructor(limits: BadShareLimits) {
    this.#limits = limits;
  }

  get isGood(): boolean {
    return this.#step === 'good';
  }

  /** Bad shares that no accepted one has made up for. */
  get balance(): number {
    return this.#balance;
  }

  /** warned -> good, once all is made up for */
  accepted(): void {
    if (this.#balance === 0) return;
    this.#balance = Math.max(0, this.#balance - this.#limits.forgiven);
    if (this.#balance === 0 && this.#step === 'warned') this.#step = 'good';
  }

  /** good -> warned, warned -> sent-away */
  bad(): Consequence | undefined {
    const { newWork, sendAway } = this.#limits;
    this.#balance += 1;
    if (this.#step === 'good' && this.#balance >= newWork) {
      this.#step = 'warned';
      return 'new-work';
    }
    if (this.#step === 'warned' && this.#balance >= sendAway) {
      this.#step = 'sent-away';
      return 'send-away';
    }
    return undefined;
  }
}
