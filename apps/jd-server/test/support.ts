// A job declarator server as its process would run it, with nodes of the test's making, and clients of it.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildCoinbase,
  type CoinbaseParts,
  heightPush,
  readCoinbaseHalves,
  scriptFromDescriptor,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import {
  DECLARE_TX_DATA,
  type DeclareMiningJob,
  jobDeclaration,
  type JobDeclarationFromClient,
  type JobDeclarationFromServer,
  type SetCustomMiningJob,
  utf8,
} from '@sv2kit/codec';
import {
  createMetrics,
  Health,
  Latencies,
  type Metrics,
  parseConfig,
  silentLogger,
  VirtualClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { Events } from '@sv2kit/monitor';
import type { JobTip } from '@sv2kit/bitcoin-node';
import { type Clock, type CloseReason, type Connection, connect } from '@sv2kit/net';
import { createJdServer, type JdNode, type JdServer, jdServerConfig } from '../src/index.ts';

export const PAYOUT_DESCRIPTOR = `raw(0014${'11'.repeat(20)})`;
export const PAYOUT = scriptFromDescriptor(PAYOUT_DESCRIPTOR, 'regtest');
export const ALICE = utf8('alice.jdc');
export const EXTRANONCE = 20;
const VERSION = 0x20000000;
const START_MS = 1_764_000_000_000;

export interface RunOptions {
  /** In place of what `[[nodes]]` names. */
  readonly nodes?: readonly JdNode[];
  /** `[[nodes]]` as they are. */
  readonly nodesToml?: string;
  /** Lines of `[limits]`. */
  readonly limits?: string;
  /** A clock of the test's own when absent. */
  readonly clock?: Clock;
}

/** A running server in a folder of its own. */
export class Running implements AsyncDisposable {
  readonly server: JdServer;
  /** Unless it runs by another. */
  readonly clock: VirtualClock;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly folder: string;
  readonly #used: Clock;
  #closed: Promise<void> | undefined;

  static async start(options: RunOptions = {}): Promise<Running> {
    const { nodes = [], nodesToml, limits = '' } = options;
    const folder = await mkdtemp(join(tmpdir(), 'sv2kit-jds-'));
    const authority = join(folder, 'authority.key');
    writeSecretFile(authority, 'authority-secret', randomBytes(32), []);
    const standIns = nodes.map((_, index) => `[[nodes]]\nurl = "http://127.0.0.1:${index + 1}"\ncookie_file = "none"`);
    const config = parseConfig(
      jdServerConfig,
      [
        'listen = "127.0.0.1:0"',
        'chain = "regtest"',
        `data_dir = "${join(folder, 'data')}"`,
        `[identity]\nauthority_secret_file = "${authority}"`,
        `[coinbase]\ndescriptor = "${PAYOUT_DESCRIPTOR}"`,
        `[job_declaration]\ntoken_key_file = "${join(folder, 'tokens.key')}"`,
        `[limits]\n${limits}`,
        nodesToml ?? standIns.join('\n'),
      ].join('\n'),
      { name: 'jd-server' },
    );
    const virtual = new VirtualClock(START_MS);
    const clock = options.clock ?? virtual;
    const [metrics, health, latencies] = [createMetrics(), new Health(clock), new Latencies()];
    const fail = (error: Error) => {
      throw error;
    };
    const left = [...nodes];
    const server = await createJdServer(config, {
      metrics,
      health,
      latencies,
      events: new Events({ now: () => clock.now() }),
      log: silentLogger,
      clock,
      fail,
      ...(nodesToml === undefined ? { connectNode: () => left.shift() as JdNode } : {}),
    });
    health.started();
    return new Running(server, clock, virtual, metrics, health, folder);
  }

  private constructor(
    server: JdServer,
    used: Clock,
    clock: VirtualClock,
    metrics: Metrics,
    health: Health,
    folder: string,
  ) {
    this.server = server;
    this.#used = used;
    this.clock = clock;
    this.metrics = metrics;
    this.health = health;
    this.folder = folder;
  }

  connect(flags = DECLARE_TX_DATA): Promise<Client> {
    return Client.connect(this.server, this.#used, flags);
  }

  status<T>(): T {
    return this.server.status?.() as T;
  }

  /** Stops the server; its folder stays until the end of the test. */
  close(): Promise<void> {
    this.#closed ??= this.server.close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

type MessageOf<T extends JobDeclarationFromServer['type']> = Extract<JobDeclarationFromServer, { type: T }>;

/** A job declarator client that does as it is told. */
export class Client implements AsyncDisposable {
  readonly #connection: Connection<JobDeclarationFromClient>;
  readonly #inbox: JobDeclarationFromServer[] = [];
  #wake = (): void => {};
  #requestId = 0;
  readonly closed: Promise<CloseReason>;

  static async connect({ address, authorityPublicKey }: JdServer, clock: Clock, flags: number): Promise<Client> {
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    const inbox: JobDeclarationFromServer[] = [];
    let wake = (): void => {};
    const connection = await connect({
      host: address.host,
      port: address.port,
      authority: authorityPublicKey,
      protocol: jobDeclaration,
      clock,
      setup: { flags, vendor: 'test' },
      handler: () => ({
        onMessage: (message) => {
          inbox.push(structuredClone(message));
          wake();
        },
        onClose: resolve,
      }),
    });
    const client = new Client(connection, inbox, promise);
    wake = () => client.#wake();
    return client;
  }

  private constructor(
    connection: Connection<JobDeclarationFromClient>,
    inbox: JobDeclarationFromServer[],
    closed: Promise<CloseReason>,
  ) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.closed = closed;
  }

  send(message: JobDeclarationFromClient): void {
    this.#connection.send(message);
    this.#connection.flush();
  }

  /** Resolves when the server has read most of what was sent. */
  async drained(): Promise<void> {
    while (this.#connection.congested) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The next message of one of these types; others are passed over. */
  async next<T extends JobDeclarationFromServer['type']>(...types: T[]): Promise<MessageOf<T>> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (types.some((type) => type === message.type)) return message as MessageOf<T>;
    }
  }

  async token(): Promise<Uint8Array> {
    this.#requestId += 1;
    this.send({ type: 'AllocateMiningJobToken', userIdentifier: ALICE, requestId: this.#requestId });
    return (await this.next('AllocateMiningJobTokenSuccess')).miningJobToken;
  }

  /** Sends a declaration without waiting. @returns its request id */
  declareWith(token: Uint8Array, job: Draft): number {
    this.#requestId += 1;
    const requestId = this.#requestId;
    this.send({
      type: 'DeclareMiningJob',
      requestId,
      miningJobToken: token,
      version: VERSION,
      coinbaseTxPrefix: job.parts.segwitPrefix,
      coinbaseTxSuffix: job.parts.segwitSuffix,
      wtxidList: job.wtxids,
      excessData: Uint8Array.of(0xff, 0, 1),
    } satisfies DeclareMiningJob);
    return requestId;
  }

  /** Declares with a fresh token; resolves to the answer: a token, or a code with its details. */
  async declare(job: Draft): Promise<Uint8Array | string> {
    this.declareWith(await this.token(), job);
    return await this.answer();
  }

  async answer(): Promise<Uint8Array | string> {
    const answer = await this.next('DeclareMiningJobSuccess', 'DeclareMiningJobError');
    if (answer.type === 'DeclareMiningJobSuccess') return answer.newMiningJobToken;
    return [answer.errorCode, Buffer.from(answer.errorDetails).toString()].filter((part) => part !== '').join(': ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.end('test-over');
    await this.closed;
  }
}

/** A job to declare. */
export interface Draft {
  readonly parts: CoinbaseParts;
  readonly wtxids: readonly Uint8Array[];
}

/** A job for a block of this height that pays the pool `payout`. */
export function draft(
  height: number,
  payout: bigint,
  wtxids: readonly Uint8Array[] = [],
  more: readonly TxOut[] = [],
): Draft {
  const parts = buildCoinbase({
    txVersion: 2,
    scriptSigPrefix: heightPush(height),
    tag: utf8('/test/'),
    extranonceSize: EXTRANONCE,
    sequence: 0xfffffffe,
    outputs: [{ value: payout, script: PAYOUT }, ...more, witnessCommitmentOutput(wtxids)],
    locktime: height - 1,
    segwit: true,
  });
  return { parts, wtxids };
}

/** What a client asks its pool for behind the declaration of a job without transactions. */
export function customJobOf({ parts }: Draft, token: Uint8Array, tip: JobTip): SetCustomMiningJob {
  const { scriptSig, txVersion, sequence, countedOutputs, locktime } = readCoinbaseHalves(
    parts.segwitPrefix,
    parts.segwitSuffix,
  );
  return {
    type: 'SetCustomMiningJob',
    channelId: 1,
    requestId: 1,
    miningJobToken: token,
    version: VERSION,
    prevHash: tip.hash,
    minNtime: tip.minNtime,
    nbits: tip.nbits,
    coinbaseTxVersion: txVersion,
    coinbasePrefix: scriptSig,
    coinbaseTxInputNSequence: sequence,
    coinbaseTxOutputs: countedOutputs,
    coinbaseTxLocktime: locktime,
    merklePath: [],
  };
}
