import type { BatchAnswer } from '../../rpc/answer.ts';
import { Fields, writeHex } from '../../rpc/fields.ts';
import type { Clock } from '../../host.ts';
import { LIMITS } from '../../limits.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type HashKey, hashKey, readTransaction } from '../checked-transaction.ts';
import type { KnownTransactions } from '../known-transactions.ts';
import { shownTxids } from '../txids.ts';

interface Listed {
  readonly shownTxid: string;
  readonly wtxid: HashKey;
  readonly fee: number;
  readonly weight: number;
}

/** Keeps the known transactions in step with the node's mempool. Nothing else is asked and nobody else believed. */
export class MempoolMirror {
  readonly #client: RpcClient;
  readonly #known: KnownTransactions;
  readonly #clock: Clock;

  constructor(client: RpcClient, known: KnownTransactions, clock: Clock) {
    this.#client = client;
    this.#known = known;
    this.#clock = clock;
  }

  /**
   * Compares with all that the mempool holds and fetches what is new.
   *
   * @throws RpcError
   */
  async sync(signal: AbortSignal): Promise<void> {
    const method = 'getrawmempool';
    const list = await this.#client.call(method, [false], { ...lane(signal), maxBytes: LIMITS.maxTemplateAnswer });
    if (!Array.isArray(list)) throw new RpcError('malformed', `${method}: the result is not a list`, { method });
    const listed = shownTxids(list);
    this.#known.reconcile(listed, this.#clock.now());
    await this.fetch(listed, signal);
  }

  /**
   * Fetches those of these transactions that are not known yet.
   *
   * @throws RpcError
   */
  async fetch(shownTxids: Iterable<string>, signal: AbortSignal): Promise<void> {
    let batch: string[] = [];
    for (const txid of shownTxids) {
      if (this.#known.hasSeen(txid)) continue;
      batch.push(txid);
      if (batch.length < LIMITS.maxBatch) continue;
      await this.#fetchBatch(batch, signal);
      batch = [];
    }
    if (batch.length > 0) await this.#fetchBatch(batch, signal);
  }

  async #fetchBatch(shownTxids: readonly string[], signal: AbortSignal): Promise<void> {
    const method = 'getmempoolentry';
    const params = shownTxids.map((txid) => [txid]);
    const answers = await this.#client.batch(method, params, { ...lane(signal), maxBytes: LIMITS.maxTemplateAnswer });
    let wanted: Listed[] = [];
    let weight = 0;
    for (const [index, shownTxid] of shownTxids.entries()) {
      const listed = readEntry(method, shownTxid, answers[index]);
      // Gone meanwhile, known from a template, or not worth keeping.
      if (listed === undefined || this.#known.confirmPresent(listed.wtxid)) continue;
      if (!this.#known.isWorthwhile(shownTxid, listed.fee, listed.weight)) continue;
      if (weight + listed.weight > LIMITS.maxBatchWeight) {
        await this.#fetchData(wanted, signal);
        wanted = [];
        weight = 0;
      }
      wanted.push(listed);
      weight += listed.weight;
    }
    if (wanted.length > 0) await this.#fetchData(wanted, signal);
  }

  async #fetchData(wanted: readonly Listed[], signal: AbortSignal): Promise<void> {
    const method = 'getrawtransaction';
    const params = wanted.map(({ shownTxid }) => [shownTxid, false]);
    const answers = await this.#client.batch(method, params, { ...lane(signal), maxBytes: LIMITS.maxTemplateAnswer });
    for (const [index, { fee, wtxid }] of wanted.entries()) {
      const answer = answers[index];
      if (answer?.kind !== 'result') continue;
      const transaction = readTransaction(hexBytes(method, answer.value), fee);
      // Replaced by one with another witness between the two questions: the next look finds it.
      if (transaction?.wtxid === wtxid) this.#known.add(transaction, fee);
    }
  }
}

/** Below the checks: their questions go over connections of their own. */
function lane(signal: AbortSignal): { readonly lane: string; readonly signal: AbortSignal } {
  return { lane: 'mempool', signal };
}

function readEntry(method: string, shownTxid: string, answer: BatchAnswer | undefined): Listed | undefined {
  if (answer?.kind !== 'result') return undefined;
  const fields = new Fields(method, answer.value);
  return {
    shownTxid,
    wtxid: hashKey(fields.hash('wtxid')),
    fee: fields.record('fees').satoshis('base'),
    weight: fields.integer('weight', 1),
  };
}

function hexBytes(method: string, value: unknown): Uint8Array {
  const hex = typeof value === 'string' ? value : '';
  const bytes = new Uint8Array(hex.length >> 1);
  if (hex === '' || !writeHex(bytes, 0, hex))
    throw new RpcError('malformed', `${method}: the result is not hex`, { method });
  return bytes;
}
