import type { JobDeclarationFromClient, JobDeclarationFromServer, PushSolution } from '@sv2kit/codec';
import { declareMessage, type JobDraft, type Token, type TokenPolicy, TokenStock } from '@sv2kit/declaration';
import type { Clock, CloseReason, Connection, ConnectionHandler, Logger } from '@sv2kit/net';
import { JD_CLIENT_LIMITS } from './limits.ts';
import type { Totals } from './totals.ts';

/** Who waits for a server's answer to DeclareMiningJob. */
export interface DeclarationListener {
  /** The job's transactions, to answer ProvideMissingTransactions from. */
  readonly transactions: readonly Uint8Array[];
  onDeclared(token: Uint8Array): void;
  onRefused(code: string): void;
}

export interface DeclaratorLinkOptions {
  readonly userIdentity: Uint8Array;
  readonly tokens: TokenPolicy;
  readonly totals: Totals;
  readonly clock: Clock;
  readonly log: Logger;
  /** A token has come. @param changed whether the allocated outputs differ from the last ones */
  onToken(changed: boolean, outputs: Uint8Array): void;
  /** The connection has ended. */
  onGone(code: string): void;
}

/** Requests whose questions are answered, at most; the oldest is forgotten. */
const MOST_REQUESTS = 64;

/** One connection to a job declarator server (§6.4). */
export class DeclaratorLink implements ConnectionHandler<JobDeclarationFromServer> {
  readonly #connection: Connection<JobDeclarationFromClient>;
  readonly #options: DeclaratorLinkOptions;
  readonly #stock: TokenStock;
  readonly #declared = new Map<number, DeclarationListener>();
  /** How often each declaration's transactions were asked for. */
  readonly #questions = new Map<number, number>();
  #requestId = 0;
  open = true;

  constructor(connection: Connection<JobDeclarationFromClient>, options: DeclaratorLinkOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#stock = new TokenStock(options.tokens);
  }

  /** Asks for the first tokens. */
  start(): void {
    this.#refill();
  }

  /** Tokens in hand. */
  get tokens(): number {
    return this.open ? this.#stock.held(this.#options.clock.now()) : 0;
  }

  /** Tokens that were never used. */
  get discardedTokens(): number {
    return this.#stock.discarded;
  }

  /** The outputs that the server allocates now (counted); undefined before the first token. */
  get outputs(): Uint8Array | undefined {
    return this.#stock.outputs;
  }

  /** The oldest token that can be used; another is asked for. */
  takeToken(): Token | undefined {
    if (!this.open) return undefined;
    const token = this.#stock.take(this.#options.clock.now());
    this.#refill();
    return token;
  }

  /** Whether the server gives no token in time. */
  isSilent(nowMs: number): boolean {
    return this.open && this.#stock.overdue(nowMs);
  }

  /** DeclareMiningJob (§6.4.4). @returns its request id */
  declare(
    draft: JobDraft,
    token: Uint8Array,
    content: { readonly wtxids: readonly Uint8Array[]; readonly excessData: Uint8Array },
    listener: DeclarationListener,
  ): number {
    this.#requestId = (this.#requestId + 1) >>> 0;
    const requestId = this.#requestId;
    this.#declared.set(requestId, listener);
    const [oldest] = this.#declared.keys();
    if (this.#declared.size > MOST_REQUESTS && oldest !== undefined) this.#forget(oldest);
    this.#connection.send(declareMessage(draft, { requestId, token, ...content }));
    return requestId;
  }

  /** A block waits for no other message. @returns whether it is on its way */
  push(message: PushSolution): boolean {
    if (!this.open) return false;
    this.#connection.send(message);
    this.#connection.flush();
    return true;
  }

  tick(): void {
    if (this.open) this.#refill();
  }

  onMessage(message: JobDeclarationFromServer): void {
    const { log, clock, onToken } = this.#options;
    switch (message.type) {
      case 'AllocateMiningJobTokenSuccess': {
        const receipt = this.#stock.receive(message, clock.now());
        if (receipt.kind === 'unasked') return log.debug('a token that nobody asked for', {});
        return onToken(receipt.changed, receipt.outputs);
      }
      case 'DeclareMiningJobSuccess':
        return this.#answered(message.requestId)?.onDeclared(new Uint8Array(message.newMiningJobToken));
      case 'DeclareMiningJobError': {
        const { errorCode: code, errorDetails } = message;
        log.warn('a declaration is refused', { code, details: printable(errorDetails) });
        return this.#answered(message.requestId)?.onRefused(code);
      }
      case 'ProvideMissingTransactions':
        return this.#provide(message.requestId, message.unknownTxPositionList);
      default:
        return log.debug('a message that changes nothing', { type: message.type });
    }
  }

  onClose({ code }: CloseReason): void {
    this.open = false;
    this.#declared.clear();
    this.#options.onGone(code);
  }

  /** A job that is declared no more is still answered for: the server may have to finish with it first. */
  #provide(requestId: number, positions: readonly number[]): void {
    const { log, totals } = this.#options;
    const transactions = this.#declared.get(requestId)?.transactions;
    const questions = (this.#questions.get(requestId) ?? 0) + 1;
    if (transactions !== undefined) this.#questions.set(requestId, questions);
    if (questions > JD_CLIENT_LIMITS.questions) {
      return log.warn('the server asks for transactions again and again', { requestId, questions });
    }
    const transactionList: Uint8Array[] = [];
    for (const position of positions) {
      const transaction = transactions?.[position];
      if (transaction !== undefined) transactionList.push(transaction);
    }
    if (transactionList.length !== positions.length || new Set(positions).size !== positions.length) {
      return log.warn('the server asks for transactions that no declared job has', {
        requestId,
        asked: positions.length,
      });
    }
    log.debug('transactions provided', { requestId, transactions: positions.length });
    totals.provide(positions.length);
    this.#connection.send({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList });
  }

  #answered(requestId: number): DeclarationListener | undefined {
    const listener = this.#declared.get(requestId);
    this.#forget(requestId);
    return listener;
  }

  #forget(requestId: number): void {
    this.#declared.delete(requestId);
    this.#questions.delete(requestId);
  }

  #refill(): void {
    const { clock, userIdentity } = this.#options;
    for (const requestId of this.#stock.refill(clock.now())) {
      this.#connection.send({ type: 'AllocateMiningJobToken', userIdentifier: userIdentity, requestId });
    }
  }
}

/** A peer's words, as far as they can do no harm in a log. */
function printable(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 100), (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?',
  ).join('');
}
