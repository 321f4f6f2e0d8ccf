import type { Clock, Logger } from '../../host.ts';
import { IPC_LIMITS } from '../../ipc/client/limits.ts';
import { LIMITS } from '../../limits.ts';
import type { RpcClient } from '../../rpc/rpc-client.ts';
import { type HashKey, hashOf, readTransaction } from '../checked-transaction.ts';
import type { KnownTransactions } from '../known-transactions.ts';
import type { MempoolNews } from '../messages.ts';
import type { RecentTransactions } from '../recent-transactions.ts';
import { MempoolLoop } from '../rpc/mempool-loop.ts';
import { within } from '../within.ts';
import type { CheckSession } from './check-session.ts';
import { OwnTemplates } from './own-templates.ts';

/** Where the transactions of jobs are learned of while one connection lasts. */
export interface TransactionSource {
  /** The node's best block is another. */
  onTip(): void;
  hear(news: MempoolNews): void;
  /** @throws IpcError */
  seek(wtxids: readonly HashKey[]): Promise<void>;
  close(): void;
}

export interface TransactionSourceParts {
  readonly session: CheckSession;
  readonly clock: Clock;
  readonly log: Logger;
  readonly known: KnownTransactions;
  readonly fetched: RecentTransactions;
  readonly rpc: RpcClient | undefined;
  readonly intervalMs: number;
}

type Seek = TransactionSource['seek'];

/**
 * The node's templates tell of transactions and their fees. What else a job misses is asked for; before version 32 the
 * mempool is mirrored over RPC instead; without RPC what pays too little for the templates has to be provided.
 */
export function openSource(parts: TransactionSourceParts): TransactionSource {
  const { session, rpc, clock, intervalMs } = parts;
  const asksFor = session.client.offers('transactionsByWitnessId');
  const mempool = asksFor || rpc === undefined ? undefined : mirrorOf(parts, rpc);
  const templates = new OwnTemplates({
    ...parts,
    client: session.client,
    lane: session.lanes.templates,
    intervalMs: asksFor || mempool !== undefined ? LIMITS.feesIntervalMs : intervalMs,
    isAlone: mempool === undefined,
  });
  const refresh: Seek = () => within(clock, LIMITS.missingGraceMs, (mempool ?? templates).refresh());
  return {
    onTip: () => templates.look(),
    hear: (news) => void mempool?.hear(news),
    seek: asksFor ? lookUp(parts) : refresh,
    close() {
      templates.close();
      mempool?.pause();
    },
  };
}

/** Of more than fills a block nothing is to be hoped for: what is missing then does not matter. */
function lookUp({ session, fetched, clock }: TransactionSourceParts): Seek {
  const { client, lanes } = session;
  return async (wtxids) => {
    const step = IPC_LIMITS.transactionsPerCall;
    for (let start = 0, bytes = 0; start < wtxids.length && bytes <= LIMITS.maxBlockBytes; start += step) {
      const asked = wtxids.slice(start, start + step);
      const answers = await lanes.lookUps.run((lane) => client.transactionsByWitnessId(lane, asked.map(hashOf)));
      for (const [index, data] of answers.entries()) {
        const transaction = data === undefined ? undefined : readTransaction(data, undefined);
        if (transaction === undefined || transaction.wtxid !== asked[index]) continue;
        bytes += transaction.data.length;
        fetched.use(transaction, clock.now());
      }
    }
  };
}

function mirrorOf({ clock, log, known, intervalMs }: TransactionSourceParts, client: RpcClient): MempoolLoop {
  const mempool = new MempoolLoop({ client, clock, log, known, intervalMs });
  mempool.resume();
  return mempool;
}
