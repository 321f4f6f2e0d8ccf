import { compareTargets, sameBytes } from '@sv2kit/bitcoin';
import { REQUIRES_WORK_SELECTION, type SetCustomMiningJob } from '@sv2kit/codec';
import { customJob, type CustomJobErrorCode, MAX_CUSTOM_OUTPUTS_SIZE, MAX_MERKLE_PATH } from '@sv2kit/mining';
import type { ServerContext } from './context.ts';
import type { Gates } from './gates.ts';
import type { Miner } from './miner.ts';
import type { AcceptedCustomJob, MinerConnection } from './ports.ts';
import { TokenBucket } from './token-bucket.ts';

/** A job on a tip that the server's node has not seen yet. */
interface Held {
  readonly message: SetCustomMiningJob;
  readonly receivedAtMs: number;
}

/** The jobs that the client of one connection brings itself (§5.3.18). */
export class CustomJobs {
  readonly #context: ServerContext;
  readonly #connection: MinerConnection;
  readonly #addressed: (channelId: number) => Miner[];
  readonly #gates: Gates;
  readonly #rate: TokenBucket;
  #held: readonly Held[] = [];

  /** @param addressed the extended channels that an id stands for: one, or those of a group */
  constructor(
    context: ServerContext,
    connection: MinerConnection,
    gates: Gates,
    addressed: (channelId: number) => Miner[],
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#gates = gates;
    this.#addressed = addressed;
    this.#rate = new TokenBucket(context.limits.customJobsAtOnce, context.ticks());
  }

  onSet(given: SetCustomMiningJob): void {
    const refusal = this.#check(given);
    if (refusal !== undefined) return this.#refuse(given, refusal);
    // What came first on the connection becomes a job first.
    this.retry();
    const held = { message: ownBytes(given), receivedAtMs: this.#context.deps.clock.now() };
    if (this.#settle(held)) return;
    const { limits, heldCustomJobs } = this.#context;
    // Whoever waits with nothing else has a place, however many others wait.
    const crowded = heldCustomJobs.size >= limits.heldCustomJobsInAll;
    if (this.#held.length >= (crowded ? 1 : limits.heldCustomJobs)) return this.#refuse(given, 'unknown-chain-tip');
    heldCustomJobs.add(held);
    this.#held = [...this.#held, held];
  }

  /** Another tip has been seen: what was held for it is judged again. */
  retry(): void {
    const held = this.#held;
    this.#held = held.filter((each) => !this.#settle(each));
    this.#forget(held);
  }

  /** Refuses what has been held for long, and ends the tip of channels whose client stays on one that is history. */
  tick(miners: Iterable<Miner>, nowMs: number): void {
    const { limits, board } = this.#context;
    const held = this.#held;
    this.#held = held.filter(({ receivedAtMs }) => Math.abs(nowMs - receivedAtMs) < limits.heldCustomJobMs);
    for (const each of this.#forget(held)) this.#refuse(each.message, 'unknown-chain-tip');
    const { work } = board;
    if (work === undefined || Math.abs(nowMs - work.heightSinceMs) < limits.staleCustomJobMs) return;
    for (const { channel } of miners) {
      if (channel.active !== undefined && channel.active.job.height < work.current.height) channel.endTip();
    }
  }

  /** The connection has ended. */
  close(): void {
    const held = this.#held;
    this.#held = [];
    this.#forget(held);
  }

  #check({ channelId, coinbaseTxOutputs, merklePath }: SetCustomMiningJob): CustomJobErrorCode | undefined {
    const { deps, limits, ticks } = this.#context;
    if (this.#addressed(channelId).length === 0) return 'invalid-channel-id';
    if ((this.#connection.setup.flags & REQUIRES_WORK_SELECTION) === 0) return 'work-selection-not-negotiated';
    if (deps.customJobs === undefined) return 'jd-not-supported';
    const { customJobsPerSecond, customJobsAtOnce } = limits;
    if (!this.#rate.take(customJobsPerSecond, customJobsAtOnce, ticks())) return 'too-many-custom-jobs';
    // Before the judge hashes them, or they are held.
    if (coinbaseTxOutputs.length > MAX_CUSTOM_OUTPUTS_SIZE) return 'invalid-coinbase-tx';
    return merklePath.length > MAX_MERKLE_PATH ? 'invalid-merkle-path' : undefined;
  }

  /** @returns false when the tip is not known yet */
  #settle({ message }: Held): boolean {
    const { deps } = this.#context;
    const miners = this.#addressed(message.channelId);
    const [first] = miners;
    if (first === undefined || deps.customJobs === undefined) return this.#refused(message, 'invalid-channel-id');
    const verdict = deps.customJobs.judge({
      message,
      userIdentity: first.userIdentity,
      channelKeys: miners.map(({ key }) => key),
      fullExtranonceSize: first.channel.fullExtranonceSize,
      nowMs: deps.clock.now(),
    });
    switch (verdict.kind) {
      case 'unseen-tip':
        return false;
      case 'refused':
        return this.#refused(message, verdict.code);
      case 'accepted':
        return this.#accept(message, miners, first.channel.fullExtranonceSize, verdict);
    }
  }

  /** One job for every channel, behind the target that binds it; the members of a group share the size of an extranonce. */
  #accept(
    message: SetCustomMiningJob,
    miners: readonly Miner[],
    extranonceSize: number,
    verdict: AcceptedCustomJob,
  ): boolean {
    const { deps, ids, versionMask, register } = this.#context;
    const terms = { ...verdict, extranonceSize, versionMask };
    const job = customJob(ids.next(), message, terms);
    if (typeof job === 'string') return this.#refused(message, job);
    this.#gates.weigh(job.coinbase.prefix.length + job.coinbase.suffix.length);
    const { channelId, requestId } = message;
    const nowMs = deps.clock.now();
    const bound: Miner[] = [];
    for (const miner of miners) {
      miner.downstream.retarget(miner);
      const { channel } = miner;
      const target = channel.setCustomJob(job, verdict.tip, message.minNtime, nowMs);
      miner.noteActivation(nowMs);
      register.recordJob(miner, job, verdict, nowMs);
      if (sameBytes(target, channel.target) || compareTargets(target, channel.maxTarget) > 0) continue;
      bound.push(miner);
      this.#sendTarget(miner, target);
    }
    this.#connection.send({ type: 'SetCustomMiningJobSuccess', channelId, requestId, jobId: job.id });
    for (const miner of bound) this.#sendTarget(miner, miner.channel.target);
    deps.metrics.customJobs.inc({ outcome: verdict.mode });
    return true;
  }

  /** An equal job keeps the target that it had: the client hears of it before Success, and of the present one after. */
  #sendTarget({ channel: { channelId } }: Miner, maximumTarget: Uint8Array): void {
    this.#connection.send({ type: 'SetTarget', channelId, maximumTarget });
  }

  #refused(message: SetCustomMiningJob, errorCode: CustomJobErrorCode): true {
    this.#refuse(message, errorCode);
    return true;
  }

  #refuse({ channelId, requestId }: SetCustomMiningJob, errorCode: CustomJobErrorCode): void {
    this.#connection.send({ type: 'SetCustomMiningJobError', channelId, requestId, errorCode });
    this.#context.deps.metrics.customJobs.inc({ outcome: errorCode });
  }

  /** @returns those that are held no more */
  #forget(before: readonly Held[]): Held[] {
    const gone = before.filter((each) => !this.#held.includes(each));
    for (const each of gone) this.#context.heldCustomJobs.delete(each);
    return gone;
  }
}

/** A decoded message's byte fields are views onto a buffer that will be reused. */
function ownBytes(message: SetCustomMiningJob): SetCustomMiningJob {
  return {
    ...message,
    miningJobToken: message.miningJobToken.slice(),
    prevHash: message.prevHash.slice(),
    coinbasePrefix: message.coinbasePrefix.slice(),
    coinbaseTxOutputs: message.coinbaseTxOutputs.slice(),
    merklePath: message.merklePath.map((hash) => hash.slice()),
  };
}
