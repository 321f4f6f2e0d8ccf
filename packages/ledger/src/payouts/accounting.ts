import { addressFromScript, sameBytes, type TxOut } from '@sv2kit/bitcoin';
import {
  accountOf,
  decodeSplit,
  type Due,
  type PayoutTerms,
  POOL_ACCOUNT,
  type SettledDue,
  Shares,
  Split,
  SplitError,
  type Window,
  windowWork,
} from '@sv2kit/payout';

/** What is known of a found block. */
export interface BlockFacts {
  /** Of its coinbase. */
  readonly outputs: readonly TxOut[];
  /** Whose template it is, as BlockFound says. */
  readonly path: string;
  /** The identity of the channel that found it, as text. */
  readonly user: string;
  readonly networkDifficulty: number;
}

/** A split that was recorded before the block. */
export interface EarlierSplit {
  readonly position: number;
  readonly entries: Uint8Array;
}

/** Where the accounting looks things up. */
export interface AccountingSources {
  /** Splits of the block's own run, the latest first. */
  splits(): Iterable<EarlierSplit> | AsyncIterable<EarlierSplit>;
  /** The work that was recorded before the block, as much as wanted. */
  window(wanted: bigint): Window | Promise<Window>;
}

/** By what a block's revenue was shared out. */
export type OwedBy = 'pool' | 'solo' | 'split' | 'window';

/** A block's revenue shared out: all amounts, the fee and the donations, less what is forgone, are the revenue. */
export interface Accounting {
  readonly owedBy: OwedBy;
  /** Satoshis that the coinbase pays the pool and its users. */
  readonly revenue: bigint;
  readonly fee: bigint;
  readonly donated: bigint;
  /** What the coinbase pays users beyond what is due to them. */
  readonly forgone: bigint;
  /** Position of the split that the coinbase shows. */
  readonly split: number | undefined;
  /** Work of the window. */
  readonly windowWork: bigint | undefined;
  readonly entries: readonly SettledDue[];
}

/** The template of the pool itself: the whole coinbase is its own making. */
const OWN_TEMPLATE = 'pool-template';

/**
 * What a block owes whom. The same facts give the same answer, whenever it is asked: when the block is projected, and when
 * it is audited.
 */
export async function accountFor(
  facts: BlockFacts,
  terms: PayoutTerms,
  sources: AccountingSources,
): Promise<Accounting> {
  const isOwn = facts.path === OWN_TEMPLATE;
  const outputs = facts.outputs.filter(({ value }) => value > 0n);
  const paying = isOwn ? outputs : outputs.filter(({ script }) => sameBytes(script, terms.poolScript));
  const revenue = paying.reduce((sum, { value }) => sum + value, 0n);
  const plain = { revenue, split: undefined, windowWork: undefined };
  if (terms.mode === 'pool') return { ...plain, owedBy: 'pool', fee: revenue, donated: 0n, forgone: 0n, entries: [] };
  if (terms.mode === 'solo') {
    const weights = [{ ...accountOf(facts.user, terms.chain), work: 1n }];
    const dues = new Shares(weights).dues(revenue, terms.feePpm);
    return { ...plain, owedBy: 'solo', ...dues, ...settle(dues.entries, paying, terms) };
  }
  const shown = isOwn ? await shownSplit(outputs, revenue, terms, sources) : undefined;
  if (shown !== undefined) return { ...shown, windowWork: undefined };
  const window = await sources.window(windowWork(terms.window, facts.networkDifficulty));
  const dues = new Shares(window.weights).dues(revenue, terms.feePpm);
  return {
    ...plain,
    owedBy: 'window',
    windowWork: window.work,
    ...dues,
    ...settle(dues.entries, paying, terms),
  };
}

/** The latest split whose outputs are the coinbase's. One that pays nobody directly cannot be told by its outputs. */
async function shownSplit(
  outputs: readonly TxOut[],
  revenue: bigint,
  terms: PayoutTerms,
  { splits }: AccountingSources,
): Promise<Omit<Accounting, 'windowWork'> | undefined> {
  if (outputs.every(({ script }) => sameBytes(script, terms.poolScript))) return undefined;
  for await (const { position, entries: recorded } of splits()) {
    const rule = readSplit(recorded, terms);
    if (rule === undefined) continue;
    const { outputs: own, ...split } = rule.of(revenue);
    if (sameOutputs(own, outputs)) return { owedBy: 'split', revenue, split: position, ...split };
  }
  return undefined;
}

function readSplit(entries: Uint8Array, terms: PayoutTerms): Split | undefined {
  try {
    return new Split({ terms, ...decodeSplit(entries, terms.chain) });
  } catch (error) {
    if (error instanceof SplitError) return undefined;
    throw error;
  }
}

function sameOutputs(a: readonly TxOut[], b: readonly TxOut[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ value, script }, i) => {
      const other = b[i];
      return other !== undefined && value === other.value && sameBytes(script, other.script);
    })
  );
}

/**
 * What of dues the coinbase's outputs pay. Whoever is paid more, or is owed nothing, has that as a due too: it is paid, and the
 * pool has gone without.
 */
function settle(
  due: readonly Due[],
  outputs: readonly TxOut[],
  { poolScript, chain }: PayoutTerms,
): Pick<Accounting, 'entries' | 'forgone'> {
  const paid = new Map<string, bigint>();
  for (const { script, value } of outputs) {
    if (sameBytes(script, poolScript)) continue;
    const account = addressFromScript(script, chain) ?? POOL_ACCOUNT;
    if (account !== POOL_ACCOUNT) paid.set(account, (paid.get(account) ?? 0n) + value);
  }
  const own = addressFromScript(poolScript, chain);
  let forgone = 0n;
  const entries = due.map(({ account, amount }): SettledDue => {
    const got = account === own ? amount : (paid.get(account) ?? 0n);
    paid.delete(account);
    if (got > amount) forgone += got - amount;
    return { account, amount: got > amount ? got : amount, direct: got };
  });
  for (const [account, got] of paid) {
    forgone += got;
    entries.push({ account, amount: got, direct: got });
  }
  return { entries, forgone };
}
