import type { Miner } from './miner.ts';
import type { MiningServerDeps } from './ports.ts';

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
    this.record(miner);
    this.#deps.metrics.channelsOpened.inc({ kind: miner.channel.kind });
    this.#count(1);
  }

  /**
   * Puts the channel's opening into the journal, unless it is there. To be called before whatever else the journal says of
   * the channel: its later records name it by key only, and the journal may have taken nothing when it was opened.
   */
  record(miner: Miner): void {
    if (miner.isRecorded) return;
    const { key: channelKey, channel, userIdentity, openedAtMs: timeMs, downstream } = miner;
    const { remote, id } = downstream.connection;
    const { channelId, kind, extranoncePrefix } = channel;
    const peer = { connection: id, remote: `${remote.address}:${remote.port}`, device: downstream.device };
    const opened = { timeMs, channelKey, channelId, kind, userIdentity, extranoncePrefix };
    miner.isRecorded = Number.isFinite(this.#deps.journal.append({ type: 'ChannelOpened', ...opened, ...peer }));
  }

  closed({ key }: Miner, reason: string): void {
    const { journal, clock, metrics } = this.#deps;
    journal.append({ type: 'ChannelClosed', timeMs: clock.now(), channelKey: key, reason });
    metrics.channelsClosed.inc({ reason });
    this.#count(-1);
  }

  #count(change: 1 | -1): void {
    this.#open += change;
    this.#deps.metrics.channels.set(this.#open);
  }
}
