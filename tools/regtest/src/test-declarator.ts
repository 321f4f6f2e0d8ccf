import { decodeCountedOutputs, type TxOut } from '@sv2kit/bitcoin';
import {
  DECLARE_TX_DATA,
  jobDeclaration,
  type JobDeclarationFromClient,
  type JobDeclarationFromServer,
  type ProvideMissingTransactions,
  REQUIRES_WORK_SELECTION,
  type SetCustomMiningJob,
  utf8,
} from '@sv2kit/codec';
import type { Work } from '@sv2kit/mining';
import { type CloseReason, type Connection, connect } from '@sv2kit/net';
import { within } from './deadline.ts';
import { customJobOf, declarationOf, type DraftJob, draftJob, spaceOf } from './draft-job.ts';
import { Mailbox } from './mailbox.ts';
import type { TestNode } from './node.ts';
import { search, type Share, type ShareAnswer, type TestChannel, TestMiner, type Wish } from './test-miner.ts';

export interface DeclaratorOptions {
  /** The pool's port, for mining. */
  readonly pool: number;
  readonly jds: number;
  /** Of both. */
  readonly authority: Uint8Array;
  /** Where honest jobs come from. */
  readonly node: TestNode;
  readonly mode?: 'full-template' | 'coinbase-only';
  readonly user?: string;
}

export interface Refusal {
  readonly errorCode: string;
  /** What the server says beside: a node's word of what is wrong with a block. */
  readonly details: string;
}

/** A token, and what its job must pay to. */
export interface Allocated {
  readonly token: Uint8Array;
  readonly outputs: readonly TxOut[];
}

/** A job that the pool pays for. */
export interface CustomJob {
  readonly jobId: number;
  readonly draft: DraftJob;
}

type MessageOf<T extends JobDeclarationFromServer['type']> = Extract<JobDeclarationFromServer, { type: T }>;
const MIN_EXTRANONCE_SIZE = 4;
const NOBODY = 'scenario.declarator';

/** A job declarator client that does only what a scenario tells it to, be it honest or not. */
export class TestDeclarator implements AsyncDisposable {
  /** Everything that the job declarator server said, in order. */
  readonly declared = new Mailbox<JobDeclarationFromServer>(({ type }) => type);
  /** Its mining connection, with work selection. */
  readonly miner: TestMiner;
  readonly channel: TestChannel;
  /** What it answers when transactions are asked for; the true ones in the order asked unless a scenario lies. */
  provide: (job: DraftJob, positions: readonly number[]) => readonly Uint8Array[] = (job, positions) =>
    positions.map((position) => job.transactions[position] ?? new Uint8Array());
  readonly #options: DeclaratorOptions;
  readonly #closed = Promise.withResolvers<CloseReason>();
  #connection: Connection<JobDeclarationFromClient> | undefined;
  #requestId = 0;
  #nonce = 0;

  /** Both connections are set up and an extended channel is open. @throws ConnectError */
  static async connect(options: DeclaratorOptions): Promise<TestDeclarator> {
    const { pool, authority, user = NOBODY } = options;
    const setup = { flags: REQUIRES_WORK_SELECTION };
    const miner = await TestMiner.connect({ port: pool, authority, setup });
    const channel = miner.ask('extended', { user, minExtranonceSize: MIN_EXTRANONCE_SIZE });
    await miner.next('OpenExtendedMiningChannelSuccess');
    const declarator = new TestDeclarator(options, miner, channel);
    await declarator.#connect();
    return declarator;
  }

  private constructor(options: DeclaratorOptions, miner: TestMiner, channel: TestChannel) {
    this.#options = options;
    this.miner = miner;
    this.channel = channel;
  }

  /** Bytes of the extranonce that a job of its channel has room for. */
  get extranonceSize(): number {
    const { extranoncePrefix, extranonceSize } = this.channel.opened;
    return extranoncePrefix.length + (extranonceSize ?? 0);
  }

  send(message: JobDeclarationFromClient): void {
    if (this.#connection === undefined) throw new Error('not connected yet');
    this.#connection.send(message);
  }

  /** Why the job declarator server's connection ended. @throws DeadlineError */
  closed(): Promise<CloseReason> {
    return within('the end of the job declaration connection', this.#closed.promise);
  }

  /** AllocateMiningJobToken. @throws DeadlineError */
  async allocate(user: string = this.#options.user ?? NOBODY): Promise<Allocated> {
    const requestId = this.#nextRequest();
    this.send({ type: 'AllocateMiningJobToken', userIdentifier: utf8(user), requestId });
    const answer = await this.#answer('AllocateMiningJobTokenSuccess', requestId);
    return { token: answer.miningJobToken, outputs: decodeCountedOutputs(answer.coinbaseTxOutputs) };
  }

  /** An honest job on what its node has now. */
  async draft(outputs: readonly TxOut[]): Promise<DraftJob> {
    return await draftJob(this.#options.node, { outputs, extranonceSize: this.extranonceSize });
  }

  /** DeclareMiningJob, with whatever is asked for. @returns the new token @throws DeadlineError */
  async declare(job: DraftJob, token: Uint8Array): Promise<{ readonly token: Uint8Array } | Refusal> {
    const requestId = this.#nextRequest();
    this.send(declarationOf(job, requestId, token));
    return await this.declaration(job, requestId);
  }

  /** What becomes of a declaration that was sent. @throws DeadlineError */
  async declaration(job: DraftJob, requestId: number): Promise<{ readonly token: Uint8Array } | Refusal> {
    for (let from = 0; ; ) {
      const answer = await this.declared.first(
        `the answer to declaration ${requestId}`,
        (each) => 'requestId' in each && each.requestId === requestId,
        { from },
      );
      if (answer.type === 'DeclareMiningJobSuccess') return { token: answer.newMiningJobToken };
      if (answer.type === 'DeclareMiningJobError') return refusal(answer);
      from = this.declared.items.indexOf(answer) + 1;
      if (answer.type === 'ProvideMissingTransactions') this.#provide(job, answer);
    }
  }

  /** SetCustomMiningJob on its channel. @throws DeadlineError */
  async propose(
    draft: DraftJob,
    token: Uint8Array,
    change: Partial<SetCustomMiningJob> = {},
  ): Promise<CustomJob | Refusal> {
    const requestId = this.#nextRequest();
    const { channelId } = this.channel.opened;
    this.miner.send({ ...customJobOf(draft, { requestId, channelId, token }), ...change });
    const answer = await this.miner.messages.first(
      `the answer to custom job ${requestId}`,
      (each) => each.type.startsWith('SetCustomMiningJob') && 'requestId' in each && each.requestId === requestId,
    );
    if (answer.type === 'SetCustomMiningJobSuccess') return { jobId: answer.jobId, draft };
    return { errorCode: answer.type === 'SetCustomMiningJobError' ? answer.errorCode : answer.type, details: '' };
  }

  /** All that an honest declarator does for one job. @throws Error when it is refused */
  async job(): Promise<CustomJob> {
    const { token, outputs } = await this.allocate();
    const draft = await this.draft(outputs);
    const declared = this.#options.mode === 'coinbase-only' ? { token } : await this.declare(draft, token);
    if ('errorCode' in declared) throw new Error(`the declaration was refused as ${declared.errorCode}`);
    const proposed = await this.propose(draft, declared.token);
    if ('errorCode' in proposed) throw new Error(`the custom job was refused as ${proposed.errorCode}`);
    return proposed;
  }

  /** Finds a share by brute force, never the same one twice. */
  solve({ jobId, draft }: CustomJob, wish: Omit<Wish, 'work'> = {}): Share {
    const found = search(this.#work(jobId, draft), { nonce: this.#nonce, ...wish });
    this.#nonce = found.nonce + 1;
    return this.channel.client.share(found);
  }

  /** Mines a share on the job and submits it. @throws DeadlineError */
  async mine(job: CustomJob, wish: Omit<Wish, 'work'> = {}): Promise<ShareAnswer> {
    return await this.channel.submit(this.solve(job, wish));
  }

  /** PushSolution: what a share that is a block is worth to the job declarator server. */
  push({ draft }: CustomJob, { nonce, ntime, version, ...share }: Share): void {
    const { extranoncePrefix } = this.channel.opened;
    const rolled = 'extranonce' in share ? share.extranonce : new Uint8Array();
    const extranonce = Buffer.concat([extranoncePrefix, rolled]);
    const { prevHash, nbits } = draft;
    this.send({ type: 'PushSolution', extranonce, prevHash, nonce, ntime, nbits, version });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.end('scenario-over');
    await this.closed();
    await this.miner[Symbol.asyncDispose]();
  }

  #work(jobId: number, draft: DraftJob): Work {
    const { channelId, extranoncePrefix, target } = this.channel.opened;
    const { version, prevHash, nbits, minNtime } = draft;
    const space = spaceOf(draft, extranoncePrefix);
    const fixed = { jobId, channelId, version, prevHash, nbits, minNtime, space, target };
    return { ...fixed, versionRollingAllowed: true, receivedAtMs: Date.now() };
  }

  #provide(job: DraftJob, { requestId, unknownTxPositionList }: ProvideMissingTransactions): void {
    const transactionList = this.provide(job, [...unknownTxPositionList]);
    this.send({ type: 'ProvideMissingTransactionsSuccess', requestId, transactionList });
  }

  async #answer<T extends JobDeclarationFromServer['type']>(type: T, requestId: number): Promise<MessageOf<T>> {
    const wanted = (each: JobDeclarationFromServer) =>
      each.type === type && 'requestId' in each && each.requestId === requestId;
    return (await this.declared.first(`${type} ${requestId}`, wanted)) as MessageOf<T>;
  }

  #nextRequest(): number {
    this.#requestId += 1;
    return this.#requestId;
  }

  async #connect(): Promise<void> {
    const { jds, authority, mode = 'full-template' } = this.#options;
    this.#connection = await connect({
      host: '127.0.0.1',
      port: jds,
      authority,
      protocol: jobDeclaration,
      setup: { flags: mode === 'full-template' ? DECLARE_TX_DATA : 0 },
      handler: () => ({
        onMessage: (message) => this.declared.put(structuredClone(message)),
        onClose: (reason) => {
          this.declared.close(`the connection ended as ${reason.code}`);
          this.#closed.resolve(reason);
        },
      }),
    });
  }
}

function refusal({ errorCode, errorDetails }: MessageOf<'DeclareMiningJobError'>): Refusal {
  return { errorCode, details: Buffer.from(errorDetails).toString() };
}
