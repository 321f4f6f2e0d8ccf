import { displayHash } from '@sv2kit/bitcoin';
import { DECLARE_TX_DATA, jobDeclaration } from '@sv2kit/codec';
import type { Solution as PushedSolution } from '@sv2kit/declaration';
import type { FoundBlock } from '@sv2kit/mining-server';
import type { Clock, ConnectionBook, Logger } from '@sv2kit/net';
import type { BlockWay, Taken } from '@sv2kit/template-source';
import {
  createUpstream,
  type Endpoint,
  endpointName,
  type Upstream,
  type UpstreamMetrics,
  type UpstreamOptions,
  type UpstreamState,
} from '@sv2kit/upstream';
import { POOL_LIMITS } from '../limits.ts';
import { Declarator, type DeclaratorTerms } from './declarator.ts';
import { pushedSolution } from './pushed-solution.ts';

export interface DeclaratorLineOptions {
  readonly endpoint: Endpoint;
  readonly terms: DeclaratorTerms;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: UpstreamMetrics;
  /** Where the connection is announced, so that it can be watched. */
  readonly connections?: ConnectionBook | undefined;
  /** How it is reached; TCP when absent. */
  readonly connect?: UpstreamOptions<typeof jobDeclaration>['connect'];
}

/** A block on its way to a job declarator server. */
interface Parcel {
  readonly hash: string;
  readonly solution: PushedSolution;
  readonly sinceMs: number;
}

/**
 * The pool's own connection to one of its job declarator servers (§6): each block on a declared job goes there with
 * PushSolution (§6.4.9), since the server knows the transactions. Blocks wait while it is away.
 */
export class DeclaratorLine implements BlockWay {
  readonly name: string;
  readonly #options: DeclaratorLineOptions;
  readonly #upstream: Upstream;
  #declarator: Declarator | undefined;
  #waiting: Parcel[] = [];
  /** What was pushed and is not known to have arrived. */
  #pushed: Parcel[] = [];
  #complaint: string | undefined;

  constructor(options: DeclaratorLineOptions) {
    const { endpoint, clock, metrics, connect, connections } = options;
    this.name = `job-declarator ${endpointName(endpoint)}`;
    this.#options = { ...options, log: options.log.child({ jobDeclarator: endpointName(endpoint) }) };
    this.#upstream = createUpstream({
      endpoints: [endpoint],
      protocol: jobDeclaration,
      setup: () => ({ vendor: 'sv2kit', hardwareVersion: 'pool', flags: DECLARE_TX_DATA }),
      handler: (connection) => {
        const declarator = new Declarator(connection, options.terms, clock, {
          onArrived: (open) => void (this.#pushed = open === 0 ? [] : this.#pushed.slice(-open)),
          onClosed: () => this.#onClosed(),
        });
        this.#declarator = declarator;
        this.#deliver(declarator);
        return declarator;
      },
      clock,
      log: this.#options.log,
      metrics,
      connections,
      ...(connect === undefined ? {} : { connect }),
    });
  }

  get state(): UpstreamState {
    return this.#upstream.state;
  }

  /** Blocks that wait for it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Why blocks or miners' jobs would come to nothing; undefined while all is well. */
  get trouble(): string | undefined {
    const { state } = this.#upstream;
    const trouble = state.kind === 'connected' ? this.#declarator?.trouble : this.#awayWords(state);
    return trouble === undefined ? undefined : `${this.name}: ${trouble}`;
  }

  /** The same while it is tried again as while it is waited for. */
  #awayWords(state: Exclude<UpstreamState, { kind: 'connected' }>): string {
    if (state.kind === 'closed') return 'closed';
    const failure = state.kind === 'waiting' ? state.reason : state.lastFailure;
    if (failure === undefined) return 'not connected yet';
    const prefix = `${endpointName(this.#options.endpoint)}: `;
    const words = failure.startsWith(prefix) ? failure.slice(prefix.length) : failure;
    return `${words}; see that the job declarator server runs, and that job_declarators has its address`;
  }

  take({ solution, path }: FoundBlock): Taken {
    if (path !== 'declared-full-template') return 'not-for-it';
    const sinceMs = this.#options.clock.now();
    const parcel = { hash: displayHash(solution.hash), solution: pushedSolution(solution), sinceMs };
    if (this.#declarator?.open === true) {
      this.#push(this.#declarator, parcel);
      return 'sent';
    }
    this.#wait(parcel);
    return 'waits';
  }

  /** Time passes. */
  tick(): void {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const old = this.#waiting.filter(({ sinceMs }) => nowMs - sinceMs >= POOL_LIMITS.waitingBlockMs);
    if (old.length > 0) {
      this.#waiting = this.#waiting.filter((each) => !old.includes(each));
      this.#lose(old, 'it stayed away');
    }
    if (this.#declarator?.open === true) this.#declarator.tick();
    const { trouble } = this;
    if (trouble !== undefined && trouble !== this.#complaint) log.warn('job declaration is in trouble', { trouble });
    this.#complaint = trouble;
  }

  async close(): Promise<void> {
    await this.#upstream.close();
  }

  #deliver(declarator: Declarator): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const parcel of due) {
      this.#push(declarator, parcel);
      this.#options.log.info('a block that waited was handed to its job declarator server', { hash: parcel.hash });
    }
  }

  #push(declarator: Declarator, parcel: Parcel): void {
    declarator.push(parcel.solution);
    this.#pushed.push(parcel);
    if (this.#pushed.length > POOL_LIMITS.waitingBlocks) this.#pushed.shift();
  }

  #wait(parcel: Parcel): void {
    this.#waiting.push(parcel);
    if (this.#waiting.length > POOL_LIMITS.waitingBlocks) this.#lose(this.#waiting.splice(0, 1), 'too many wait');
  }

  /** What is not known to have arrived goes out again, unless it is too old by then. */
  #onClosed(): void {
    const pushed = this.#pushed;
    this.#pushed = [];
    for (const parcel of pushed) this.#wait(parcel);
  }

  #lose(lost: readonly Parcel[], why: string): void {
    for (const { hash } of lost) {
      this.#options.log.error('a block was not handed to its job declarator server', { hash, why });
    }
  }
}
