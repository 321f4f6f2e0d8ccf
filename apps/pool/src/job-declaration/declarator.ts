import { BitcoinError, decodeCountedOutputs, sameBytes, type TxOut } from '@sv2kit/bitcoin';
import {
  type AllocateMiningJobTokenSuccess,
  type JobDeclarationFromClient,
  type JobDeclarationFromServer,
  utf8,
} from '@sv2kit/codec';
import { openToken, type Solution as PushedSolution } from '@sv2kit/declaration';
import type { Clock, Connection, ConnectionHandler } from '@sv2kit/net';
import { POOL_LIMITS } from '../limits.ts';

/** What a job declarator server of this pool must have alike. */
export interface DeclaratorTerms {
  readonly key: Uint8Array;
  readonly payoutScript: Uint8Array;
  /** Of value 0. */
  readonly requiredOutputs: readonly TxOut[];
}

/** Whom the pool asks for tokens as. */
const POOL_IDENTITY = utf8('pool');

/** Whose connection to a job declarator server it is. */
export interface DeclaratorHost {
  /** The server has answered what was said after all pushed blocks but the latest `open`: those before have arrived. */
  onArrived(open: number): void;
  /** What was pushed and is not known to have arrived may be lost. */
  onClosed(): void;
}

/**
 * One connection to a job declarator server: blocks go out, and a token now and then shows that all is in order. PushSolution
 * has no answer; a token that was asked for after it is one. A server that gives none in time is taken for gone: a
 * connection that only seems to be open would swallow blocks.
 */
export class Declarator implements ConnectionHandler<JobDeclarationFromServer> {
  readonly #connection: Connection<JobDeclarationFromClient>;
  readonly #terms: DeclaratorTerms;
  readonly #clock: Clock;
  readonly #host: DeclaratorHost;
  #requestId = 0;
  /** Blocks pushed since the request for a token that is the latest. */
  #pushedSince = 0;
  #askedAtMs: number;
  #answered = true;
  #trouble: string | undefined;
  open = true;

  constructor(
    connection: Connection<JobDeclarationFromClient>,
    terms: DeclaratorTerms,
    clock: Clock,
    host: DeclaratorHost,
  ) {
    this.#connection = connection;
    this.#terms = terms;
    this.#clock = clock;
    this.#host = host;
    this.#askedAtMs = clock.now();
    this.#ask();
  }

  /** A block waits for no other message. */
  push(solution: PushedSolution): void {
    this.#connection.send({ type: 'PushSolution', ...solution });
    this.#connection.flush();
    this.#pushedSince += 1;
  }

  /** Why miners' jobs would come to nothing, for a person; undefined while all is well. */
  get trouble(): string | undefined {
    const waitedMs = this.#clock.now() - this.#askedAtMs;
    if (!this.#answered && waitedMs > POOL_LIMITS.declaratorAnswerMs) return 'gives no tokens';
    return this.#trouble;
  }

  /** Time passes. */
  tick(): void {
    const sinceMs = this.#clock.now() - this.#askedAtMs;
    const { declaratorProbeMs, pushProbeMs, declaratorSilenceMs } = POOL_LIMITS;
    if (!this.#answered) {
      if (sinceMs >= declaratorSilenceMs) this.#connection.end('gives no tokens');
      return;
    }
    if (sinceMs >= (this.#pushedSince > 0 ? pushProbeMs : declaratorProbeMs)) this.#ask();
  }

  onMessage(message: JobDeclarationFromServer): void {
    if (message.type !== 'AllocateMiningJobTokenSuccess' || message.requestId !== this.#requestId) return;
    this.#answered = true;
    this.#host.onArrived(this.#pushedSince);
    this.#trouble = faultOf(message, this.#terms);
  }

  onClose(): void {
    this.open = false;
    this.#host.onClosed();
  }

  #ask(): void {
    this.#requestId += 1;
    this.#answered = false;
    this.#pushedSince = 0;
    this.#askedAtMs = this.#clock.now();
    this.#connection.send({
      type: 'AllocateMiningJobToken',
      userIdentifier: POOL_IDENTITY,
      requestId: this.#requestId,
    });
  }
}

/** What of an allocated token (§6.4.3) does not go with this pool. */
function faultOf(
  { miningJobToken, coinbaseTxOutputs }: AllocateMiningJobTokenSuccess,
  { key, payoutScript, requiredOutputs }: DeclaratorTerms,
): string | undefined {
  if (openToken(key, miningJobToken) === undefined) return 'seals its tokens with another key than this pool has';
  try {
    const [payout, ...others] = decodeCountedOutputs(coinbaseTxOutputs);
    if (payout === undefined || !sameBytes(payout.script, payoutScript)) {
      return 'lets miners pay to another script than this pool wants';
    }
    const isThere = ({ script }: TxOut) => others.some((other) => sameBytes(other.script, script));
    return requiredOutputs.every(isThere) ? undefined : "does not ask miners for this pool's required_outputs";
  } catch (error) {
    if (error instanceof BitcoinError) return 'names coinbase outputs that cannot be read';
    throw error;
  }
}
