import type { OpenChannelErrorCode } from '@sv2kit/mining';
import type { Logger } from '@sv2kit/net';
import { type Admissible, ChannelOpener, type OpenRequest } from './channel-opener.ts';
import type { ServerContext } from './context.ts';
import type { Downstream } from './downstream.ts';
import type { Gates } from './gates.ts';
import type { Miner } from './miner.ts';
import type { Authorisation } from './ports.ts';
import type { WorkLine } from './work-line.ts';

/** What opening a channel takes of its connection. */
export interface OpeningHost {
  readonly downstream: Downstream;
  readonly gates: Gates;
  readonly line: WorkLine;
  readonly log: Logger;
  /** Channels open now. */
  readonly channels: () => number;
  /** An id that no channel and no group of the connection has. */
  readonly nextId: () => number;
  /** The channel is open; what is sent from now on comes after its Success. */
  readonly onOpen: (miner: Miner) => void;
}

/** Requests for channels on one connection, from their arrival to Success or Error (§5.3.2 to §5.3.6). */
export class Openings {
  readonly #context: ServerContext;
  readonly #host: OpeningHost;
  readonly #opener: ChannelOpener;
  #pending = 0;
  #closed = false;

  constructor(context: ServerContext, host: OpeningHost) {
    this.#context = context;
    this.#host = host;
    this.#opener = new ChannelOpener(context, host.downstream);
  }

  onRequest(message: OpenRequest): void {
    // A refusal would be taken for more than the end of this connection.
    if (this.#closed) return;
    const { gates, channels, log, downstream } = this.#host;
    if (!gates.open(this.#context.ticks())) return this.#refuse(message.requestId, 'channel-limit-reached');
    const { connection } = downstream;
    if (this.#context.ladder.isBanned(message.userIdentity, connection.remote.address))
      return this.#refuse(message.requestId, 'banned-for-bad-shares');
    const checked = this.#opener.check(message, channels() + this.#pending);
    if (typeof checked === 'string') return this.#refuse(message.requestId, checked);
    const answer = this.#opener.authorise(checked);
    if (!(answer instanceof Promise)) return this.#onAuthorised(checked, answer);
    this.#pending += 1;
    answer.then(
      (authorisation) => this.#onAnswered(() => this.#onAuthorised(checked, authorisation)),
      (error: unknown) =>
        this.#onAnswered(() => {
          log.error('a user could not be authorised', { error });
          this.#refuse(checked.request.requestId, 'authorisation-unavailable');
        }),
    );
  }

  /** The connection has ended: nobody waits for an answer. */
  close(): void {
    this.#closed = true;
  }

  /** What UpdateChannel states, as a difficulty, or the code of what is wrong with it (§5.3.8). */
  statedDifficulty(nominalHashRate: number, maximumTarget: Uint8Array): ReturnType<ChannelOpener['statedDifficulty']> {
    return this.#opener.statedDifficulty(nominalHashRate, maximumTarget);
  }

  /** The hook took its time: the connection may be gone, and a mistake of ours must end it alone. */
  #onAnswered(act: () => void): void {
    const { log, downstream } = this.#host;
    this.#pending -= 1;
    if (this.#closed) return;
    try {
      act();
    } catch (error) {
      log.error('a channel could not be opened', { error });
      downstream.connection.destroy('internal-error');
    }
  }

  #onAuthorised(admissible: Admissible, authorisation: Authorisation): void {
    const { line, nextId, downstream } = this.#host;
    const { requestId, userIdentity, type } = admissible.request;
    const kind = type === 'OpenStandardMiningChannel' ? 'standard' : 'extended';
    if (!downstream.knowsWhetherToRoll(kind)) return downstream.end('version-rolling-changed');
    if (authorisation.kind === 'refused') return this.#refuse(requestId, authorisation.code);
    const { refusal } = this.#context;
    if (refusal !== undefined) return this.#refuse(requestId, refusal);
    const sizes = this.#opener.sizes(admissible.request);
    if (typeof sizes === 'string') return this.#refuse(requestId, sizes);
    const recipe = this.#opener.recipe(sizes, authorisation.payout);
    const addressee = line.addressee(recipe, userIdentity, nextId);
    const miner = this.#opener.create(admissible, sizes, nextId(), addressee);
    if (miner === undefined) return this.#refuse(requestId, 'channel-capacity-exhausted');
    line.prepareFor(addressee);
    this.#welcome(miner, requestId);
  }

  /** Success, a future job, its prev-hash: in this order, on the channel's own id (§5.3.15). */
  #welcome(miner: Miner, requestId: number): void {
    const { downstream, line, nextId, onOpen } = this.#host;
    const { channel, addressee } = miner;
    if (addressee.kind === 'own') miner.ownGroupId = nextId();
    onOpen(miner);
    downstream.connection.markInUse();
    this.#context.register.opened(miner);
    const groupChannelId = addressee.kind === 'own' ? (miner.ownGroupId ?? 0) : addressee.group.groupChannelId;
    const { channelId, target, extranoncePrefix } = channel;
    const common = { requestId, channelId, target, extranoncePrefix, groupChannelId };
    downstream.connection.send(
      channel.kind === 'standard'
        ? { type: 'OpenStandardMiningChannelSuccess', ...common }
        : { type: 'OpenExtendedMiningChannelSuccess', ...common, extranonceSize: channel.extranonceSize },
    );
    line.welcome(miner);
  }

  #refuse(requestId: number, errorCode: OpenChannelErrorCode): void {
    const { downstream, log } = this.#host;
    downstream.connection.send({ type: 'OpenMiningChannelError', requestId, errorCode });
    this.#context.deps.metrics.channelsRefused.inc({ code: errorCode });
    log.debug('channel refused', { code: errorCode });
  }
}
