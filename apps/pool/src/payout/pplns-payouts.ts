import { difficultyFromTarget, sameBytes, type TxOut } from '@sv2kit/bitcoin';
import type { Condition } from '@sv2kit/daemon';
import type { Distribution } from '@sv2kit/ledger';
import type { Payout, Tip } from '@sv2kit/mining';
import {
  encodeSplit,
  type OutputLimits,
  outputLimits,
  type PayoutTerms,
  scaleWeights,
  scriptOfAccount,
  Split,
  type User,
} from '@sv2kit/payout';
import { POOL_LIMITS } from '../limits.ts';
import type { Payouts, PayoutsDeps } from './payouts.ts';

/** Of a coinbase, in satoshis, before there has been one. */
const USUAL_VALUE = 312_500_000n;

interface Current {
  readonly split: Split;
  readonly splitId: number;
  /** Last record that it counts. */
  readonly position: number;
  readonly accounts: number;
  readonly sinceMs: number;
}

/**
 * Blocks pay by the work of a window (PPLNS). Coinbases pay the largest accounts directly: the split that they are made by is
 * looked up at every new tip and now and then, and recorded before the first job that carries it. While it cannot be looked up
 * the last one stays; before there is one everything goes to the pool's output, which owes it.
 */
export class PplnsPayouts implements Payouts {
  readonly terms: PayoutTerms;
  readonly constraints: Payouts['constraints'];
  readonly #limits: OutputLimits;
  readonly #deps: PayoutsDeps;
  readonly #condition: Condition;
  readonly #payout: Payout;
  readonly #scripts = new Map<string, Uint8Array | undefined>();
  #networkDifficulty: number | undefined;
  #current: Current | undefined;
  #lastEntries: Uint8Array | undefined;
  /** Of the coinbase that outputs were last made for. */
  #value = 0n;
  #splitId = 0;
  #asking = false;
  #askAgain = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** The last question was not answered. */
  #isLate = false;

  constructor(terms: PayoutTerms, limits: Pick<OutputLimits, 'leastOutput' | 'mostOutputs'>, deps: PayoutsDeps) {
    this.terms = terms;
    this.#deps = deps;
    this.#limits = outputLimits(terms.poolScript, limits);
    this.#condition = deps.condition();
    // Before there is work there is nothing to share out: no reason to be anything but well.
    this.#condition.ok();
    this.constraints = {
      coinbaseOutputMaxAdditionalSize: this.#limits.mostBytes,
      coinbaseOutputMaxAdditionalSigops: this.#limits.mostSigops,
    };
    this.#payout = { id: 'pplns', outputs: (value) => this.#outputs(value) };
  }

  payoutOf(user: User): Payout | undefined {
    return user.kind === 'malformed' ? undefined : this.#payout;
  }

  tip({ target }: Pick<Tip, 'target'>): void {
    this.#networkDifficulty = difficultyFromTarget(target);
    this.#refresh();
  }

  tick(): void {
    const { splitAgainMs, splitRefreshMs, splitBytesPerSecond } = POOL_LIMITS;
    const usualMs = Math.max(splitRefreshMs, ((this.#lastEntries?.length ?? 0) / splitBytesPerSecond) * 1000);
    const waitMs = this.#isLate ? splitAgainMs : usualMs;
    if (Math.abs(this.#deps.clock.now() - this.#askedAtMs) >= waitMs) this.#refresh();
  }

  status(): Readonly<Record<string, unknown>> {
    const { mode, feePpm, window } = this.terms;
    const current = this.#current;
    const split =
      current === undefined
        ? null
        : {
            splitId: current.splitId,
            position: current.position,
            accounts: current.accounts,
            outputs: this.#outputs(this.#value).length,
            sinceMs: current.sinceMs,
          };
    return { mode, feePercent: feePpm / 10_000, window, split };
  }

  #outputs(value: bigint): readonly TxOut[] {
    this.#value = value;
    return this.#current?.split.of(value).outputs ?? [{ value, script: this.terms.poolScript }];
  }

  /** One question at a time; what comes meanwhile is asked behind it. */
  #refresh(): void {
    const networkDifficulty = this.#networkDifficulty;
    if (networkDifficulty === undefined) return;
    this.#askedAtMs = this.#deps.clock.now();
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    void this.#ask(networkDifficulty).finally(() => {
      this.#asking = false;
      if (!this.#askAgain) return;
      this.#askAgain = false;
      this.#refresh();
    });
  }

  async #ask(networkDifficulty: number): Promise<void> {
    const { log, projection, distribution } = this.#deps;
    try {
      const { kind } = projection();
      // A database that catches up knows old work only.
      if (kind !== 'ok') return this.#keep(`the database is ${kind}`);
      const { window } = this.terms;
      this.#take(await distribution({ window, networkDifficulty }), networkDifficulty);
      this.#isLate = false;
      this.#condition.ok();
    } catch (error) {
      this.#keep(error instanceof Error ? error.message : String(error));
      log.debug('the split of coinbases could not be looked up', { error });
    }
  }

  #keep(reason: string): void {
    const isFirst = !this.#isLate;
    this.#isLate = true;
    if (this.#current !== undefined) return this.#condition.lacking(`coinbases keep their last split: ${reason}`);
    // A pool that starts has its database look at the journal first: no news unless that takes a while.
    if (!isFirst) this.#condition.lacking(`coinbases pay the pool alone, no split is known yet: ${reason}`);
  }

  #take({ weights: exact, position }: Distribution, networkDifficulty: number): void {
    const { terms } = this;
    const weights = scaleWeights(exact);
    if (weights.length === 0) return;
    const limits = this.#limits;
    const entries = encodeSplit({ limits, networkDifficulty, weights }, terms.chain);
    if (this.#lastEntries !== undefined && sameBytes(entries, this.#lastEntries)) return;
    const split = new Split({ terms, limits, weights, scriptOf: (account) => this.#scriptOf(account) });
    // Where nobody is paid directly, jobs are what they were.
    if (this.#current === undefined && this.#paysNobody(split)) return;
    const { journal, clock, log, renew } = this.#deps;
    const timeMs = clock.now();
    const splitId = this.#splitId + 1;
    const value = this.#value;
    const recorded = journal.append({ type: 'PayoutSplit', timeMs, splitId, position, value, entries });
    if (!Number.isFinite(recorded)) return;
    this.#splitId = splitId;
    this.#lastEntries = entries;
    this.#current = { split, splitId, position, accounts: weights.length, sinceMs: timeMs };
    log.debug('coinbases pay by another split', { splitId, position, accounts: weights.length });
    renew();
  }

  #paysNobody(split: Split): boolean {
    return split
      .of(this.#value > 0n ? this.#value : USUAL_VALUE)
      .outputs.every(({ script }) => sameBytes(script, this.terms.poolScript));
  }

  /** Addresses are decoded once. */
  #scriptOf(account: string): Uint8Array | undefined {
    if (!this.#scripts.has(account)) {
      if (this.#scripts.size >= POOL_LIMITS.knownScripts) this.#scripts.clear();
      this.#scripts.set(account, scriptOfAccount(account, this.terms.chain));
    }
    return this.#scripts.get(account);
  }
}
