import {
  displayHash,
  encodeHeader,
  hashHeader,
  MAX_TARGET,
  meetsTarget,
  merkleRoot,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import {
  mining,
  type MiningFromClient,
  type MiningFromServer,
  type SubmitSharesExtended,
  type SubmitSharesStandard,
  utf8,
} from '@sv2kit/codec';
import { ChannelClient, type OpenChannel, type SearchSpace, type Work } from '@sv2kit/mining';
import { type CloseReason, type Connection, connect, type ConnectOptions } from '@sv2kit/net';
import { within } from './deadline.ts';
import { Mailbox } from './mailbox.ts';

/** Where a scenario's client connects to. */
interface ServerAddress {
  readonly port: number;
  readonly authority: Uint8Array;
}

export type MinerOptions = ServerAddress & Pick<ConnectOptions<typeof mining>, 'setup' | 'extensions' | 'extensionsMs'>;
export type Share = SubmitSharesStandard | SubmitSharesExtended;
/** What a server says of one share. */
export type ShareAnswer = 'accepted' | { readonly errorCode: string };

interface OpenOptions {
  readonly user?: string;
  readonly nominalHashRate?: number;
  readonly maxTarget?: Uint8Array;
  readonly minExtranonceSize?: number;
}

/** A few seconds' worth. */
const MOST_HASHES = 2_000_000;

type MessageOf<T extends MiningFromServer['type']> = Extract<MiningFromServer, { type: T }>;

/** A mining client that does only what a scenario tells it to. */
export class TestMiner implements AsyncDisposable {
  /** Everything that the server said, in order. */
  readonly messages = new Mailbox<MiningFromServer>(({ type }) => type);
  readonly channels: TestChannel[] = [];
  readonly #closed = Promise.withResolvers<CloseReason>();
  #connection: Connection<MiningFromClient> | undefined;

  /** @throws ConnectError when the server does not want it */
  static async connect(options: MinerOptions): Promise<TestMiner> {
    const miner = new TestMiner();
    const { port, authority, setup, extensions, extensionsMs } = options;
    miner.#connection = await connect({
      host: '127.0.0.1',
      port,
      authority,
      protocol: mining,
      ...(setup && { setup }),
      ...(extensions && { extensions }),
      ...(extensionsMs === undefined ? {} : { extensionsMs }),
      handler: () => ({
        onMessage: (message) => miner.#onMessage(message),
        onClose: (reason) => {
          miner.messages.close(`the connection ended as ${reason.code}`);
          miner.#closed.resolve(reason);
        },
      }),
    });
    return miner;
  }

  get connection(): Connection<MiningFromClient> {
    if (this.#connection === undefined) throw new Error('not connected yet');
    return this.#connection;
  }

  /** Why the connection ended. @throws DeadlineError */
  closed(ms?: number): Promise<CloseReason> {
    return within('the end of the connection', this.#closed.promise, ms);
  }

  send(message: MiningFromClient): void {
    this.connection.send(message);
  }

  /** The next message of that type, behind all that earlier calls have passed over. @throws DeadlineError */
  async next<T extends MiningFromServer['type']>(
    type: T,
    match: (message: MessageOf<T>) => boolean = () => true,
  ): Promise<MessageOf<T>> {
    const wanted = (message: MiningFromServer) => message.type === type && match(message as MessageOf<T>);
    return (await this.messages.next(type, wanted)) as MessageOf<T>;
  }

  /** Asks for a channel and waits until it has work. */
  async open(kind: 'standard' | 'extended', options: OpenOptions = {}): Promise<TestChannel> {
    const channel = this.ask(kind, options);
    await channel.work();
    return channel;
  }

  /** Asks for a channel. */
  ask(kind: 'standard' | 'extended', options: OpenOptions = {}): TestChannel {
    const { user = 'scenario.test', nominalHashRate = 1000, maxTarget = MAX_TARGET, minExtranonceSize = 4 } = options;
    const client = new ChannelClient({
      requestId: this.channels.length + 1,
      userIdentity: utf8(user),
      nominalHashRate,
      maxTarget,
      channel: kind === 'standard' ? { kind } : { kind, minExtranonceSize },
    });
    const channel = new TestChannel(this, client);
    this.channels.push(channel);
    this.send(client.openMessage());
    return channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.end('scenario-over');
    await this.closed();
  }

  #onMessage(passing: MiningFromServer): void {
    const message = structuredClone(passing);
    for (const channel of this.channels) channel.receive(message);
    this.messages.put(message);
  }
}

/** What a scenario wants of a share. */
export interface Wish {
  readonly work?: Work;
  /** When absent: a share, and no block as long as the share target is easier than the network's: a block would end its job. */
  readonly wanted?: 'block' | 'share' | 'miss';
  /** From where to search on, so that two shares of one job differ. */
  readonly nonce?: number;
  readonly userIdentity?: Uint8Array;
  /** Instead of the job's own. */
  readonly version?: number;
  /** Instead of the job's earliest; unix seconds. */
  readonly ntime?: number;
}

/** One channel of a test miner. */
export class TestChannel {
  readonly client: ChannelClient;
  readonly #miner: TestMiner;
  /** Work in the order in which it came. */
  readonly works = new Mailbox<Work>(({ jobId }) => `job ${jobId}`);
  readonly violations: string[] = [];
  #nonce = 0;

  constructor(miner: TestMiner, client: ChannelClient) {
    this.#miner = miner;
    this.client = client;
  }

  /** @throws Error unless the channel is open */
  get opened(): OpenChannel {
    if (this.client.channel === undefined) throw new Error(`the channel is ${this.client.phase}`);
    return this.client.channel;
  }

  receive(message: MiningFromServer): void {
    for (const action of this.client.receive(message, Date.now())) {
      if (action.kind === 'work') this.works.put(action.work);
      if (action.kind === 'violation') this.violations.push(action.code);
      if (action.kind === 'open-refused') this.works.close(`the channel was refused as ${action.errorCode}`);
      if (action.kind === 'closed') this.works.close(`the channel was closed as ${action.reasonCode}`);
    }
  }

  /** What to mine now, or the first that will come. @throws DeadlineError */
  async work(): Promise<Work> {
    const [first] = this.works.items;
    return this.client.currentWork() ?? first ?? (await this.works.first('work', () => true));
  }

  /** The first work on a tip. @param hash - of the tip, as the node shows it @throws DeadlineError */
  async workOn(hash: string): Promise<Work> {
    return await this.works.first(`work on ${hash}`, ({ prevHash }) => displayHash(prevHash) === hash);
  }

  /** Finds a share by brute force, in one go: for easy targets only. */
  async solve(wish: Wish = {}): Promise<Share> {
    const { userIdentity } = wish;
    const found = search(wish.work ?? (await this.work()), { nonce: this.#nonce, ...wish });
    this.#nonce = found.nonce + 1;
    return this.client.share({ ...found, ...(userIdentity && { userIdentity }) });
  }

  /** Submits, and waits for the answer. @throws DeadlineError */
  async submit(share: Share): Promise<ShareAnswer> {
    this.#miner.send(share);
    return await this.answer(share);
  }

  /** Mines a share and submits it. */
  async mine(wish: Wish = {}): Promise<ShareAnswer> {
    return await this.submit(await this.solve(wish));
  }

  /** What the server says of a share. A Success is for all up to the one it names (§5.3.13). @throws DeadlineError */
  async answer({ channelId, sequenceNumber }: Share): Promise<ShareAnswer> {
    const message = await this.#miner.messages.first(
      `the answer for share ${sequenceNumber}`,
      (each) =>
        (each.type === 'SubmitSharesSuccess' &&
          each.channelId === channelId &&
          each.lastSequenceNumber >= sequenceNumber) ||
        (each.type === 'SubmitSharesError' && each.channelId === channelId && each.sequenceNumber === sequenceNumber),
    );
    return message.type === 'SubmitSharesError' ? { errorCode: message.errorCode } : 'accepted';
  }
}

/** The first nonce whose hash is as wanted. */
export function search(work: Work, { wanted, nonce: from = 0, ...wish }: Wish) {
  const { jobId, prevHash, nbits, space, target } = work;
  const { version = work.version, ntime = work.minNtime } = wish;
  const extranonce = space.kind === 'extended' ? new Uint8Array(space.extranonceSize).fill(7) : undefined;
  const root = extranonce === undefined ? fixedRoot(space) : rolledRoot(space, extranonce);
  const network = targetFromNbits(nbits);
  const orBlock = wanted === undefined && meetsTarget(target, network);
  for (let nonce = from; nonce < from + MOST_HASHES; nonce += 1) {
    const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
    const isShare = meetsTarget(hash, target);
    const kind = meetsTarget(hash, network) ? 'block' : isShare ? 'share' : 'miss';
    if (orBlock ? !isShare : kind !== (wanted ?? 'share')) continue;
    return { jobId, nonce, ntime, version, ...(extranonce && { extranonce }) };
  }
  throw new Error(`no ${wanted ?? 'share'} in ${MOST_HASHES} hashes: a target is harder than the scenario believes`);
}

function fixedRoot(space: SearchSpace): Uint8Array {
  if (space.kind !== 'standard') throw new TypeError('an extended job has no fixed merkle root');
  return space.merkleRoot;
}

function rolledRoot(space: SearchSpace, extranonce: Uint8Array): Uint8Array {
  if (space.kind !== 'extended') throw new TypeError('a standard job has no extranonce to roll');
  const { coinbasePrefix, extranoncePrefix, coinbaseSuffix, merklePath } = space;
  const coinbase = Buffer.concat([coinbasePrefix, extranoncePrefix, extranonce, coinbaseSuffix]);
  return merkleRoot(sha256d(coinbase), merklePath);
}
