import type { Network, TxOut } from '@sv2kit/bitcoin';
import { fromUtf8, type SetCustomMiningJob } from '@sv2kit/codec';
import type { BoundCounter, Counter } from '@sv2kit/daemon';
import { CustomJobJudge, type JobVerifier } from '@sv2kit/declaration';
import type { CustomJobMode } from '@sv2kit/mining';
import type { AcceptedShare, CustomJobRequest, CustomJobVerdict } from '@sv2kit/mining-server';
import type { Logger } from '@sv2kit/net';
import type { SourceTip } from '@sv2kit/template-source';
import type { JobDeclarationMetrics } from '../metrics.ts';

export interface CustomJobDeskOptions {
  readonly verifier: JobVerifier;
  readonly payoutScript: Uint8Array;
  /** Of value 0. */
  readonly requiredOutputs: readonly TxOut[];
  readonly leastPayoutShare: number;
  readonly network: Network;
  readonly log: Logger;
  readonly metrics: Pick<JobDeclarationMetrics, 'partlyPaid' | 'work' | 'creditedWork'>;
}

const MODES: ReadonlySet<string> = new Set<CustomJobMode>(['full-template', 'coinbase-only']);

/** What miners of one mode have brought. Work is in difficulty, as their shares prove it and as it is paid. */
interface Brought {
  jobs: number;
  /** Of these, jobs that pay the pool less than all of their revenue. */
  partlyPaid: number;
  /** The least credit of a job. */
  leastCredit: number;
  shares: number;
  work: number;
  creditedWork: number;
}

/** The jobs that miners bring themselves (§5.3.18): judged, and counted by mode and outcome. */
export class CustomJobDesk {
  readonly #options: CustomJobDeskOptions;
  readonly #judge: CustomJobJudge;
  readonly #brought = new Map<CustomJobMode, Brought>();
  readonly #counters = new Map<CustomJobMode, Record<'work' | 'creditedWork', BoundCounter>>();
  readonly #refused = new Map<string, number>();
  /** Messages that waited for a tip; judged again and again, counted once. */
  readonly #waited = new WeakSet<SetCustomMiningJob>();
  #held = 0;

  constructor(options: CustomJobDeskOptions) {
    this.#options = options;
    const { verifier, payoutScript, requiredOutputs, leastPayoutShare, network } = options;
    this.#judge = new CustomJobJudge({ verifier, payoutScript, requiredOutputs, leastPayoutShare, network });
  }

  /** A tip that jobs may build on. */
  tip({ prevHash, nbits, target, height }: SourceTip): void {
    // A template's own time is later than the earliest that the network takes.
    if (height !== undefined) this.#judge.tip({ prevHash, nbits, target, height, minNtime: undefined });
  }

  judge(request: CustomJobRequest): CustomJobVerdict {
    const verdict = this.#judge.judge(request);
    if (verdict.kind === 'accepted') this.#onAccepted(request, verdict.mode, verdict.credit);
    if (verdict.kind === 'unseen-tip' && !this.#waited.has(request.message)) {
      this.#waited.add(request.message);
      this.#held += 1;
    }
    return verdict;
  }

  /** Hears what miners are answered, refusals that need no judge included. */
  watch(answers: Pick<Counter, 'inc'>): Pick<Counter, 'inc'> {
    return {
      inc: (labels = {}, n = 1) => {
        answers.inc(labels, n);
        const { outcome = '' } = labels;
        if (!MODES.has(outcome)) this.#refused.set(outcome, (this.#refused.get(outcome) ?? 0) + n);
      },
    };
  }

  /** On every share's way. */
  share({ job: { origin, credit }, work }: AcceptedShare): void {
    if (origin.kind !== 'custom') return;
    const brought = this.#of(origin.mode);
    brought.shares += 1;
    brought.work += work;
    brought.creditedWork += work * credit;
    this.#counters.get(origin.mode)?.work.inc(work);
    this.#counters.get(origin.mode)?.creditedWork.inc(work * credit);
  }

  status(): Readonly<Record<string, unknown>> {
    return {
      byMode: Object.fromEntries(this.#brought),
      refused: Object.fromEntries(this.#refused),
      heldForUnseenTip: this.#held,
    };
  }

  #onAccepted({ userIdentity }: CustomJobRequest, mode: CustomJobMode, credit: number): void {
    const brought = this.#of(mode);
    const { leastCredit } = brought;
    brought.jobs += 1;
    brought.leastCredit = Math.min(leastCredit, credit);
    if (credit === 1) return;
    const { log, metrics } = this.#options;
    brought.partlyPaid += 1;
    metrics.partlyPaid.inc({ mode });
    // Clients set jobs several times a second: only what is news is said aloud.
    const level = credit < leastCredit ? 'info' : 'debug';
    log[level]('a custom job pays the pool in part', { mode, credit, user: fromUtf8(userIdentity) });
  }

  #of(mode: CustomJobMode): Brought {
    let brought = this.#brought.get(mode);
    if (brought === undefined) {
      brought = { jobs: 0, partlyPaid: 0, leastCredit: 1, shares: 0, work: 0, creditedWork: 0 };
      this.#brought.set(mode, brought);
      const { work, creditedWork } = this.#options.metrics;
      this.#counters.set(mode, { work: work.bind({ mode }), creditedWork: creditedWork.bind({ mode }) });
    }
    return brought;
  }
}
