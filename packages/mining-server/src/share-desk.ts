import { difficultyFromTarget } from '@sv2kit/bitcoin';
import type { ShareErrorCode, Share, ShareOutcome, SettledShare } from '@sv2kit/mining';
import { BlockRecords } from './block-records.ts';
import type { ServerContext } from './context.ts';
import type { Miner } from './miner.ts';
import { difficultyOfHash } from './workers/hash-difficulty.ts';

/** Below a best share by less than the rough difficulty of a hash is wrong. */
const NEARLY = 1 - 1e-9;
const NO_BYTES = new Uint8Array(0);
type Credited = Extract<ShareOutcome, { work: number }>;

/** What happens to a share once it is judged: a block goes out first, then the journal, then the answer. */
export class ShareDesk {
  readonly #context: ServerContext;
  readonly #blockRecords: BlockRecords;
  readonly rejected = new Map<ShareErrorCode, number>();
  accepted = 0;
  blocks = 0;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#blockRecords = new BlockRecords(context.deps.journal, context.register);
  }

  /** @param arrived in ticks */
  settle(miner: Miner, share: Share, outcome: ShareOutcome, arrived: number): void {
    switch (outcome.kind) {
      case 'accepted':
        return this.#credit(miner, share, outcome, outcome.hash, arrived);
      case 'block':
        this.#publish(miner, share, outcome);
        return this.#credit(miner, share, outcome, outcome.solution.hash, arrived);
      case 'rejected':
        this.#recordRefusal(miner, share, outcome.code);
        return this.#refuse(miner, share, outcome.code, arrived);
      case 'held':
        this.#context.holding.add(miner);
    }
  }

  /** Shares that were held and now have their outcome. */
  settleHeld(miner: Miner, settled: readonly SettledShare[]): void {
    const { ticks, deps } = this.#context;
    for (const { share, outcome, receivedAtMs } of settled) {
      this.settle(miner, share, outcome, ticks() - Math.max(0, deps.clock.now() - receivedAtMs));
    }
  }

  /** A share for a channel that is not there. */
  refuseStray(code: ShareErrorCode): void {
    this.#count(code);
  }

  #credit(miner: Miner, share: Share, outcome: Credited, hash: Uint8Array, arrived: number): void {
    const { deps, acknowledger, register } = this.#context;
    const nowMs = deps.clock.now();
    register.record(miner);
    const isBlock = outcome.kind === 'block';
    const credited = outcome.work * outcome.credit;
    const measured = isBlock ? outcome.measured : outcome.work;
    if (isBlock) this.#relay(miner, share, outcome, measured, hash);
    const position = deps.journal.append({
      type: 'ShareAccepted',
      timeMs: nowMs,
      channelKey: miner.key,
      ...recordedShare(share),
      difficulty: credited,
      hash,
      isBlock,
    });
    // What the journal does not take is not credited; a block among it has gone out all the same.
    if (!Number.isFinite(position)) {
      miner.unrecordedAtMs = nowMs;
      return this.#refuse(miner, share, 'ledger-unavailable', arrived);
    }
    if (!isBlock) this.#relay(miner, share, outcome, measured, hash);
    acknowledger.add(miner, share.sequenceNumber, credited, position, arrived);
    if (isBlock) miner.acknowledgements.hurry();
    this.#tally(miner, share, credited, measured, hash, nowMs);
    deps.metrics.shares.inc(isBlock ? BLOCK : ACCEPTED);
    if (miner.vardiff.urgent) miner.downstream.retargetNow(miner);
  }

  #tally(miner: Miner, share: Share, credited: number, measured: number, hash: Uint8Array, nowMs: number): void {
    const { workers, totals } = this.#context;
    const worker = miner.downstream.intake.creditedTo(miner, share, nowMs);
    let best = difficultyOfHash(hash);
    const least = Math.min(miner.bestDifficulty, worker.bestDifficulty);
    // To the last digit where it is shown, as the ledger has it.
    if (best > least * NEARLY) best = difficultyFromTarget(hash);
    this.accepted += 1;
    miner.accept(credited, measured, best, nowMs);
    workers.accept(worker, credited, measured, best, nowMs);
    totals.accept(worker, credited, measured, best, nowMs);
  }

  /** Whoever wants to know of every share. */
  #relay(miner: Miner, share: Share, { work, kind }: Credited, measured: number, hash: Uint8Array): void {
    const { deps } = this.#context;
    if (deps.onShare === undefined) return;
    const point = miner.channel.point(share);
    if (point === undefined) return;
    const { version, ntime, nonce } = share;
    const who = { userIdentity: miner.userIdentity, worker: workerOf(share) };
    try {
      deps.onShare({ ...point, hash, version, ntime, nonce, work, measured, ...who, isBlock: kind === 'block' });
    } catch (error) {
      deps.log.error('a share could not be handed on', { error });
    }
  }

  /** No way that a block takes waits for another, or fails with it. */
  #publish(miner: Miner, share: Share, { solution }: ShareOutcome & { kind: 'block' }): void {
    const { deps } = this.#context;
    this.blocks += 1;
    this.#context.totals.blocks += 1;
    const timeMs = deps.clock.now();
    const { userIdentity, downstream, channel } = miner;
    const worker = workerOf(share);
    const via = `sv2-${channel.kind}` as const;
    const { height } = solution.job;
    const path = this.#context.pathOf(solution.job);
    try {
      const { device } = downstream;
      deps.onBlock({ solution, height, foundAtMs: timeMs, path, via, userIdentity, worker, device });
    } catch (error) {
      deps.log.error('a block could not be handed on', { error, height });
    }
    const { hash, header, coinbase } = solution;
    const record = { timeMs, channelKey: miner.key, height, hash, header, coinbase, via, userIdentity };
    this.#blockRecords.add(miner, { type: 'BlockFound', path, ...record });
  }

  #recordRefusal(miner: Miner, share: Share, code: ShareErrorCode): void {
    const { deps, register } = this.#context;
    const { clock, journal } = deps;
    register.record(miner);
    const timeMs = clock.now();
    journal.append({ type: 'ShareRejected', timeMs, channelKey: miner.key, ...recordedShare(share), code });
  }

  #refuse(miner: Miner, share: Share, errorCode: ShareErrorCode, arrived: number): void {
    const { channelId } = miner.channel;
    const { sequenceNumber } = share;
    miner.downstream.connection.send({ type: 'SubmitSharesError', channelId, sequenceNumber, errorCode });
    miner.rejected.set(errorCode, (miner.rejected.get(errorCode) ?? 0) + 1);
    this.#count(errorCode);
    const { ticks, deps, workers, ladder } = this.#context;
    workers.reject(miner.names?.known(nameIn(share)) ?? miner.worker, errorCode);
    deps.metrics.shareToError.record(ticks() - arrived);
    ladder.refused(miner, share, errorCode);
  }

  #count(code: ShareErrorCode): void {
    this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
    const { totals, deps } = this.#context;
    totals.reject(code, deps.clock.now());
    deps.metrics.shares.inc({ outcome: code });
  }
}

const ACCEPTED = { outcome: 'accepted' };
const BLOCK = { outcome: 'block' };

/** The worker whom extension 0x0002 names. */
function workerOf(share: Share): Uint8Array | undefined {
  return nameIn(share)?.slice();
}

/** The same, as a view that the next share overwrites. */
export function nameIn(share: Share): Uint8Array | undefined {
  return share.type === 'SubmitSharesExtended' ? share.userIdentity : undefined;
}

/** The share's own fields as the journal keeps them. */
function recordedShare(share: Share) {
  const { sequenceNumber, jobId, nonce, ntime, version } = share;
  const extended = share.type === 'SubmitSharesExtended';
  return {
    sequenceNumber,
    jobId,
    nonce,
    ntime,
    version,
    extranonce: extended ? share.extranonce : NO_BYTES,
    userIdentity: extended ? share.userIdentity : undefined,
  };
}
