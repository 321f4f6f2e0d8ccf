import { type Ledger, LedgerError, type LedgerQueries, type QueryArguments, type QueryResult } from '@sv2kit/ledger';
import { type LedgerView, Unavailable } from '@sv2kit/monitor';

/** What is asked of the ledger's database for those who look at the pool. */
export class LedgerAnswers {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Whether there is a database by configuration. */
  get exists(): boolean {
    return this.#ledger.state.kind !== 'none';
  }

  /** @throws Unavailable while the database is away, or too busy */
  async ask<K extends keyof LedgerQueries>(name: K, question: QueryArguments<K>): Promise<QueryResult<K>> {
    try {
      return await this.#ledger.query(name, question);
    } catch (error) {
      if (error instanceof LedgerError) throw new Unavailable(this.#why(error), { cause: error });
      throw error;
    }
  }

  /** The same where the answer can do without. */
  async tryAsk<K extends keyof LedgerQueries>(
    name: K,
    question: QueryArguments<K>,
  ): Promise<QueryResult<K> | undefined> {
    if (!this.exists) return undefined;
    try {
      return await this.#ledger.query(name, question);
    } catch (error) {
      if (error instanceof LedgerError) return undefined;
      throw error;
    }
  }

  view(kind: 'sqlite' | 'postgres' | 'none'): LedgerView {
    const { journal, state } = this.#ledger;
    const { position, lag, deadLetters } = state;
    const reason = 'reason' in state ? { reason: state.reason } : {};
    return {
      journal: {
        state: journal.state.kind,
        ...('reason' in journal.state ? { reason: String(journal.state.reason) } : {}),
        position: journal.position,
        watermark: journal.watermark,
      },
      database: { kind, state: state.kind, ...reason, position, lag, deadLetters },
    };
  }

  #why({ code, message }: LedgerError): string {
    return code === 'ledger-database-away'
      ? 'The ledger database is away: blocks, payouts and history can be read once it is back. Mining goes on.'
      : `The ledger database does not answer now: ${message}. Mining goes on.`;
  }
}
