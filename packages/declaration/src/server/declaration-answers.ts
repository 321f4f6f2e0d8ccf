import { type DeclareMiningJob, type JobDeclarationFromServer, utf8 } from '@sv2kit/codec';
import type { Refusal } from './admission.ts';
import type { DeclareErrorCode } from './codes.ts';
import type { DeclaredWorth } from './effects.ts';
import type { PendingDeclaration } from './pending-declaration.ts';
import type { Surroundings } from './surroundings.ts';

/** What one client is told of its declarations (§6.4.5 to §6.4.7), and what is counted of them. */
export class DeclarationAnswers {
  readonly #peer: number;
  readonly #hall: Pick<Surroundings, 'emit'>;

  constructor(peer: number, hall: Pick<Surroundings, 'emit'>) {
    this.#peer = peer;
    this.#hall = hall;
  }

  missing(requestId: number, positions: readonly number[]): void {
    this.#send({ type: 'ProvideMissingTransactions', requestId, unknownTxPositionList: positions });
  }

  declared(requestId: number, newMiningJobToken: Uint8Array): void {
    this.#send({ type: 'DeclareMiningJobSuccess', requestId, newMiningJobToken });
  }

  refused(requestId: number, errorCode: DeclareErrorCode, detail: string): void {
    this.#send({ type: 'DeclareMiningJobError', requestId, errorCode, errorDetails: utf8(detail) });
  }

  /** Counts a declaration that was judged. */
  count(
    { transactions, provided, startedAtMs }: PendingDeclaration,
    outcome: 'declared' | DeclareErrorCode,
    nowMs: number,
    detail: string,
    worth: DeclaredWorth | undefined,
  ): void {
    const tookMs = nowMs - startedAtMs;
    const event = { kind: 'declaration', outcome, detail, tookMs, transactions, provided, worth } as const;
    this.#hall.emit({ kind: 'report', peer: this.#peer, event });
  }

  /** Refuses a declaration at the door, and counts it. */
  turnedAway({ requestId, wtxidList }: DeclareMiningJob, { code: outcome, detail }: Refusal): void {
    this.refused(requestId, outcome, detail);
    const nothing = { detail, tookMs: 0, provided: 0, worth: undefined };
    const event = { kind: 'declaration', outcome, transactions: wtxidList.length, ...nothing } as const;
    this.#hall.emit({ kind: 'report', peer: this.#peer, event });
  }

  #send(message: JobDeclarationFromServer): void {
    this.#hall.emit({ kind: 'send', peer: this.#peer, message });
  }
}
