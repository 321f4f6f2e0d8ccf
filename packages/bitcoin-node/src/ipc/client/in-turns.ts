import { tooLarge } from './failures.ts';
import { IPC_LIMITS } from './limits.ts';

/**
 * Transactions by their ids, some at a time, so that no answer is larger than a message may be. They are copies, in the
 * order asked; undefined where the answer is empty.
 *
 * @throws IpcError `too-large` when they are more bytes than `maxBytes`
 */
export async function fetchInTurns(
  ask: (ids: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>,
  ids: readonly Uint8Array[],
  maxBytes: number,
): Promise<(Uint8Array | undefined)[]> {
  const found: (Uint8Array | undefined)[] = [];
  let bytes = 0;
  for (let start = 0; start < ids.length; start += IPC_LIMITS.transactionsPerCall) {
    const asked = ids.slice(start, start + IPC_LIMITS.transactionsPerCall);
    const answer = await ask(asked);
    for (const index of asked.keys()) {
      const data = answer[index];
      bytes += data?.length ?? 0;
      found.push(data === undefined || data.length === 0 ? undefined : data.slice());
    }
    if (bytes > maxBytes) throw tooLarge('Mining.getTransactionsByWitnessID', bytes, maxBytes);
  }
  return found;
}
