import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type CheckingNode, createRpcNode, type WholeTemplate, type SubmitResult } from '@sv2kit/bitcoin-node';
import { systemClock } from '@sv2kit/daemon';
import { fromHex, toHex, wordHex } from './json-lines.ts';
import { Log } from './log-line.ts';
import { Mailbox } from './mailbox.ts';
import type { TestNode } from './node.ts';
import { PAYOUT_SCRIPT } from './roles.ts';
import { type PeerHost, V1PoolPeer } from './v1-pool-peer.ts';
import { type V1Judgement, type V1Refusal, type V1Submit, type V1Terms, V1Work } from './v1-work.ts';

export interface V1PoolOptions {
  readonly node: TestNode;
  readonly port?: number;
  /** Of shares, until `setDifficulty`. Every hash is one when absent. */
  readonly difficulty?: number;
  readonly extranonce1Size?: number;
  readonly extranonce2Size?: number;
  /** Version bits that may be rolled; 0: none. BIP320's when absent. */
  readonly versionMask?: number;
  /** Whether it understands mining.configure. */
  readonly knowsConfigure?: boolean;
  /** Whether a miner that comes back, and says so, has the extranonce1 and the jobs that it had. */
  readonly resumes?: boolean;
  /** Everybody is, when absent. */
  readonly authorises?: (username: string, password: string) => boolean;
}

/** A share and what the pool made of it. */
export interface V1PoolShare {
  readonly peer: V1PoolPeer;
  readonly submit: V1Submit;
  readonly judgement: V1Judgement;
}

/** A block that a share was, and what the node said of it. */
export interface V1PoolBlock {
  readonly hash: string;
  readonly height: number;
  readonly username: string;
  readonly result: SubmitResult;
}

/** So easy that every hash meets it. */
const EVERY_HASH = 2 ** -34;
const USUAL_MASK = 0x1fffe000;

/**
 * A small V1 pool, honest and strict: work from a node, every share judged by its header, every block handed to the node.
 * What a pool may do to its miners is a method.
 */
export class TestV1Pool implements AsyncDisposable {
  /** Every share in order. */
  readonly shares = new Mailbox<V1PoolShare>(({ judgement }) => judgement.kind);
  /** Every block in order, once the node has said what it thinks of it. */
  readonly blocks = new Mailbox<V1PoolBlock>(({ height, result }) => `block ${height}: ${result.kind}`);
  /** User names that were let in, in order, also those who have gone. */
  readonly workers = new Mailbox<{ readonly peer: V1PoolPeer; readonly username: string }>(({ username }) => username);
  /** Refuses shares that are good; what they are stays in `shares`. */
  refuses: ((submit: V1Submit) => V1Refusal | undefined) | undefined;
  /** Whether who comes is let in. */
  open = true;
  readonly #server: Server;
  readonly #node: CheckingNode;
  readonly #ending = new AbortController();
  readonly #host: PeerHost;
  readonly #live = new Set<V1PoolPeer>();
  /** Miners that have gone, by extranonce1. */
  readonly #sessions = new Map<string, V1PoolPeer>();
  readonly #first = Promise.withResolvers<void>();
  #terms: Omit<V1Terms, 'extranonce1'>;
  #extranonce1Size: number;
  #extranonces = 0;
  #jobs = 0;
  #template: WholeTemplate | undefined;
  #work: V1Work | undefined;

  /** Listens, and has work. */
  static async listen(options: V1PoolOptions): Promise<TestV1Pool> {
    const pool = new TestV1Pool(options);
    pool.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(pool.#server, 'listening');
    await pool.#first.promise;
    return pool;
  }

  private constructor(options: V1PoolOptions) {
    const { node, difficulty = EVERY_HASH, extranonce1Size = 4, extranonce2Size = 8 } = options;
    const { versionMask = USUAL_MASK, knowsConfigure = true, resumes = false, authorises = () => true } = options;
    this.#terms = { extranonce2Size, difficulty, versionMask: 0 };
    this.#extranonce1Size = extranonce1Size;
    this.#host = {
      manners: { versionMask, knowsConfigure, authorises },
      onShare: (peer, submit) => this.#onShare(peer, submit),
      resumed: (session) => (resumes ? this.#sessions.get(session) : undefined),
      onAuthorised: (peer, username) => this.workers.put({ peer, username }),
      onReady: (peer) => this.#work !== undefined && peer.give(this.#work, true),
      onClose: (peer) => {
        this.#live.delete(peer);
        this.#sessions.set(toHex(peer.terms.extranonce1), peer);
      },
    };
    this.#node = createRpcNode({
      url: node.rpcUrl,
      cookieFile: node.cookieFile,
      zmqHashBlock: node.zmqHashBlock,
      pollIntervalMs: 50,
      refreshIntervalMs: 250,
      clock: systemClock,
      log: new Log().logger(),
    });
    void this.#follow();
    this.#server = createServer((socket) => {
      if (!this.open) return void socket.on('error', () => {}).resetAndDestroy();
      const peer = new V1PoolPeer(socket, this.#host, { ...this.#terms, extranonce1: this.#nextExtranonce() });
      this.#live.add(peer);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As a client of it is configured with. */
  get url(): string {
    return `stratum+tcp://127.0.0.1:${this.port}`;
  }

  /** Miners that are connected. */
  get connections(): number {
    return this.#live.size;
  }

  /** The next miner with that user name, behind all that earlier calls have passed over. @throws DeadlineError */
  async miner(username: string): Promise<V1PoolPeer> {
    const { peer } = await this.workers.next(`${username} to authorise`, (each) => each.username === username);
    return peer;
  }

  /** A block that the node took. @throws DeadlineError */
  accepted(match: (block: V1PoolBlock) => boolean = () => true): Promise<V1PoolBlock> {
    return this.blocks.first('a block that the node takes', (each) => each.result.kind === 'accepted' && match(each));
  }

  /** Difficulty of all jobs from now on. @param told - at once, with nothing to use it on, or in front of the next job */
  setDifficulty(difficulty: number, told: 'at-once' | 'next-job' = 'next-job'): void {
    this.#terms = { ...this.#terms, difficulty };
    for (const peer of this.#live) {
      peer.terms = { ...peer.terms, difficulty };
      if (told === 'at-once' && peer.ready) peer.tellDifficulty();
    }
  }

  /** Everybody gets another extranonce1, with a clean job right behind. */
  setExtranonce(extranonce2Size: number = this.#terms.extranonce2Size): void {
    this.#terms = { ...this.#terms, extranonce2Size };
    for (const peer of this.#live) {
      if (!peer.takesExtranonce) continue;
      const extranonce1 = this.#nextExtranonce();
      peer.terms = { ...peer.terms, extranonce1, extranonce2Size };
      peer.tell('mining.set_extranonce', [toHex(extranonce1), extranonce2Size]);
    }
    this.sendJob(true);
  }

  /** The version bits of all jobs from now on, with a new one right behind. */
  setVersionMask(versionMask: number): void {
    for (const peer of this.#live) {
      peer.terms = { ...peer.terms, versionMask };
      peer.tell('mining.set_version_mask', [wordHex(versionMask)]);
    }
    this.sendJob(false);
  }

  /** Sends everybody a new job on the newest template. @param clean - whether earlier ones are void */
  sendJob(clean: boolean): void {
    if (this.#template === undefined) return;
    this.#jobs += 1;
    this.#work = new V1Work(this.#jobs.toString(16), this.#template, fromHex(PAYOUT_SCRIPT));
    for (const peer of this.#live) peer.give(this.#work, clean);
  }

  /** Sends everybody somewhere else. */
  reconnect(host: string, port: number, waitSeconds = 0): void {
    for (const peer of this.#live) peer.tell('client.reconnect', [host, port, waitSeconds]);
  }

  /** Answers to submits wait until `release`. */
  hold(): void {
    for (const peer of this.#live) peer.holding = true;
  }

  release(): void {
    for (const peer of this.#live) peer.release();
  }

  /** Cuts every connection, as a failing network would. */
  drop(): void {
    for (const peer of this.#live) peer.lines.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open = false;
    this.#ending.abort();
    this.shares.close('the pool has gone');
    this.drop();
    this.#server.close();
    await this.#node.close();
  }

  async #follow(): Promise<void> {
    for await (const template of this.#node.templates(this.#ending.signal)) {
      if (template.kind !== 'whole') throw new TypeError('over RPC a template comes with its transactions');
      this.#template = template;
      this.sendJob(template.bestBlockChanged);
      this.#first.resolve();
    }
  }

  #nextExtranonce(): Uint8Array {
    this.#extranonces += 1;
    const bytes = Buffer.alloc(Math.max(this.#extranonce1Size, 4));
    bytes.writeUInt32BE(0xa000_0000 + this.#extranonces);
    return Uint8Array.from(bytes.subarray(bytes.length - this.#extranonce1Size));
  }

  #onShare(peer: V1PoolPeer, submit: V1Submit): V1Refusal | undefined {
    const judgement = this.#judge(peer, submit);
    this.shares.put({ peer, submit, judgement });
    return judgement.kind === 'refused' ? judgement.error : this.refuses?.(submit);
  }

  #judge(peer: V1PoolPeer, submit: V1Submit): V1Judgement {
    if (!peer.usernames.includes(submit.username)) return { kind: 'refused', error: [24, 'Unauthorized worker'] };
    const job = peer.jobs.get(submit.jobId);
    if (job === undefined) return { kind: 'refused', error: [21, 'Job not found'] };
    const judgement = job.work.judge(submit, job.terms);
    if (judgement.kind === 'refused') return judgement;
    if (judgement.block !== undefined) void this.#onBlock(judgement.hash, judgement.block, job.work, submit.username);
    if (job.seen.has(judgement.hash)) return { kind: 'refused', error: [22, 'Duplicate share'] };
    job.seen.add(judgement.hash);
    if (job.stale) return { kind: 'refused', error: [21, 'Stale share'] };
    return judgement;
  }

  async #onBlock(hash: string, block: Uint8Array, { template }: V1Work, username: string): Promise<void> {
    const result = await this.#node.submitBlock(block, this.#ending.signal);
    this.blocks.put({ hash, height: template.height, username, result });
  }
}
