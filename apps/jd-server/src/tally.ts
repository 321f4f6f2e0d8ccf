import { fromUtf8 } from '@sv2kit/codec';
import type { Clock, Logger } from '@sv2kit/daemon';
import type { DeclarationEvent, DeclaredWorth } from '@sv2kit/declaration';
import { JD_SERVER_LIMITS as LIMITS } from './limits.ts';
import type { JdServerMetrics } from './metrics.ts';

export interface TallyDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: JdServerMetrics;
}

/** A declared job as the status shows it; amounts in satoshis. */
interface JobReport {
  /** Rises from 1 since the start. */
  readonly id: number;
  readonly client: number;
  readonly userIdentity: string;
  readonly height: number;
  readonly value: number;
  readonly payout: number;
  readonly credit: number;
  readonly transactions: number;
  /** Of these, those that the client had to provide. */
  readonly provided: number;
  readonly tookMs: number;
  readonly declaredAtMs: number;
}

/** What a client can be told any number of times, at no cost to it. */
const FLOODS: ReadonlySet<string> = new Set([
  'too-many-declarations',
  'declare-not-negotiated',
  'invalid-mining-job-token',
]);

/** A declared job with what is known of its block. */
export interface ListedJob extends JobReport, Pick<DeclaredWorth, 'handle' | 'parts' | 'prevHash' | 'segwit'> {}

type DeclarationOf = Extract<DeclarationEvent, { kind: 'declaration' }>;

/** What happened so far: for metrics, log and status. */
export class Tally {
  readonly #deps: TallyDeps;
  readonly #outcomes: Record<string, number> = {};
  readonly #jobs: ListedJob[] = [];
  #lastJob = 0;
  readonly #tokens = { given: 0, delayed: 0 };
  readonly #solutions = { block: 0, 'no-block': 0 };
  /** Warnings that were left out since the last one. */
  #unsaid = 0;
  #nextWarningAtMs = 0;

  constructor(deps: TallyDeps) {
    this.#deps = deps;
  }

  note(client: number, event: DeclarationEvent): void {
    switch (event.kind) {
      case 'token':
        this.#tokens.given += 1;
        if (event.delayed) this.#tokens.delayed += 1;
        this.#deps.metrics.tokens.inc({ delayed: String(event.delayed) });
        return;
      case 'declaration':
        this.#onDeclaration(client, event);
        return;
      case 'solution':
        this.solution(event.outcome);
        if (event.outcome === 'no-block') this.#warn(client);
        return;
      default:
        event satisfies never;
    }
  }

  /** Of a flood, a line now and then. */
  #warn(client: number): void {
    const now = this.#deps.clock.now();
    if (now < this.#nextWarningAtMs) {
      this.#unsaid += 1;
      return;
    }
    this.#deps.log.warn('a solution solves no declared job', { client, unsaid: this.#unsaid });
    this.#unsaid = 0;
    this.#nextWarningAtMs = now + LIMITS.warningMs;
  }

  solution(outcome: 'block' | 'no-block'): void {
    this.#solutions[outcome] += 1;
    this.#deps.metrics.solutions.inc({ outcome });
  }

  /** The latest declared jobs, the last one first. */
  get jobs(): readonly ListedJob[] {
    return this.#jobs.toReversed();
  }

  status() {
    return {
      tokens: { ...this.#tokens },
      outcomes: { ...this.#outcomes },
      solutions: { ...this.#solutions },
      jobs: this.jobs.map(
        ({ handle: _handle, parts: _parts, prevHash: _prevHash, segwit: _segwit, ...job }): JobReport => job,
      ),
    };
  }

  #onDeclaration(client: number, event: DeclarationOf): void {
    const { metrics, log } = this.#deps;
    const { outcome, detail, tookMs, transactions, provided, worth } = event;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    metrics.declarations.inc({ outcome });
    log[FLOODS.has(outcome) ? 'debug' : 'info']('a declaration is answered', {
      client,
      outcome,
      detail,
      tookMs,
      transactions,
      provided,
    });
    if (worth === undefined) return;
    metrics.declared.record(tookMs);
    this.#jobs.push(this.#report(client, event, worth));
    if (this.#jobs.length > LIMITS.listedJobs) this.#jobs.shift();
  }

  #report(client: number, { tookMs, transactions, provided }: DeclarationOf, worth: DeclaredWorth): ListedJob {
    const { height, value, payout, credit, userIdentity, handle, parts, prevHash, segwit } = worth;
    return {
      id: ++this.#lastJob,
      client,
      userIdentity: fromUtf8(userIdentity),
      height,
      value: Number(value),
      payout: Number(payout),
      credit,
      transactions,
      provided,
      tookMs,
      declaredAtMs: this.#deps.clock.now(),
      handle,
      parts,
      prevHash,
      segwit,
    };
  }
}
