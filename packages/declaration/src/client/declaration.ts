import type { JobMode } from '../mode.ts';

/** Why a job will never be acknowledged, and nobody is to blame. */
export type DropReason =
  /** Its tip is no longer the tip. */
  | 'tip-moved'
  /** A later template of the same tip took the token that it waited for. */
  | 'superseded'
  /** The template provider did not tell its transactions. */
  | 'no-transactions'
  /** The pair is left, or jobs are made in another way now. */
  | 'abandoned';

export type DeclarationState =
  /** For a token, and in full-template mode for its transactions. */
  | { readonly phase: 'waiting' }
  /** DeclareMiningJob is out. */
  | { readonly phase: 'declaring'; readonly requestId: number; readonly sinceMs: number }
  /** The server has answered with the token to use. */
  | { readonly phase: 'declared'; readonly token: Uint8Array }
  /** SetCustomMiningJob is out. */
  | { readonly phase: 'setting'; readonly requestId: number; readonly sinceMs: number }
  /** The pool will pay; `target` binds its shares. */
  | { readonly phase: 'acknowledged'; readonly jobId: number; readonly target: Uint8Array }
  /** Refused while its tip stands: perhaps the peer has seen a new tip earlier than we. */
  | { readonly phase: 'contested'; readonly by: 'jds' | 'pool'; readonly code: string; readonly sinceMs: number }
  | { readonly phase: 'dropped'; readonly why: DropReason }
  | { readonly phase: 'refused'; readonly by: 'jds' | 'pool'; readonly code: string };

export interface DeclarationPatience {
  /** How long the server may take to answer DeclareMiningJob; milliseconds. */
  readonly declareMs: number;
  /** How long the pool may take to answer SetCustomMiningJob; milliseconds. */
  readonly setMs: number;
  /** How long a refusal may still be explained by a new tip; milliseconds. */
  readonly graceMs: number;
}

export const DECLARATION_PATIENCE: DeclarationPatience = { declareMs: 10_000, setMs: 10_000, graceMs: 3_000 };

/** What time has made of a job: a reason to leave the pair. */
export type DeclarationFailure = {
  readonly reason: 'declare-timeout' | 'set-timeout' | 'declaration-refused' | 'custom-job-refused';
  readonly detail?: string;
};

/**
 * The life of one job that devices mine already (§6.3.1):
 * waiting -> declaring -> declared -> setting -> acknowledged in full-template mode, waiting -> setting -> acknowledged
 * in coinbase-only mode; dropped from everywhere before that; contested, then dropped when the tip moves or refused when
 * it does not.
 */
export class Declaration {
  readonly mode: JobMode;
  #state: DeclarationState = { phase: 'waiting' };
  /** The request to the server whose questions are still answered. */
  #declareId: number | undefined;

  constructor(mode: JobMode) {
    this.mode = mode;
  }

  get state(): DeclarationState {
    return this.#state;
  }

  /** Whether an acknowledgement may still come. */
  get open(): boolean {
    const { phase } = this.#state;
    return phase !== 'acknowledged' && phase !== 'dropped' && phase !== 'refused';
  }

  /** The DeclareMiningJob that was sent for it; undefined when none was. A block on it is worth a PushSolution. */
  get declareId(): number | undefined {
    return this.#declareId;
  }

  /** waiting -> declaring */
  declare(requestId: number, nowMs: number): void {
    if (this.mode !== 'full-template') throw this.#wrong('declare');
    this.#from('declare', 'waiting');
    this.#declareId = requestId;
    this.#become({ phase: 'declaring', requestId, sinceMs: nowMs });
  }

  /** declaring -> declared */
  declared(token: Uint8Array): void {
    this.#from('declared', 'declaring');
    this.#become({ phase: 'declared', token });
  }

  /** declared, or waiting in coinbase-only mode -> setting */
  set(requestId: number, nowMs: number): void {
    this.#from('set', this.mode === 'full-template' ? 'declared' : 'waiting');
    this.#become({ phase: 'setting', requestId, sinceMs: nowMs });
  }

  /** setting -> acknowledged */
  acknowledge(jobId: number, target: Uint8Array): void {
    this.#from('acknowledge', 'setting');
    this.#become({ phase: 'acknowledged', jobId, target });
  }

  /** declaring or setting -> contested. @param code for people */
  contest(code: string, nowMs: number): void {
    const by = this.#from('contest', 'declaring', 'setting') === 'declaring' ? 'jds' : 'pool';
    this.#become({ phase: 'contested', by, code, sinceMs: nowMs });
  }

  /** any but acknowledged and refused -> dropped. @returns whether it was */
  drop(why: DropReason): boolean {
    if (!this.open) return false;
    this.#become({ phase: 'dropped', why });
    return true;
  }

  /**
   * Time passes: contested -> refused once its grace is over.
   * @param knownSinceMs since when somebody tells us of the tip; Infinity while nobody does
   * @returns a reason to leave the pair
   */
  judge(
    nowMs: number,
    { declareMs, setMs, graceMs }: DeclarationPatience,
    knownSinceMs = -Infinity,
  ): DeclarationFailure | undefined {
    const state = this.#state;
    switch (state.phase) {
      case 'declaring':
        return nowMs - state.sinceMs > declareMs ? { reason: 'declare-timeout' } : undefined;
      case 'setting':
        return nowMs - state.sinceMs > setMs ? { reason: 'set-timeout' } : undefined;
      case 'contested': {
        const { by, code, sinceMs } = state;
        if (nowMs - Math.max(sinceMs, knownSinceMs) < graceMs) return undefined;
        this.#become({ phase: 'refused', by, code });
        return { reason: by === 'jds' ? 'declaration-refused' : 'custom-job-refused', detail: code };
      }
      case 'waiting':
      case 'declared':
      case 'acknowledged':
      case 'dropped':
      case 'refused':
        return undefined;
      default:
        return state satisfies never;
    }
  }

  #from<P extends DeclarationState['phase']>(arrow: string, ...phases: readonly P[]): P {
    const phase = phases.find((each) => each === this.#state.phase);
    if (phase === undefined) throw this.#wrong(arrow);
    return phase;
  }

  #wrong(arrow: string): Error {
    return new Error(`a ${this.mode} job that is ${this.#state.phase} cannot ${arrow}`);
  }

  #become(state: DeclarationState): void {
    this.#state = state;
  }
}
