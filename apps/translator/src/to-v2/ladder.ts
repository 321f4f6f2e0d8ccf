import { BanList, type BadShareLimits } from '@sv2kit/mining-server';
import { addressGroup } from '@sv2kit/net';
import type { TranslatorConfig } from './config.ts';
import { TRANSLATOR_LIMITS } from './limits.ts';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import type { ShareConsequence } from './miner-shares.ts';

/** Refusals that say nothing against a miner: the translator was not able to judge. */
const NEUTRAL: ReadonlySet<string> = new Set(['memory-exhausted']);
/** A neighbour that has had an accepted share within so many milliseconds works well. */
const NEIGHBOUR_MS = 600_000;

/** `[bad_shares]` as the ladder takes it. */
export interface LadderLimits extends BadShareLimits {
  readonly banAfter: number;
  readonly banMs: number;
  readonly staleGraceMs: number;
}

export function ladderLimits({ badShares }: Pick<TranslatorConfig, 'badShares'>): LadderLimits {
  const { newWork, sendAway, forgiven, banAfter, ban, staleGrace } = badShares;
  return { newWork, sendAway, forgiven, banAfter, banMs: ban * 1000, staleGraceMs: staleGrace * 1000 };
}

/** What the ladder needs. */
type LadderHost = Pick<MinerHost, 'clock' | 'log' | 'metrics' | 'events'> & { readonly miners: ReadonlySet<Miner> };

/**
 * What comes of a miner's bad shares beyond its own connection: who was sent away time and again is not let in for a
 * while, by its user name at its address. Others of that address do not notice, and a name is not banned there while
 * another miner of it works well.
 */
export class Ladder {
  limits: LadderLimits;
  readonly #host: LadderHost;
  readonly #bans: BanList;

  constructor(limits: LadderLimits, host: LadderHost) {
    this.limits = limits;
    this.#host = host;
    this.#bans = new BanList(banLimits(limits));
  }

  /** Of bans that are in force too; a miner keeps the standing that it came with. */
  setLimits(limits: LadderLimits): void {
    this.limits = limits;
    this.#bans.setLimits(banLimits(limits));
  }

  /** Whether a refused share speaks against its miner. @param sinceTipMs since its last clean job */
  isBad(reason: string, sinceTipMs: number): boolean {
    if (NEUTRAL.has(reason)) return false;
    // Those on the way, or of firmware that finishes what it has begun.
    return reason !== 'stale-job' || sinceTipMs >= this.limits.staleGraceMs;
  }

  /** A miner bears what a share of its own has brought it. */
  bear(miner: Miner, consequence: ShareConsequence): void {
    switch (consequence) {
      case undefined:
        return;
      case 'new-work':
        this.#host.metrics.badShares.inc({ step: 'new-work' });
        return miner.giveNewWork();
      case 'send-away':
        // It may come back at once, with the state of its shares forgotten: firmware that was stuck is not then.
        this.#sentAway(miner);
        miner.session.reconnect({ host: undefined, port: undefined, waitSeconds: 0 });
        return miner.end('too-many-refused');
      case 'share-flood':
        return miner.end('share-flood');
      default:
        return consequence satisfies never;
    }
  }

  #sentAway(miner: Miner): void {
    const { clock, log, metrics, events } = this.#host;
    const nowMs = clock.now();
    const { username: user, connection } = miner;
    const { address } = connection.remote;
    const untilMs = this.#bans.sentAway(nameOf(user, address), nowMs, this.#hasGoodNeighbour(miner, nowMs));
    metrics.badShares.inc({ step: 'reconnect' });
    log.info('a miner is sent away for bad shares', { peer: connection.id, miner: user, refused: miner.tally.refused });
    if (untilMs === undefined) return;
    metrics.badShares.inc({ step: 'ban' });
    log.warn('a miner is banned for bad shares', { miner: user, address, untilMs });
    events.emit({ type: 'ban', subject: user, reason: 'bad shares', untilMs: Math.round(untilMs) });
  }

  /** Whether that name is not let in from that address at the moment. */
  isBanned(username: string, address: string): boolean {
    if (this.#bans.size === 0) return false;
    if (this.#bans.bannedUntil(nameOf(username, address), this.#host.clock.now()) === undefined) return false;
    this.#host.metrics.badShares.inc({ step: 'refused' });
    return true;
  }

  /** Another miner of the same name and address that mines as it should. */
  #hasGoodNeighbour(miner: Miner, nowMs: number): boolean {
    const here = addressGroup(miner.connection.remote.address);
    for (const other of this.#host.miners) {
      if (other === miner || other.username !== miner.username || !other.isGood) continue;
      if (addressGroup(other.connection.remote.address) !== here) continue;
      if (other.tally.lastShareMs > 0 && nowMs - other.tally.lastShareMs <= NEIGHBOUR_MS) return true;
    }
    return false;
  }
}

/** A user name at an address; of IPv6 at a /64, which is what one customer is given. */
function nameOf(username: string, address: string): string {
  return `${addressGroup(address)} ${username}`;
}

function banLimits({ banAfter: after, banMs }: LadderLimits) {
  const { sentAwayWithinMs: withinMs, sentAwayRemembered: most } = TRANSLATOR_LIMITS;
  return { after, withinMs, banMs, most };
}
