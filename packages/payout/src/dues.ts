import { POOL_ACCOUNT, type Weight } from './types.ts';

const MILLION = 1_000_000n;

/** What a block owes one account. */
export interface Due {
  readonly account: string;
  /** Satoshis. */
  readonly amount: bigint;
}

/** A block's revenue shared out: the fee, what was donated and all amounts together are the revenue, to the satoshi. */
export interface Dues {
  /** In order of what accounts get, the most first; amounts above 0. */
  readonly entries: readonly Due[];
  /** The pool's part of the revenue, rounded down. */
  readonly fee: bigint;
  /** What users gave to the pool, and what its own work earned. */
  readonly donated: bigint;
}

/** The pool's fee, rounded down. @param feePpm millionths of the revenue */
export function feeOf(revenue: bigint, feePpm: number): bigint {
  return (revenue * BigInt(feePpm)) / MILLION;
}

interface Account {
  readonly account: string;
  readonly parts: Weight[];
  /** What is left of its work after donations, times 100. */
  readonly net: bigint;
}

/**
 * Weights in the order in which satoshis are handed out: made once for a window, used for every value of a coinbase. The
 * order in which weights are given makes no difference.
 */
export class Shares {
  readonly #accounts: readonly Account[];
  readonly #total: bigint;

  /** @throws RangeError when a weight is negative, or a donation is no percentage */
  constructor(weights: readonly Weight[]) {
    this.#accounts = merge(weights);
    this.#total = weights.reduce((sum, { work }) => sum + work, 0n);
  }

  /**
   * Shares revenue out: the fee first, then to each by work, rounded down; single satoshis left by the rounding go to the
   * first accounts, one for each. Where nobody has worked the pool gets everything.
   */
  dues(revenue: bigint, feePpm: number): Dues {
    if (this.#total === 0n) return { entries: [], fee: revenue, donated: 0n };
    const fee = feeOf(revenue, feePpm);
    const net = revenue - fee;
    const gross = this.#accounts.map(({ parts }) => parts.map(({ work }) => (net * work) / this.#total));
    let left = gross.flat().reduce((rest, amount) => rest - amount, net);
    const entries: Due[] = [];
    let donated = 0n;
    for (const [i, { account, parts }] of this.#accounts.entries()) {
      let amount = 0n;
      for (const [j, { donation }] of parts.entries()) {
        const spare = left > 0n ? 1n : 0n;
        left -= spare;
        const part = (gross[i]?.[j] ?? 0n) + spare;
        const gift = account === POOL_ACCOUNT ? part : (part * BigInt(donation)) / 100n;
        donated += gift;
        amount += part - gift;
      }
      if (amount > 0n) entries.push({ account, amount });
    }
    return { entries, fee, donated };
  }
}

/** By what is left to them, the most first; those with as much in order of their names. */
function merge(weights: readonly Weight[]): Account[] {
  const byName = new Map<string, Map<number, bigint>>();
  for (const { account, donation, work } of weights) {
    if (work < 0n) throw new RangeError(`${account} cannot have done ${work} of work`);
    if (!Number.isInteger(donation) || donation < 0 || donation > 100) throw new RangeError(`${donation} % donated`);
    const parts = byName.get(account) ?? new Map<number, bigint>();
    parts.set(donation, (parts.get(donation) ?? 0n) + work);
    byName.set(account, parts);
  }
  const accounts = [...byName].map(([account, sums]): Account => {
    const parts = [...sums].map(([donation, work]) => ({ account, donation, work }));
    parts.sort((a, b) => a.donation - b.donation);
    const net = parts.reduce((sum, { donation, work }) => sum + work * BigInt(100 - donation), 0n);
    return { account, parts, net };
  });
  return accounts.sort((a, b) => {
    if (a.net !== b.net) return a.net > b.net ? -1 : 1;
    return a.account < b.account ? -1 : 1;
  });
}
