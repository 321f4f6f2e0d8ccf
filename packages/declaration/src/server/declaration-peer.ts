import { encodeCountedOutputs } from '@sv2kit/bitcoin';
import type { AllocateMiningJobToken, JobDeclarationFromClient } from '@sv2kit/codec';
import type { JobMode } from '../mode.ts';
import { allocatedOutputs } from '../payout-rules.ts';
import { DeclarationDesk } from './declaration-desk.ts';
import type { CheckResult } from './effects.ts';
import { SolutionDesk } from './solution-desk.ts';
import type { Surroundings } from './surroundings.ts';
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
  readonly #solutions: SolutionDesk;
  #hasLeft = false;

  /** @param mode full-template when the connection was set up with DECLARE_TX_DATA (§6.4.1) */
  constructor(id: number, mode: JobMode, hall: Surroundings, nowMs: number) {
    const { options, limits } = hall;
    this.id = id;
    this.mode = mode;
    this.#hall = hall;
    this.#tokens = new TokenDesk(options.key, mode, hall.ids, limits, nowMs);
    this.desk = new DeclarationDesk(id, mode, hall, this.#tokens, nowMs);
    this.#outputs = encodeCountedOutputs(allocatedOutputs(options));
    this.#solutions = new SolutionDesk(id, hall, nowMs);
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
        return this.#solutions.push(message, this.desk.pending > 0, nowMs);
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
    if (isAwaited && result.kind === 'valid') this.#solutions.jobDeclared();
    this.#solutions.dropUseless(this.desk.pending > 0);
    return isAwaited;
  }

  /** Whether its connection has ended. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /**
   * Its connection has ended. It stays while jobs are checked that a solution of it may be for: that is a block.
   *
   * @returns whether it stays; to be asked again when that may have changed
   */
  leave(): boolean {
    this.#hasLeft = true;
    if (this.#solutions.waiting > 0 && this.desk.keepChecks()) return true;
    this.desk.close();
    return false;
  }

  /** Sends tokens whose turn has come, and ends waits that have lasted too long. */
  tick(nowMs: number): void {
    for (const allocation of this.#tokens.due(nowMs)) this.#sendToken(allocation);
    this.desk.tick(nowMs);
    this.#solutions.tick(this.desk.pending > 0, nowMs);
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
    this.#hall.emit({ kind: 'report', peer: this.id, event: { kind: 'token', delayed } });
  }
}
