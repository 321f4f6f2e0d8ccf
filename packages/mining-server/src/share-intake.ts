import type { Share } from '@sv2kit/mining';
import type { Logger } from '@sv2kit/net';
import type { ServerCloseReason } from './codes.ts';
import type { ServerContext } from './context.ts';
import type { Gates } from './gates.ts';
import type { Miner } from './miner.ts';
import type { MinerConnection } from './ports.ts';
import { nameIn } from './share-desk.ts';
import { NamedWorkers, NamesBudget } from './workers/named-workers.ts';
import type { Worker } from './workers/worker.ts';

/** What the shares of one connection are taken in with. */
export interface ShareIntakeHost {
  readonly connection: MinerConnection;
  readonly gates: Gates;
  /** The connection's open channels by id. */
  readonly miners: ReadonlyMap<number, Miner>;
  readonly log: Logger;
  readonly end: (reason: ServerCloseReason) => void;
}

/** Shares as they arrive on one connection: whether there are too many, for which channel, and whose they are. */
export class ShareIntake {
  readonly #context: ServerContext;
  readonly #host: ShareIntakeHost;
  readonly #names: NamesBudget;
  /** For unknown channels, since the last accepted share. */
  #strays = 0;

  constructor(context: ServerContext, host: ShareIntakeHost) {
    this.#context = context;
    this.#host = host;
    this.#names = new NamesBudget(context.limits.workersPerConnection);
  }

  /** Workers that the shares name (extension 0x0002). */
  get namedWorkers(): number {
    return this.#names.used;
  }

  onShare(share: Share): void {
    const { ticks, deps, desk } = this.#context;
    const { gates, miners } = this.#host;
    const arrived = ticks();
    if (!gates.share(miners.size, arrived)) return this.#onFlood();
    const miner = miners.get(share.channelId);
    if (miner === undefined) return this.#onStray(share);
    desk.settle(miner, share, miner.channel.submit(share, deps.clock.now()), arrived);
  }

  /** Whose an accepted share is: the worker that it names (extension 0x0002), or the channel's own. */
  creditedTo(miner: Miner, share: Share, nowMs: number): Worker {
    this.#strays = 0;
    const name = nameIn(share);
    if (name === undefined) return miner.worker;
    miner.names ??= new NamedWorkers(this.#context.workers, miner, this.#names);
    return miner.names.of(name, nowMs);
  }

  #onFlood(): void {
    const { log, miners, end } = this.#host;
    log.warn('a connection floods shares', { channels: miners.size });
    end('share-flood');
  }

  #onStray({ channelId, sequenceNumber }: Share): void {
    const { connection, end } = this.#host;
    const errorCode = 'invalid-channel-id';
    connection.send({ type: 'SubmitSharesError', channelId, sequenceNumber, errorCode });
    this.#context.desk.refuseStray(errorCode);
    this.#strays += 1;
    if (this.#strays >= this.#context.limits.strayShares) end('too-many-refused-shares');
  }
}
