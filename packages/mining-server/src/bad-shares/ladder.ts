import { sameBytes } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { Share, ShareErrorCode } from '@sv2kit/mining';
import { addressGroup } from '@sv2kit/net';
import type { ServerContext } from '../context.ts';
import type { Miner } from '../miner.ts';
import { BanList, type BanLimits } from './ban-list.ts';
import { isBad } from './standing.ts';

/** How long after a share that could not be recorded its repetition is no fault; milliseconds. */
const REPEAT_GRACE_MS = 60_000;
/** A neighbour that has had an accepted share within so many milliseconds works well. */
const NEIGHBOUR_MS = 600_000;

/**
 * What comes of bad shares: new work, then the end of the channel, then a ban of that user from that address for a time.
 * Channels that are on the same connection, or have the same address, do not notice: a connection is ended only when no
 * other channel is on it, and a user is not banned from an address where another channel of its own works well.
 */
export class BadShareLadder {
  readonly #context: ServerContext;
  readonly #bans: BanList;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#bans = new BanList(banLimits(context));
  }

  /** The limits have changed. */
  reconfigure(): void {
    this.#bans.setLimits(banLimits(this.#context));
  }

  /** A share was refused, and the miner has been told so. */
  refused(miner: Miner, share: Share, code: ShareErrorCode): void {
    const { board, limits, deps } = this.#context;
    const nowMs = deps.clock.now();
    const sinceTipMs = board.work === undefined ? 0 : Math.abs(nowMs - board.work.tipSinceMs);
    const mayRepeat = code === 'duplicate-share' && this.#mayRepeat(miner, share, nowMs);
    if (!isBad(code, { sinceTipMs, staleGraceMs: limits.staleGraceMs, mayRepeat })) return;
    switch (miner.standing.bad()) {
      case 'new-work':
        deps.metrics.badShares.inc({ step: 'new-work' });
        return miner.downstream.giveNewWork(miner);
      case 'send-away':
        return this.#sendAway(miner, code, nowMs);
      case undefined:
    }
  }

  /** Whether a channel of that user is not let in from that address at the moment. */
  isBanned(userIdentity: Uint8Array, address: string): boolean {
    if (this.#bans.size === 0) return false;
    if (this.#bans.bannedUntil(nameOf(userIdentity, address), this.#context.deps.clock.now()) === undefined)
      return false;
    this.#context.deps.metrics.badShares.inc({ step: 'refused' });
    return true;
  }

  #sendAway(miner: Miner, code: ShareErrorCode, nowMs: number): void {
    const { log, metrics, events } = this.#context.deps;
    const { downstream, userIdentity } = miner;
    const { id: connection, remote } = downstream.connection;
    const untilMs = this.#bans.sentAway(
      nameOf(userIdentity, remote.address),
      nowMs,
      this.#hasGoodNeighbour(miner, nowMs),
    );
    const user = fromUtf8(userIdentity);
    log.info('a miner is sent away for bad shares', { connection, channel: miner.channel.channelId, user, code });
    metrics.badShares.inc({ step: downstream.isAlone(miner) ? 'reconnect' : 'close-channel' });
    if (untilMs !== undefined) {
      metrics.badShares.inc({ step: 'ban' });
      log.warn('a miner is banned for bad shares', { user, address: remote.address, untilMs });
      events?.emit({ type: 'ban', subject: user, reason: 'bad shares', untilMs: Math.round(untilMs) });
    }
    downstream.sendAway(miner);
  }

  /** The server handed out the same work twice, or did not record a share that it was given before. */
  #mayRepeat(miner: Miner, share: Share, nowMs: number): boolean {
    const { unrecordedAtMs, channel } = miner;
    if (unrecordedAtMs !== undefined && Math.abs(nowMs - unrecordedAtMs) < REPEAT_GRACE_MS) return true;
    return channel.point(share)?.job.numbered === false;
  }

  /** Another channel of the same user and address that mines as it should. */
  #hasGoodNeighbour(miner: Miner, nowMs: number): boolean {
    const here = addressGroup(miner.downstream.connection.remote.address);
    for (const { connection, miners } of this.#context.downstreams) {
      if (addressGroup(connection.remote.address) !== here) continue;
      for (const other of miners) {
        if (other === miner || !other.standing.isGood || other.lastShareAtMs === undefined) continue;
        if (Math.abs(nowMs - other.lastShareAtMs) > NEIGHBOUR_MS) continue;
        if (sameBytes(other.userIdentity, miner.userIdentity)) return true;
      }
    }
    return false;
  }
}

/** A user at an address; of IPv6 at a /64, which is what one customer is given. */
function nameOf(userIdentity: Uint8Array, address: string): string {
  return `${addressGroup(address)} ${fromUtf8(userIdentity)}`;
}

function banLimits({ limits }: ServerContext): BanLimits {
  const { sentAwayBeforeBan: after, sentAwayWithinMs: withinMs, banMs, sentAwayRemembered: most } = limits;
  return { after, withinMs, banMs, most };
}
