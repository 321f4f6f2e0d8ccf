import { displayHash, parseTransaction } from '@sv2kit/bitcoin';
import { Fields } from '../../rpc/fields.ts';
import { LIMITS } from '../../limits.ts';
import type { BatchAnswer } from '../../rpc/answer.ts';
import type { CallOptions } from '../../rpc/rpc-client.ts';
import { type CheckedTransaction, type HashKey, hashKey } from '../checked-transaction.ts';

/** Who can be asked many things at once. */
export interface FeeSource {
  /** @throws RpcError, IpcError */
  batch(method: string, params: readonly (readonly unknown[])[], options: CallOptions): Promise<readonly BatchAnswer[]>;
}

/** An output that the block spends and does not make. */
interface Spent {
  readonly shownTxid: string;
  readonly index: number;
  /** Which of the transactions spends it. */
  readonly by: number;
}

/**
 * Fills in the fees of those transactions of a valid block whose fee is not known: inputs less outputs. What is spent
 * was made in the same block, or is asked of the node.
 *
 * @param tipHash of the tip that the block is valid on, as the node shows it
 * @param most how many outputs may be asked for: fees that take more stay unknown
 * @returns false when the node's tip is another by now, so that nothing can be said
 * @throws RpcError, IpcError
 */
export async function fillFees(
  source: FeeSource,
  transactions: readonly CheckedTransaction[],
  tipHash: string,
  signal: AbortSignal,
  most = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  const unknown = transactions.filter(({ fee }) => fee === undefined).slice(0, most);
  if (unknown.length === 0) return true;
  const byTxid = new Map<HashKey, CheckedTransaction>(transactions.map((one) => [one.txid, one]));
  const outputs = new OutputValues(byTxid);
  const sums = unknown.map(() => 0n);
  const asked: Spent[] = [];
  const found: number[] = [];
  for (const [by, { data }] of unknown.entries()) {
    const parsed = parseTransaction(data);
    if (asked.length + parsed.inputs.length > most) continue;
    found.push(by);
    for (const { value } of parsed.outputs) sums[by] = (sums[by] ?? 0n) - value;
    for (const { prevTxid, prevIndex: index } of parsed.inputs) {
      const value = outputs.value(hashKey(prevTxid), index);
      if (value === undefined) asked.push({ shownTxid: displayHash(prevTxid), index, by });
      else sums[by] = (sums[by] ?? 0n) + value;
    }
  }
  if (!(await addAsked(source, asked, sums, tipHash, signal))) return false;
  for (const by of found) {
    const transaction = unknown[by];
    if (transaction !== undefined) transaction.fee = Number(sums[by] ?? 0n);
  }
  return true;
}

async function addAsked(
  source: FeeSource,
  asked: readonly Spent[],
  sums: bigint[],
  tipHash: string,
  signal: AbortSignal,
): Promise<boolean> {
  const method = 'gettxout';
  const options = { signal, timeoutMs: LIMITS.checkTimeoutMs, maxBytes: LIMITS.maxTemplateAnswer, lane: 'check' };
  for (let start = 0; start < asked.length; start += LIMITS.maxBatch) {
    const part = asked.slice(start, start + LIMITS.maxBatch);
    // Without the mempool: an output that something there spends is still there for a block.
    const params = part.map(({ shownTxid, index }) => [shownTxid, index, false]);
    const answers = await source.batch(method, params, options);
    for (const [index, { by }] of part.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'error') throw answer.error;
      // The block was valid a moment ago: spent since then by a block.
      if (answer === undefined || answer.value === null) return false;
      const fields = new Fields(method, answer.value);
      if (fields.text('bestblock') !== tipHash) return false;
      sums[by] = (sums[by] ?? 0n) + BigInt(fields.satoshis('value'));
    }
  }
  return true;
}

/** Values of outputs that the block itself makes. */
class OutputValues {
  readonly #byTxid: ReadonlyMap<HashKey, CheckedTransaction>;
  readonly #parsed = new Map<HashKey, readonly { readonly value: bigint }[]>();

  constructor(byTxid: ReadonlyMap<HashKey, CheckedTransaction>) {
    this.#byTxid = byTxid;
  }

  value(txid: HashKey, index: number): bigint | undefined {
    const transaction = this.#byTxid.get(txid);
    if (transaction === undefined) return undefined;
    let outputs = this.#parsed.get(txid);
    if (outputs === undefined) this.#parsed.set(txid, (outputs = parseTransaction(transaction.data).outputs));
    return outputs[index]?.value;
  }
}
