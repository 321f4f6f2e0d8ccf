import { difficultyFromTarget } from '@sv2kit/bitcoin';
import {
  type OpenExtendedMiningChannel,
  type OpenStandardMiningChannel,
  REQUIRES_STANDARD_JOBS,
  REQUIRES_WORK_SELECTION,
} from '@sv2kit/codec';
import {
  ExtendedChannel,
  extranonceSizeFor,
  type OpenChannelErrorCode,
  padPrefix,
  type Payout,
  type Recipe,
  StandardChannel,
  targetFor,
} from '@sv2kit/mining';
import type { ServerContext } from './context.ts';
import type { Downstream } from './downstream.ts';
import { type Addressee, Miner } from './miner.ts';
import type { Authorisation } from './ports.ts';

export type OpenRequest = OpenStandardMiningChannel | OpenExtendedMiningChannel;

/** A request that keeps every rule that can be checked without knowing the user. */
export interface Admissible {
  readonly request: OpenRequest;
  readonly target: Uint8Array;
}

/** Bytes of a channel's extranonce. */
export interface ExtranonceSizes {
  /** Behind the prefix, for the client to roll. */
  readonly rolled: number;
  /** Prefix and rolled part together. */
  readonly full: number;
}

/** Opens channels: the rules of §5.3.2 and §5.3.4, the user, the lease. */
export class ChannelOpener {
  readonly #context: ServerContext;
  readonly #downstream: Downstream;

  constructor(context: ServerContext, downstream: Downstream) {
    this.#context = context;
    this.#downstream = downstream;
  }

  /** @param taken channels of the connection, asked-for ones included */
  check(request: OpenRequest, taken: number): Admissible | OpenChannelErrorCode {
    const { limits, targets } = this.#context;
    const { flags } = this.#downstream.connection.setup;
    const extended = request.type === 'OpenExtendedMiningChannel';
    if (extended && (flags & REQUIRES_STANDARD_JOBS) !== 0) return 'extended-channels-not-supported-for-standard-jobs';
    const selects = (flags & REQUIRES_WORK_SELECTION) !== 0;
    if (!extended && selects) return 'standard-channels-not-supported-for-custom-work';
    const refusal = this.#context.refusal;
    if (refusal !== undefined) return refusal;
    const most = Math.min(limits.channelsPerConnection, selects ? limits.channelsWithWorkSelection : Infinity);
    if (taken >= most) return 'channel-limit-reached';
    const verdict = targetFor(request.nominalHashRate, request.maxTarget, targets);
    if (verdict.kind === 'error') return verdict.code;
    const sizes = this.sizes(request);
    return typeof sizes === 'string' ? sizes : { request: ownBytes(request), target: verdict.target };
  }

  /** In the extranonce space of the moment, which may change while the user is being authorised. */
  sizes(request: OpenRequest): ExtranonceSizes | OpenChannelErrorCode {
    const { allocator, config } = this.#context;
    const { prefixSize, largestSize, fullSize } = allocator;
    const extended = request.type === 'OpenExtendedMiningChannel';
    const wanted = extended ? request.minExtranonceSize : 0;
    const verdict = extranonceSizeFor(wanted, prefixSize, config.leastExtranonceSize, largestSize);
    if (verdict.kind === 'error') return verdict.code;
    return { rolled: extended ? verdict.size : 0, full: fullSize ?? prefixSize + verdict.size };
  }

  authorise({ request }: Admissible): Authorisation | Promise<Authorisation> {
    const { remote, setup } = this.#downstream.connection;
    const { userIdentity, nominalHashRate } = request;
    const kind = request.type === 'OpenExtendedMiningChannel' ? 'extended' : 'standard';
    return this.#context.deps.authorise({ userIdentity, kind, nominalHashRate, remote, setup });
  }

  /** What the channel's jobs are made with. */
  recipe({ full: extranonceSize }: ExtranonceSizes, payout: Payout): Recipe {
    const { config, versionMask } = this.#context;
    const { tag, numbered = true } = config;
    return { payout, tag, extranonceSize, versionMask, numbered };
  }

  /** @returns undefined when no prefix is left */
  create(
    { request, target }: Admissible,
    { rolled, full }: ExtranonceSizes,
    channelId: number,
    addressee: Addressee,
  ): Miner | undefined {
    const { allocator, budget, limits, config, deps, targets, workers } = this.#context;
    const { userIdentity, nominalHashRate, maxTarget } = request;
    // The network may have become easier while the user was being authorised.
    const verdict = targetFor(nominalHashRate, maxTarget, targets);
    const lease = allocator.lease();
    if (lease === undefined) return undefined;
    const extranoncePrefix = padPrefix(lease.prefix, full - rolled);
    const common = {
      channelId,
      target: verdict.kind === 'target' ? verdict.target : target,
      maxTarget,
      budget,
      limits: limits.channel,
      extranoncePrefix,
    };
    const extended = request.type === 'OpenExtendedMiningChannel';
    const channel = extended ? new ExtendedChannel({ ...common, extranonceSize: rolled }) : new StandardChannel(common);
    const stated = this.statedDifficulty(nominalHashRate, maxTarget);
    const statedDifficulty = typeof stated === 'number' ? stated : 0;
    const key = this.#context.register.nextKey();
    const nowMs = deps.clock.now();
    const downstream = this.#downstream;
    const worker = workers.open(userIdentity, nominalHashRate, nowMs);
    const badShares = {
      newWork: limits.badSharesBeforeNewWork,
      sendAway: limits.badSharesBeforeSendAway,
      forgiven: limits.badSharesForgiven,
    };
    return new Miner(
      { downstream, key, channel, lease, addressee, userIdentity, nominalHashRate, statedDifficulty, worker, nowMs },
      { ...config, targets, badShares },
    );
  }

  /** What a stated hashrate is worth, however easy blocks are, or the code of what is wrong with it (§5.3.8). */
  statedDifficulty(
    nominalHashRate: number,
    maximumTarget: Uint8Array,
  ): number | 'invalid-nominal-hashrate' | 'max-target-out-of-range' {
    const { networkDifficulty: _, ...policy } = this.#context.targets;
    const verdict = targetFor(nominalHashRate, maximumTarget, policy);
    return verdict.kind === 'error' ? verdict.code : difficultyFromTarget(verdict.target);
  }
}

/** A decoded message's byte fields are views onto a buffer that will be reused. */
function ownBytes(request: OpenRequest): OpenRequest {
  return { ...request, userIdentity: request.userIdentity.slice(), maxTarget: request.maxTarget.slice() };
}
