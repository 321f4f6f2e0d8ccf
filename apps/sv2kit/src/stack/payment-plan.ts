import { displayHash, type TxOut } from '@sv2kit/bitcoin';
import { ANYBODYS, build, type Coin, type Side } from './payment-transaction.ts';

/** A transaction to be sent. */
export interface Payment {
  /** As explorers show it. */
  readonly txid: string;
  readonly hex: string;
  /** Satoshis. */
  readonly fee: bigint;
  readonly spends: readonly Coin[];
  /** What can be spent again. */
  readonly change: readonly Coin[];
  /** Whose node is given it. */
  readonly to: Side;
  /** That node keeps it out of its own templates for some blocks; whatever spends from it stays out as well. */
  readonly isHeldBack: boolean;
}

/** A number from 0 to below 1. */
export type Random = () => number;

/** So many coins are enough for a while: a reward is not split. */
const COINS_ENOUGH = 40;
const SPLIT_INTO = 12;
const MOST_AT_ONCE = 6;
/** A coin below that pays for nothing. */
export const SMALLEST_COIN = 100_000n;
const SMALLEST_PAYMENT = 10_000;
const LARGEST_PAYMENT = 50_000_000;
/** Satoshis a virtual byte. */
const [LOWEST_RATE, HIGHEST_RATE] = [2, 60];
/** A payment in so many is held back by the node that it is given to. */
const HELD_BACK = 1 / 6;

/** How many outputs a payment has beside its change: mostly one or two, now and then many. */
const OUTPUTS = [1, 1, 1, 2, 2, 3, 5, 12, 40];
/** How many coins it spends. */
const INPUTS = [1, 1, 1, 2, 3];
/** Prefix, length of a hash, suffix: what is paid to nobody. */
const KINDS = [
  ['0014', 20, ''],
  ['0014', 20, ''],
  ['5120', 32, ''],
  ['76a914', 20, '88ac'],
  ['a914', 20, '87'],
  ['0020', 32, ''],
] as const;

/**
 * The next few payments. The newest coins are spent last, but for a payment that spends from the one before it.
 *
 * @param coins may be spent now, the oldest first
 * @param room how many more transactions there may be
 * @param sides whose nodes there are; with one alone nothing is held back
 */
export function planPayments(
  coins: readonly Coin[],
  room: number,
  sides: readonly Side[],
  random: Random,
): readonly Payment[] {
  const left = coins.filter(({ value }) => value >= SMALLEST_COIN);
  const payments: Payment[] = [];
  if (room > 0 && left.length > 0 && left.length < COINS_ENOUGH) {
    const largest = left.reduce((most, coin) => (coin.value > most.value ? coin : most));
    left.splice(left.indexOf(largest), 1);
    payments.push(split(largest, sides, random));
  }
  const count = Math.min(room, 1 + Math.floor(random() * MOST_AT_ONCE));
  while (payments.length < count) {
    const parent = payments.at(-1);
    const chained = parent !== undefined && !parent.isHeldBack && random() < 1 / 3 ? parent.change.slice(-1) : [];
    const inputs = [...chained, ...left.splice(0, Math.max(1, pick(INPUTS, random) - chained.length))];
    if (inputs.length === 0) break;
    const to = chained.length > 0 && parent !== undefined ? parent.to : pick(sides, random);
    const isHeldBack = sides.length > 1 && chained.length === 0 && random() < HELD_BACK;
    payments.push(pay(inputs, { to, isHeldBack }, random));
  }
  return withoutSpent(payments);
}

/** A reward in equal parts, all of which can be spent again. */
function split(coin: Coin, sides: readonly Side[], random: Random): Payment {
  const outputs = Array.from({ length: SPLIT_INTO }, () => ({ value: 0n, script: ANYBODYS.pool }));
  const { fee } = costOf([coin], outputs, random);
  const value = (coin.value - fee) / BigInt(SPLIT_INTO);
  const parts = outputs.map(({ script }) => ({ script, value }));
  return payment([coin], parts, { to: pick(sides, random), isHeldBack: false }, SPLIT_INTO);
}

function pay(coins: readonly Coin[], how: Pick<Payment, 'to' | 'isHeldBack'>, random: Random): Payment {
  const total = sum(coins);
  const count = pick(OUTPUTS, random);
  const paid = Array.from({ length: count }, () => ({ value: 0n, script: nobodys(random) }));
  const change = { value: 0n, script: ANYBODYS.pool };
  const { fee, size } = costOf(coins, [...paid, change], random);
  const most = Number(total - fee) / 2 / count;
  // Too little to pay so many: it is put together with what else there is.
  if (most < SMALLEST_PAYMENT) {
    const kept = BigInt(Math.min(size * LOWEST_RATE, Number(total / 2n)));
    return payment(coins, [{ ...change, value: total - kept }], how, 1);
  }
  const outputs = paid.map(({ script }) => ({
    script,
    value: BigInt(amount(Math.min(most, LARGEST_PAYMENT), random)),
  }));
  return payment(coins, [...outputs, { ...change, value: total - fee - sum(outputs) }], how, 1);
}

/** @param changes how many of the last outputs can be spent again */
function payment(
  spends: readonly Coin[],
  outputs: readonly TxOut[],
  how: Pick<Payment, 'to' | 'isHeldBack'>,
  changes: number,
): Payment {
  const { bytes, txid } = build(spends, outputs);
  const shown = displayHash(txid);
  const coins = outputs.map(({ value }, index): Coin => ({ txid: shown, index, value, side: 'pool' }));
  return {
    txid: shown,
    hex: Buffer.from(bytes).toString('hex'),
    fee: sum(spends) - sum(outputs),
    spends,
    change: coins.slice(-changes),
    ...how,
  };
}

/** Change that is spent by the next payment is not there any more. */
function withoutSpent(payments: readonly Payment[]): readonly Payment[] {
  const spent = new Set(payments.flatMap(({ spends }) => spends));
  return payments.map((each) => ({ ...each, change: each.change.filter((coin) => !spent.has(coin)) }));
}

/** A fee rate is as likely from 2 to 4 as from 20 to 40. */
function costOf(coins: readonly Coin[], outputs: readonly TxOut[], random: Random) {
  const size = build(coins, outputs).virtualSize;
  const rate = LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** random();
  return { size, fee: BigInt(Math.min(Math.ceil(size * rate), Number(sum(coins) / 2n))) };
}

function amount(most: number, random: Random): number {
  return Math.floor(SMALLEST_PAYMENT * (most / SMALLEST_PAYMENT) ** random());
}

function nobodys(random: Random): Uint8Array {
  const [prefix, length, suffix] = pick(KINDS, random);
  const hash = Uint8Array.from({ length }, () => Math.floor(random() * 256));
  return Uint8Array.from(Buffer.concat([Buffer.from(prefix, 'hex'), hash, Buffer.from(suffix, 'hex')]));
}

function pick<T>(from: readonly T[], random: Random): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new TypeError('there is nothing to pick from');
  return picked;
}

function sum(values: readonly { readonly value: bigint }[]): bigint {
  return values.reduce((total, { value }) => total + value, 0n);
}
