import { countSigops, type TxOut } from '@sv2kit/bitcoin';
import type { Due } from './dues.ts';
import { dustLimit, outputSize } from './dust.ts';

/** What the outputs of a coinbase may take. */
export interface OutputLimits {
  /** Satoshis below which an account is owed instead of paid directly; the dust limit of its script where that is more. */
  readonly leastOutput: bigint;
  /** The pool's own included. */
  readonly mostOutputs: number;
  /** Of all outputs together, as CoinbaseOutputConstraints ask for them (§7.1). */
  readonly mostBytes: number;
  /** Likewise, in sigop cost. */
  readonly mostSigops: number;
}

/** Of an output by a Taproot or P2WSH address: the largest that are in use. */
const COMMON_OUTPUT = 43;
/** Of an output by the longest address that there can be. */
const LARGEST_OUTPUT = 51;
/** Sigop cost of a P2PKH output: the most that an address can have. */
const ADDRESS_SIGOPS = 4;

/** Limits for so many outputs by addresses in use today; larger ones find room where others are smaller. One finds room in any case. */
export function outputLimits(
  poolScript: Uint8Array,
  { leastOutput, mostOutputs }: Pick<OutputLimits, 'leastOutput' | 'mostOutputs'>,
): OutputLimits {
  const users = Math.max(0, mostOutputs - 1);
  return {
    leastOutput,
    mostOutputs,
    mostBytes: outputSize(poolScript) + Math.max(users * COMMON_OUTPUT, users > 0 ? LARGEST_OUTPUT : 0),
    mostSigops: countSigops(poolScript) * 4 + users * ADDRESS_SIGOPS,
  };
}

export interface OutputRequest {
  /** Who is to be paid, the first first. */
  readonly dues: readonly Due[];
  /** The script that pays an account; undefined where it cannot be paid in a coinbase. Asked as far as there is room. */
  scriptOf(account: string): Uint8Array | undefined;
  /** Satoshis of the coinbase, all of which are paid. */
  readonly value: bigint;
  readonly poolScript: Uint8Array;
  /** The account that the pool's own output pays, where users may name it. */
  readonly poolAccount: string | undefined;
  readonly limits: OutputLimits;
}

/** A due, and what of it a coinbase pays. */
export interface SettledDue extends Due {
  /** Satoshis, at most the amount. */
  readonly direct: bigint;
}

/** Outputs of a coinbase, and what becomes of dues by them. */
export interface OutputSplit {
  /** The pool's own first, where it has one. Their sum is the value. */
  readonly outputs: readonly TxOut[];
  /** In the order given. What is not paid directly is owed by the pool's output. */
  readonly entries: readonly SettledDue[];
  /** What the pool leaves to the first account, because its own output would be dust: on top of that one's due. */
  readonly forgone: bigint;
}

/** An output of an account. */
interface Slot {
  readonly index: number;
  readonly script: Uint8Array;
  readonly value: bigint;
}

/**
 * Makes dues into outputs that sum to the value: in the order given, as many as there is room for. What falls out (too
 * small, too many, or no address) is owed by the pool's output. No output is dust, unless the whole value is: a pool whose
 * own part would be dust leaves it to the first account, or pays one account less directly where it owes some of it.
 *
 * @throws RangeError when the dues are more than the value
 */
export function splitOutputs(request: OutputRequest): OutputSplit {
  const { dues, value, poolScript, poolAccount } = request;
  const owed = dues.reduce((sum, { amount }) => sum + amount, 0n);
  if (owed > value) throw new RangeError(`${owed} satoshis are due of ${value}`);
  const slots = takeSlots(request);
  const paid = slots.reduce((sum, slot) => sum + slot.value, 0n);
  let rest = value - paid;
  // What the pool owes of its output, and what the pool pays itself with it, it cannot leave to another.
  let bound = owed - paid;
  const dust = dustLimit(poolScript);
  while (rest > 0n && rest < dust && bound > 0n) {
    const slot = slots.pop();
    if (slot === undefined) break;
    rest += slot.value;
    bound += slot.value;
  }
  const forgone = slots.length > 0 && rest < dust ? rest : 0n;
  const extra = (i: number): bigint => (i === 0 ? forgone : 0n);
  const outputs = slots.map(({ script, value: amount }, i) => ({ value: amount + extra(i), script }));
  if (rest > forgone || slots.length === 0) outputs.unshift({ value: rest - forgone, script: poolScript });
  const entries = dues.map(({ account, amount }): SettledDue => {
    return { account, amount, direct: account === poolAccount ? amount : 0n };
  });
  for (const [i, slot] of slots.entries()) {
    const amount = slot.value + extra(i);
    entries[slot.index] = { account: dues[slot.index]?.account ?? '', amount, direct: amount };
  }
  return { outputs, entries, forgone };
}

/** As many as there is room for beside the pool's own output. */
function takeSlots({ dues, scriptOf, poolScript, poolAccount, limits }: OutputRequest): Slot[] {
  const slots: Slot[] = [];
  let bytes = limits.mostBytes - outputSize(poolScript);
  let sigops = limits.mostSigops - countSigops(poolScript) * 4;
  for (const [index, { account, amount }] of dues.entries()) {
    if (slots.length + 1 >= limits.mostOutputs) break;
    if (account === poolAccount || amount < limits.leastOutput) continue;
    const script = scriptOf(account);
    if (script === undefined || amount < dustLimit(script)) continue;
    const size = outputSize(script);
    const cost = countSigops(script) * 4;
    if (size > bytes || cost > sigops) continue;
    bytes -= size;
    sigops -= cost;
    slots.push({ index, script, value: amount });
  }
  return slots;
}
