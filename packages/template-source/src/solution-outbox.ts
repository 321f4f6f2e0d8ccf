import { BitcoinError, merklePathOf, parseTransaction, sameBytes } from '@sv2kit/bitcoin';
import type { SubmitSolution } from '@sv2kit/codec';
import type { Solution, WorkTemplate } from '@sv2kit/mining';
import type { Clock } from '@sv2kit/net';
import type { Endpoint } from '@sv2kit/upstream';
import type { LostSolutionReason } from './errors.ts';
import { TEMPLATE_SOURCE_LIMITS } from './limits.ts';
import { templateOf } from './origin.ts';
import type { Taken } from './block-way.ts';
import type { Provider } from './provider.ts';

/** A solution on its way. */
interface Parcel {
  readonly endpoint: Endpoint;
  readonly solution: Solution;
  readonly message: SubmitSolution;
  readonly sinceMs: number;
}

/** A parcel that went out over a connection, and may have been lost with it. */
interface Sent {
  readonly parcel: Parcel;
  readonly provider: Provider;
  /** Undefined: until the provider has answered a probe. */
  readonly doubtfulUntilMs: number | undefined;
}

/** Told of a solution that no provider can use any more. */
export type OnLostSolution = (solution: Solution, reason: LostSolutionReason) => void;

/** Solutions on their way to the provider that made their template: nobody else knows its transactions. */
export class SolutionOutbox {
  readonly #clock: Clock;
  readonly #onLost: OnLostSolution;
  readonly #makers = new WeakMap<WorkTemplate, Provider>();
  /** The latest connection to each provider. */
  readonly #connections = new Map<Endpoint, Provider>();
  #waiting: Parcel[] = [];
  #sent: Sent[] = [];

  constructor(clock: Clock, onLost: OnLostSolution) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /** Who made a template. */
  note(template: WorkTemplate, maker: Provider): void {
    this.#makers.set(template, maker);
  }

  /** The provider that has made it; undefined of another's. */
  makerOf(template: WorkTemplate): Provider | undefined {
    return this.#makers.get(template);
  }

  /**
   * SubmitSolution at once, over whichever connection its provider has, or when it is back (§7.7). Lost is a solution of
   * a template that no provider has made.
   */
  submit(solution: Solution): Exclude<Taken, 'not-for-it'> {
    const template = templateOf(solution);
    const maker = template === undefined ? undefined : this.#makers.get(template);
    if (template === undefined || maker === undefined) return 'lost';
    const { version, ntime, nonce, coinbase } = solution;
    const header = { version, headerTimestamp: ntime, headerNonce: nonce };
    const { templateId } = template;
    const message: SubmitSolution = { type: 'SubmitSolution', templateId, ...header, coinbaseTx: coinbase };
    const { endpoint } = maker;
    const parcel: Parcel = { endpoint, solution, message, sinceMs: this.#clock.now() };
    const again = this.#connections.get(endpoint);
    if (maker.open) this.#send(parcel, maker, { probe: false });
    else if (again?.open === true) this.#send(parcel, again, { probe: true });
    else this.#wait(parcel);
    return maker.open || again?.open === true ? 'sent' : 'waits';
  }

  /** A provider is there (again): it gets what waits for it, and is asked whether it knows what that is. */
  deliver(provider: Provider): void {
    this.#connections.set(provider.endpoint, provider);
    const due = this.#waiting.filter(({ endpoint }) => endpoint === provider.endpoint);
    this.#waiting = this.#waiting.filter(({ endpoint }) => endpoint !== provider.endpoint);
    for (const parcel of due) this.#send(parcel, provider, { probe: true });
  }

  /** A connection has ended: what went out over it just now may not have arrived, and waits again. */
  disconnected(provider: Provider): void {
    const nowMs = this.#clock.now();
    const over = this.#sent.filter((sent) => sent.provider === provider);
    this.#sent = this.#sent.filter((sent) => sent.provider !== provider);
    for (const { parcel, doubtfulUntilMs } of over) {
      if (doubtfulUntilMs === undefined || nowMs < doubtfulUntilMs) this.#wait(parcel);
    }
  }

  /** Time passes: what has waited too long is lost. */
  tick(): void {
    const nowMs = this.#clock.now();
    this.#sent = this.#sent.filter(({ doubtfulUntilMs }) => doubtfulUntilMs === undefined || nowMs < doubtfulUntilMs);
    const isOld = ({ sinceMs }: Parcel): boolean => nowMs - sinceMs >= TEMPLATE_SOURCE_LIMITS.waitingSolutionMs;
    const old = this.#waiting.filter(isOld);
    if (old.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !isOld(each));
    for (const { solution } of old) this.#onLost(solution, 'expired');
  }

  /**
   * A provider has answered a probe. @param transactions undefined: it does not know the template
   * @returns the number of solutions that it can use
   */
  answered(solutions: readonly Solution[], transactions: readonly Uint8Array[] | undefined): number {
    this.#sent = this.#sent.filter(({ parcel }) => !solutions.includes(parcel.solution));
    let usable = 0;
    for (const solution of solutions) {
      const template = templateOf(solution);
      if (template !== undefined && transactions !== undefined && isOf(transactions, template)) usable += 1;
      else this.#onLost(solution, 'forgotten');
    }
    return usable;
  }

  #send(parcel: Parcel, provider: Provider, { probe }: { readonly probe: boolean }): void {
    provider.submit(parcel.message);
    if (probe) provider.probe(parcel.message.templateId, parcel.solution);
    const doubtfulUntilMs = probe ? undefined : this.#clock.now() + TEMPLATE_SOURCE_LIMITS.doubtfulSolutionMs;
    this.#sent.push({ parcel, provider, doubtfulUntilMs });
    if (this.#sent.length > TEMPLATE_SOURCE_LIMITS.waitingSolutions) this.#sent.shift();
  }

  #wait(parcel: Parcel): void {
    this.#waiting.push(parcel);
    if (this.#waiting.length <= TEMPLATE_SOURCE_LIMITS.waitingSolutions) return;
    const crowdedOut = this.#waiting.shift();
    if (crowdedOut !== undefined) this.#onLost(crowdedOut.solution, 'crowded-out');
  }
}

/** A restarted provider may have given the same id to another template. */
function isOf(transactions: readonly Uint8Array[], { merklePath }: WorkTemplate): boolean {
  try {
    const path = merklePathOf(transactions.map((transaction) => parseTransaction(transaction).txid));
    return path.length === merklePath.length && path.every((hash, index) => sameBytes(hash, merklePath[index] ?? hash));
  } catch (error) {
    if (error instanceof BitcoinError) return false;
    throw error;
  }
}
