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

/** The best that there is: asking for what a job misses, mirroring the mempool over RPC, or looking into templates. */
export function openSource(parts: TransactionSourceParts): TransactionSource {
  if (parts.session.client.offers('transactionsByWitnessId')) return new LookUps(parts);
  return parts.rpc === undefined ? new Templates(parts) : new Mirror(parts, parts.rpc);
}

/** Asks for what is missing; templates are looked at for the fees alone. */
class LookUps implements TransactionSource {
  readonly #parts: TransactionSourceParts;
  readonly #templates: OwnTemplates;

  constructor(parts: TransactionSourceParts) {
    this.#parts = parts;
    this.#templates = templatesOf(parts, LIMITS.feesIntervalMs);
  }

  onTip(): void {
    this.#templates.look();
  }

  hear(): void {}

  /** Of more than fills a block nothing is to be hoped for: what is missing then does not matter. */
  async seek(wtxids: readonly HashKey[]): Promise<void> {
    const { session, fetched, clock } = this.#parts;
    let bytes = 0;
    for (
      let start = 0;
      start < wtxids.length && bytes <= LIMITS.maxBlockBytes;
      start += IPC_LIMITS.transactionsPerCall
    ) {
      const asked = wtxids.slice(start, start + IPC_LIMITS.transactionsPerCall);
      const { client, lanes } = session;
      const answers = await lanes.lookUps.run((lane) => client.transactionsByWitnessId(lane, asked.map(hashOf)));
      for (const [index, data] of answers.entries()) {
        const transaction = data === undefined ? undefined : readTransaction(data, undefined);
        if (transaction === undefined || transaction.wtxid !== asked[index]) continue;
        bytes += transaction.data.length;
        fetched.use(transaction, clock.now());
      }
    }
  }

  close(): void {
    this.#templates.close();
  }
}

/** For nodes before version 32. */
class Mirror implements TransactionSource {
  readonly #clock: Clock;
  readonly #mempool: MempoolLoop;

  constructor({ clock, log, known, intervalMs }: TransactionSourceParts, client: RpcClient) {
    this.#clock = clock;
    this.#mempool = new MempoolLoop({ client, clock, log, known, intervalMs });
    this.#mempool.resume();
  }

  onTip(): void {}

  hear(news: MempoolNews): void {
    void this.#mempool.hear(news);
  }

  seek(): Promise<void> {
    return within(this.#clock, LIMITS.missingGraceMs, this.#mempool.refresh());
  }

  close(): void {
    this.#mempool.pause();
  }
}

/** For nodes before version 32 that have no RPC. What pays too little for their templates has to be provided. */
class Templates implements TransactionSource {
  readonly #clock: Clock;
  readonly #templates: OwnTemplates;

  constructor(parts: TransactionSourceParts) {
    this.#clock = parts.clock;
    this.#templates = templatesOf(parts, parts.intervalMs);
  }

  onTip(): void {
    this.#templates.look();
  }

  hear(): void {}

  seek(): Promise<void> {
    return within(this.#clock, LIMITS.missingGraceMs, this.#templates.refresh());
  }

  close(): void {
    this.#templates.close();
  }
}

function templatesOf(
  { session, clock, log, known, fetched }: TransactionSourceParts,
  intervalMs: number,
): OwnTemplates {
  const { client, lanes } = session;
  return new OwnTemplates({ client, lane: lanes.templates, clock, log, known, fetched, intervalMs });
}
