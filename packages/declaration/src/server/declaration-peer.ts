import { encodeCountedOutputs } from '@sv2kit/bitcoin';
import {
  type AllocateMiningJobToken,
  type JobDeclarationFromClient,
  ProtocolError,
  type PushSolution,
} from '@sv2kit/codec';
import type { JobMode } from '../mode.ts';
import { allocatedOutputs } from '../payout-rules.ts';
import type { DeclarationViolation } from './codes.ts';
import { DeclarationDesk } from './declaration-desk.ts';
import type { CheckResult, DeclarationEvent } from './effects.ts';
import type { Solution } from './job-book.ts';
import type { Surroundings } from './surroundings.ts';
import { TokenBucket } from './token-bucket.ts';
import { type Allocation, TokenDesk } from './token-desk.ts';

/** One job declarator client (§6.2), as its server sees it. */
export class DeclarationPeer {
  readonly id: number;
  readonly mode: JobMode;
  /** What it declares. */
  readonly desk: DeclarationDesk;
  readonly #hall: Surroundings;
  readonly #tokens: TokenDesk;
  readonly #outputs: Uint8Array;
  readonly #useless: TokenBucket;
  /** Solutions that came before their jobs were declared. */
  #early: Solution[] = [];

  /** @param mode full-template when the connection was set up with DECLARE_TX_DATA (§6.4.1) */
  constructor(id: number, mode: JobMode, hall: Surroundings, nowMs: number) {
    const { options, limits } = hall;
    this.id = id;
    this.mode = mode;
    this.#hall = hall;
    this.#tokens = new TokenDesk(options.key, mode, hall.ids, limits, nowMs);
    this.desk = new DeclarationDesk(id, mode, hall, this.#tokens, nowMs);
    this.#outputs = encodeCountedOutputs(allocatedOutputs(options));
    this.#useless = new TokenBucket(limits.uselessSolutionsBurst, limits.uselessSolutionsPerMinute, nowMs);
  }

  /** Tokens that no job was declared with yet. */
  get liveTokens(): number {
    return this.#tokens.live;
  }

  /** @throws ProtocolError a code of `DECLARATION_VIOLATIONS`: the connection must end */
  receive(message: JobDeclarationFromClient, nowMs: number): void {
    switch (message.type) {
      case 'AllocateMiningJobToken':
        return this.#onAllocate(message, nowMs);
      case 'DeclareMiningJob':
        return this.desk.declare(message, nowMs);
      case 'ProvideMissingTransactionsSuccess':
        return this.desk.provided(message, nowMs);
      case 'PushSolution':
        return this.#onSolution(message, nowMs);
      case 'SetupConnection':
      case 'RequestExtensions':
        return; // the session's
      default:
        message satisfies never;
    }
  }

  /** What the node said of a declaration. @returns whether it is waited for */
  checked(check: number, requestId: number, result: CheckResult, nowMs: number): boolean {
    const isAwaited = this.desk.checked(check, requestId, result, nowMs);
    if (isAwaited && result.kind === 'valid') this.#early = this.#early.filter((solution) => !this.#solves(solution));
    this.#dropUseless();
    return isAwaited;
  }

  /** Sends tokens whose turn has come, and ends waits that have lasted too long. */
  tick(nowMs: number): void {
    for (const allocation of this.#tokens.due(nowMs)) this.#sendToken(allocation);
    this.desk.tick(nowMs);
    this.#dropUseless();
  }

  /** Early solutions, when there is no job left that they could be for. */
  #dropUseless(): void {
    if (this.#early.length === 0 || this.desk.pending > 0) return;
    for (const _ of this.#early) this.#report({ kind: 'solution', outcome: 'no-block' });
    this.#early = [];
  }

  #onAllocate({ userIdentifier, requestId }: AllocateMiningJobToken, nowMs: number): void {
    const allocation = this.#tokens.allocate(userIdentifier, requestId, nowMs);
    if (allocation !== undefined) this.#sendToken(allocation);
  }

  #sendToken({ requestId, token, delayed }: Allocation): void {
    this.#hall.emit({
      kind: 'send',
      peer: this.id,
      message: {
        type: 'AllocateMiningJobTokenSuccess',
        requestId,
        miningJobToken: token,
        coinbaseTxOutputs: this.#outputs,
      },
    });
    this.#report({ kind: 'token', delayed });
  }

  /** Optimistic mining (§6.3.2) may solve a job whose declaration is still being judged: such a solution is kept. */
  #onSolution(solution: PushSolution, nowMs: number): void {
    if (this.#solves(solution)) return;
    if (this.desk.pending > 0) this.#keep(solution);
    else this.#report({ kind: 'solution', outcome: 'no-block' });
    if (!this.#useless.take(nowMs)) throw new ProtocolError('too-many-solutions' satisfies DeclarationViolation);
  }

  #solves(solution: Solution): boolean {
    const solved = this.#hall.jobs.solve(solution, this.id);
    if (solved === undefined) return false;
    this.#hall.emit({ kind: 'submit', solved });
    this.#report({ kind: 'solution', outcome: 'block' });
    return true;
  }

  #keep({ extranonce, prevHash, ...rest }: PushSolution): void {
    this.#early.push({ ...rest, extranonce: extranonce.slice(), prevHash: prevHash.slice() });
    if (this.#early.length <= this.#hall.limits.earlySolutions) return;
    this.#early.shift();
    this.#report({ kind: 'solution', outcome: 'no-block' });
  }

  #report(event: DeclarationEvent): void {
    this.#hall.emit({ kind: 'report', peer: this.id, event });
  }
}
