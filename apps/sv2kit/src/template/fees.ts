import { displayHash, parseTransaction } from '@sv2kit/bitcoin';
import type { MinersNode } from './miners-node.ts';
import type { TemplateTransaction } from './snapshot.ts';

/** Transactions looked up, at most: a node answers some thousand questions a second. */
const MAX_LOOKED_UP = 1_000;
const AT_ONCE = 16;

/**
 * The fees of transactions of which only the bytes are known: as the node's mempool says, or what their inputs bring
 * less what their outputs take. Those that the node cannot tell are left out.
 *
 * @param context where inputs may come from beside the chain
 */
export async function lookUpFees(
  wanted: readonly TemplateTransaction[],
  context: readonly TemplateTransaction[],
  node: MinersNode,
): Promise<Map<string, bigint>> {
  const beside = new Map(context.map((entry) => [entry.txid, entry] as const));
  const fees = new Map<string, bigint>();
  const queue = wanted.slice(0, MAX_LOOKED_UP);
  const work = async (): Promise<void> => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      const fee = (await node.mempoolEntry(entry.txid))?.fee ?? (await reckon(entry, beside, node));
      if (fee !== undefined) fees.set(entry.txid, fee);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return fees;
}

async function reckon(
  { data }: TemplateTransaction,
  beside: ReadonlyMap<string, TemplateTransaction>,
  node: MinersNode,
): Promise<bigint | undefined> {
  if (data === undefined) return undefined;
  const { inputs, outputs } = parseTransaction(data);
  let fee = -outputs.reduce((sum, { value }) => sum + value, 0n);
  for (const { prevTxid, prevIndex } of inputs) {
    const txid = displayHash(prevTxid);
    const parent = beside.get(txid)?.data;
    const value =
      parent === undefined ? await node.unspent(txid, prevIndex) : parseTransaction(parent).outputs[prevIndex]?.value;
    if (value === undefined) return undefined;
    fee += value;
  }
  return fee;
}
