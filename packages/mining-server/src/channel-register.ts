import type { Job } from '@sv2kit/mining';
import type { Miner } from './miner.ts';
import type { AcceptedCustomJob, MiningServerDeps } from './ports.ts';

/** What waits of one channel for a journal that takes nothing, at most: more than it has jobs to submit for. */
const MOST_UNRECORDED = 32;

/** Counts, names and records the channels of a server. */
export class ChannelRegister {
  readonly #deps: MiningServerDeps;
  #lastKey = 0;
  #open = 0;

  constructor(deps: MiningServerDeps) {
    this.#deps = deps;
  }

  /** Channels open now. */
  get open(): number {
    return this.#open;
  }

  /** A name for a channel in the journal: unique until the server starts again. */
  nextKey(): number {
    this.#lastKey += 1;
    return this.#lastKey;
  }

  opened(miner: Miner): void {
    const { key: channelKey, channel, userIdentity, openedAtMs: timeMs, downstream } = miner;
    const { remote, id } = downstream.connection;
    const { channelId, kind, extranoncePrefix } = channel;
    const peer = { connection: id, remote: `${remote.address}:${remote.port}`, device: downstream.device };
    const opened = { timeMs, channelKey, channelId, kind, userIdentity, extranoncePrefix };
    miner.unrecorded.push({ type: 'ChannelOpened', ...opened, ...peer });
    this.record(miner);
    this.#deps.metrics.channelsOpened.inc({ kind });
    this.#deps.events?.emit({ type: 'channel-opened', ...this.#who(miner), device: downstream.device });
    this.#count(1);
  }

  /** The channel mines a job of its client's own from now on. */
  recordJob(
    { key: channelKey, unrecorded, channel }: Miner,
    job: Job,
    verdict: AcceptedCustomJob,
    timeMs: number,
  ): void {
    const { mode, tokenId, credit, height, tip, payout, value } = verdict;
    const { prevHash } = tip;
    const difficulty = channel.active?.difficulty ?? 0;
    const terms = { mode, tokenId, prevHash, height, difficulty, credit, payout, value };
    unrecorded.push({ type: 'CustomJobAccepted', timeMs, channelKey, jobId: job.id, ...terms });
    // The oldest behind the opening; its job can no longer be submitted for.
    if (unrecorded.length > MOST_UNRECORDED) unrecorded.splice(1, 1);
    this.#flush(unrecorded);
  }

  /**
   * Puts what the journal should know of the channel into it, unless it is there. To be called before whatever else the
   * journal says of the channel: its later records name it by key only, and the journal may have taken nothing when it
   * was opened.
   */
  record({ unrecorded }: Miner): void {
    if (unrecorded.length > 0) this.#flush(unrecorded);
  }

  closed(miner: Miner, reason: string): void {
    const { journal, clock, metrics, events } = this.#deps;
    journal.append({ type: 'ChannelClosed', timeMs: clock.now(), channelKey: miner.key, reason });
    events?.emit({ type: 'channel-closed', ...this.#who(miner), reason });
    metrics.channelsClosed.inc({ reason });
    this.#count(-1);
  }

  #who({ downstream, channel, worker: { user, worker } }: Miner) {
    const { id: connection } = downstream.connection;
    const { channelId } = channel;
    return { connection, channelId, user, worker };
  }

  #flush(unrecorded: Miner['unrecorded']): void {
    const { journal } = this.#deps;
    for (let first = unrecorded[0]; first !== undefined; first = unrecorded[0]) {
      if (!Number.isFinite(journal.append(first))) return;
      unrecorded.shift();
    }
  }

  #count(change: 1 | -1): void {
    this.#open += change;
    this.#deps.metrics.channels.set(this.#open);
  }
}
