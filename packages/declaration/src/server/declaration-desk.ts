import { type DeclareMiningJob, ProtocolError, type ProvideMissingTransactionsSuccess } from '@sv2kit/codec';
import type { JobMode } from '../mode.ts';
import { creditOf } from '../payout-rules.ts';
import { Admission } from './admission.ts';
import { DeclarationAnswers } from './declaration-answers.ts';
import type { DeclarationViolation, DeclareErrorCode } from './codes.ts';
import { sealDeclared } from './declared-token.ts';
import type { CheckResult, DeclaredWorth, ValidBlock } from './effects.ts';
import type { PendingDeclaration } from './pending-declaration.ts';
import type { Surroundings } from './surroundings.ts';
import type { TokenDesk } from './token-desk.ts';

const MIB = 1024 * 1024;

/** The declarations of one connection (§6.4.4): each is answered once, with a token or a code. */
export class DeclarationDesk {
  readonly #peer: number;
  readonly #hall: Surroundings;
  readonly #admission: Admission;
  readonly #answers: DeclarationAnswers;
  readonly #pending = new Map<number, PendingDeclaration>();
  /** Of what was provided for these. */
  #providedBytes = 0;

  /** @param tokens of the same connection */
  constructor(peer: number, mode: JobMode, hall: Surroundings, tokens: TokenDesk, nowMs: number) {
    this.#peer = peer;
    this.#hall = hall;
    this.#answers = new DeclarationAnswers(peer, hall);
    this.#admission = new Admission(mode, hall, tokens, nowMs);
  }

  /** Declarations that are being judged. */
  get pending(): number {
    return this.#pending.size;
  }

  /** @throws ProtocolError `duplicate-request-id`, `declaration-flood` */
  declare(message: DeclareMiningJob, nowMs: number): void {
    if (this.#pending.has(message.requestId)) {
      throw new ProtocolError('duplicate-request-id' satisfies DeclarationViolation, { requestId: message.requestId });
    }
    const admitted = this.#admission.admit(message, this.#pending.size, nowMs);
    if ('code' in admitted) {
      this.#answers.turnedAway(message, admitted);
      const isFlood = admitted.code === 'too-many-declarations' || admitted.code === 'declare-not-negotiated';
      if (isFlood && !this.#admission.endures(nowMs)) {
        throw new ProtocolError('declaration-flood' satisfies DeclarationViolation);
      }
      return;
    }
    this.#pending.set(admitted.requestId, admitted);
    this.#hall.load.pending += 1;
    this.#place(admitted, nowMs);
  }

  /**
   * An answer that is not waited for (any more) is passed over.
   *
   * @throws ProtocolError `unasked-transactions` when there are many
   */
  provided({ requestId, transactionList }: ProvideMissingTransactionsSuccess, nowMs: number): void {
    const pending = this.#pending.get(requestId);
    const bytes = transactionList.reduce((sum, { length }) => sum + length, 0);
    if (pending?.stage.phase !== 'asking') {
      if (this.#admission.endures(nowMs, 1 + Math.floor(bytes / MIB))) return;
      throw new ProtocolError('unasked-transactions' satisfies DeclarationViolation);
    }
    const { limits, load } = this.#hall;
    const asked = pending.stage.positions.length;
    if (transactionList.length !== asked) {
      return this.#refuse(pending, 'missing-txs', nowMs, `${asked} were asked for, ${transactionList.length} came`);
    }
    if (bytes > limits.providedBytes) return this.#refuse(pending, 'invalid-job', nowMs, 'bad-blk-length');
    if (!this.#admission.hasRoom(this.#providedBytes, bytes)) {
      return this.#refuse(pending, 'too-many-declarations', nowMs);
    }
    load.providedBytes += bytes;
    this.#providedBytes += bytes;
    pending.take(transactionList, bytes);
    if (this.#hall.tip === undefined) this.#hold(pending, '', nowMs);
    else this.#check(pending, this.#hall.tip.hash);
  }

  /** What the node said of the declaration with this request id. @returns whether it is waited for */
  checked(check: number, requestId: number, result: CheckResult, nowMs: number): boolean {
    const pending = this.#pending.get(requestId);
    if (pending?.stage.phase !== 'checking' || pending.stage.check !== check) return false;
    switch (result.kind) {
      case 'missing':
        this.#onMissing(pending, result.positions, nowMs);
        break;
      case 'duplicate':
        this.#refuse(pending, 'duplicate-transaction', nowMs, `position ${result.position}`);
        break;
      case 'wrong-transaction':
        this.#refuse(pending, 'wrong-transaction', nowMs, `position ${result.position}`);
        break;
      case 'valid':
        this.#onValid(pending, result, nowMs);
        break;
      case 'invalid':
        if (this.#tipMoved(pending)) this.#refuse(pending, 'stale-chain-tip', nowMs);
        else this.#refuse(pending, 'invalid-job', nowMs, result.reason);
        break;
      case 'stale':
        this.#refuse(pending, 'stale-chain-tip', nowMs);
        break;
      case 'unavailable':
        this.#hold(pending, result.reason, nowMs);
        break;
      case 'failed':
        this.#refuse(pending, 'internal-error', nowMs);
        break;
      default:
        result satisfies never;
    }
    return true;
  }

  /** The node has another tip: what is held for it goes on, what is for an earlier one is stale: the node has better to do. */
  tipChanged(nowMs: number): void {
    const { tip } = this.#hall;
    if (tip === undefined) return;
    for (const pending of [...this.#pending.values()]) {
      switch (pending.stage.phase) {
        case 'held':
          this.#place(pending, nowMs);
          break;
        case 'asking':
          if (this.#tipMoved(pending)) this.#refuse(pending, 'stale-chain-tip', nowMs);
          break;
        case 'checking':
          if (!this.#tipMoved(pending)) break;
          this.#hall.cancel(pending.stage.check);
          this.#refuse(pending, 'stale-chain-tip', nowMs);
          break;
        default:
          pending.stage satisfies never;
      }
    }
  }

  /** Asks again where the node could not be asked, and ends waits that have lasted too long. */
  tick(nowMs: number): void {
    for (const pending of [...this.#pending.values()]) {
      const { stage } = pending;
      if (stage.phase === 'checking') continue;
      if (nowMs >= stage.untilMs) this.#giveUp(pending, nowMs);
      else if (stage.phase === 'held' && nowMs >= stage.retryAtMs) this.#place(pending, nowMs);
    }
  }

  /** The connection has ended. Its declared jobs stay: a block may be found on them. */
  close(): void {
    for (const pending of this.#pending.values()) {
      if (pending.stage.phase === 'checking') this.#hall.cancel(pending.stage.check);
      this.#forget(pending);
    }
  }

  /** The connection has ended, and what is being checked is wanted all the same. @returns whether anything is */
  keepChecks(): boolean {
    for (const pending of this.#pending.values()) if (pending.stage.phase !== 'checking') this.#forget(pending);
    return this.#pending.size > 0;
  }

  /** Nothing came of waiting. */
  #giveUp(pending: PendingDeclaration, nowMs: number): void {
    const { tip } = this.#hall;
    if (pending.stage.phase === 'asking') this.#refuse(pending, 'missing-txs', nowMs);
    else if (tip !== undefined && pending.coinbase.height > tip.height + 1) {
      this.#refuse(pending, 'unknown-chain-tip', nowMs);
    } else this.#refuseForNode(pending, nowMs);
  }

  /** The node cannot be asked: for seconds that is borne. */
  #hold(pending: PendingDeclaration, trouble: string, nowMs: number): void {
    if (!pending.hold(trouble, nowMs, this.#hall.limits)) this.#refuseForNode(pending, nowMs);
  }

  /** What the node's trouble is concerns the operator alone. */
  #refuseForNode(pending: PendingDeclaration, nowMs: number): void {
    this.#answers.refused(pending.requestId, 'node-unavailable', '');
    this.#settle(pending, 'node-unavailable', nowMs, pending.trouble);
  }

  /** Whether it is on the node's tip, behind, or ahead: BIP34's height tells. Held while there is none, or it is ahead. */
  #place(pending: PendingDeclaration, nowMs: number): void {
    const { tip, limits } = this.#hall;
    if (tip === undefined) return;
    const ahead = pending.coinbase.height - (tip.height + 1);
    if (ahead < 0 || pending.isOnOther(tip.hash)) this.#refuse(pending, 'stale-chain-tip', nowMs);
    else if (ahead === 0) this.#check(pending, tip.hash);
    else if (ahead > limits.heightsAhead) this.#refuse(pending, 'unknown-chain-tip', nowMs);
  }

  #check(pending: PendingDeclaration, tipHash: Uint8Array): void {
    const check = this.#hall.expect(this.#peer, pending.requestId);
    this.#hall.emit({ kind: 'check', peer: this.#peer, check, job: pending.check(check, tipHash) });
  }

  #onMissing(pending: PendingDeclaration, positions: readonly number[], nowMs: number): void {
    if (this.#tipMoved(pending)) return this.#refuse(pending, 'stale-chain-tip', nowMs);
    if (pending.asked) return this.#refuse(pending, 'missing-txs', nowMs);
    pending.ask(positions, nowMs + this.#hall.limits.missingMs);
    this.#answers.missing(pending.requestId, positions);
  }

  #onValid(pending: PendingDeclaration, block: ValidBlock, nowMs: number): void {
    const { limits, options } = this.#hall;
    const { coinbase, payout } = pending;
    if (block.height !== coinbase.height) return this.#drop(pending, block, 'stale-chain-tip', nowMs);
    const credit = creditOf(payout, block.value, options.leastPayoutShare);
    if (credit === undefined) return this.#drop(pending, block, 'pool-payout-too-low', nowMs);
    const { userIdentity } = pending.redeemed;
    const expires = Math.floor(nowMs / 1000) + limits.declaredTokenSeconds;
    const newMiningJobToken = sealDeclared(options.key, pending, block, expires);
    const { parts, segwit } = coinbase;
    const { handle, prevHash, nbits, height, merklePath } = block;
    const bytes = pending.wtxids.length + pending.providedBytes + 2 * parts.segwitSuffix.length;
    const peer = this.#peer;
    const job = { userIdentity, handle, prevHash, height, parts, segwit };
    this.#settle(pending, 'declared', nowMs, '', { ...job, value: block.value, payout, credit });
    this.#hall.jobs.add({ ...job, peer, nbits, merklePath, bytes });
    this.#answers.declared(pending.requestId, newMiningJobToken);
  }

  /** Whether the chain is elsewhere than when the declaration was last looked at: a race, and nobody's fault. */
  #tipMoved(pending: PendingDeclaration): boolean {
    const { tip } = this.#hall;
    return tip !== undefined && (pending.coinbase.height !== tip.height + 1 || pending.isOnOther(tip.hash));
  }

  #drop(pending: PendingDeclaration, { handle }: ValidBlock, code: DeclareErrorCode, nowMs: number): void {
    this.#hall.emit({ kind: 'release', handle });
    this.#refuse(pending, code, nowMs);
  }

  #refuse(pending: PendingDeclaration, code: DeclareErrorCode, nowMs: number, detail = ''): void {
    this.#answers.refused(pending.requestId, code, detail);
    this.#settle(pending, code, nowMs, detail);
  }

  #settle(
    pending: PendingDeclaration,
    outcome: 'declared' | DeclareErrorCode,
    nowMs: number,
    detail = '',
    worth?: DeclaredWorth,
  ): void {
    this.#forget(pending);
    this.#answers.count(pending, outcome, nowMs, detail, worth);
  }

  #forget(pending: PendingDeclaration): void {
    this.#pending.delete(pending.requestId);
    this.#hall.load.pending -= 1;
    this.#hall.load.providedBytes -= pending.providedBytes;
    this.#providedBytes -= pending.providedBytes;
  }
}
