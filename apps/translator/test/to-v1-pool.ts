import {
  encodeHeader,
  encodeOutputs,
  hashHeader,
  heightPush,
  meetsTarget,
  targetFromDifficulty,
  targetFromNbits,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import { listenWire, type Listener, type Wire, type WireConnection } from '@sv2kit/net';
import {
  headerOf,
  JobLine,
  type Notify,
  shareOf,
  type StratumError,
  stratumError,
  type Submit,
  type Subscription,
  type Sv1ServerEvent,
  Sv1ServerSession,
} from '@sv2kit/sv1';
import { onTestFinished } from 'vitest';

/** Too hard for any hash of a test to be a block. */
export const HARD_NBITS = 0x1b00ffff;
/** Every other hash is a block. */
export const REGTEST_NBITS = 0x207fffff;

/** A difficulty of which about one hash in `hashes` is a share. */
export function oneIn(hashes: number): number {
  return hashes / 2 ** 32;
}

export interface V1PoolOptions {
  readonly extranonce1?: (connection: number) => Uint8Array;
  readonly extranonce2Size?: number;
  readonly difficulty?: number;
  /** Undefined: the pool does not understand mining.configure. */
  readonly versionMask?: number | undefined;
  readonly nbits?: number;
  /** Who is let in; everybody when absent. */
  readonly knows?: (username: string) => boolean;
  /** Whether a miner that names its session gets the same extranonce1 again. */
  readonly resumes?: boolean;
  /** Whether a first job is given as soon as a miner may mine. */
  readonly silent?: boolean;
}

/** What a job was sent with. */
interface Given {
  readonly notify: Notify;
  readonly subscription: Subscription;
  readonly difficulty: number;
  readonly versionMask: number;
}

/** A share and what the pool made of it; `hash` where it made a header. */
export interface JudgedShare {
  readonly submit: Submit;
  readonly verdict: StratumError | 'accepted';
  readonly hash?: Uint8Array;
  readonly isBlock: boolean;
}

/** A small honest V1 pool without a node: judges every share by its header, keeps jobs until a clean one. */
export class V1PoolHere {
  readonly shares: JudgedShare[] = [];
  readonly usernames: string[] = [];
  readonly peers = new Set<Peer>();
  readonly options: V1PoolOptions;
  difficulty: number;
  versionMask: number;
  nbits: number;
  extranonce2Size: number;
  prevHash: Uint8Array = new Uint8Array(32).fill(1);
  height = 800_000;
  /** Answers shares otherwise than they deserve; `silence` gives none. */
  overrule: ((submit: Submit) => StratumError | 'silence' | undefined) | undefined;
  /** Whether a difficulty counts for jobs that are out already. */
  appliesAtOnce = false;
  /** Whether jobs of a session are still known when it is gone on with. */
  keepsJobs = false;
  readonly jobsBySession = new Map<string, Map<string, Given>>();
  connections = 0;
  #listener: Listener | undefined;
  #port = 0;
  #jobs = 0;

  constructor(options: V1PoolOptions = {}) {
    this.options = options;
    this.difficulty = options.difficulty ?? oneIn(1);
    this.versionMask = 'versionMask' in options ? (options.versionMask ?? 0) : 0x1fffe000;
    this.nbits = options.nbits ?? HARD_NBITS;
    this.extranonce2Size = options.extranonce2Size ?? 8;
  }

  static async listen(options?: V1PoolOptions): Promise<V1PoolHere> {
    const pool = new V1PoolHere(options);
    onTestFinished(() => pool.away());
    await pool.back();
    return pool;
  }

  get url(): string {
    return `stratum+tcp://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the port that it had before. */
  async back(): Promise<void> {
    this.#listener = await listenWire({
      host: '127.0.0.1',
      port: this.#port,
      accept: (connection) => new Peer(this, connection),
    });
    this.#port = this.#listener.port;
  }

  /** Hangs up on everybody and is not there. */
  async away(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  get accepted(): readonly JudgedShare[] {
    return this.shares.filter(({ verdict }) => verdict === 'accepted');
  }

  get refused(): readonly JudgedShare[] {
    return this.shares.filter(({ verdict }) => verdict !== 'accepted');
  }

  /** A job for everybody. */
  notify(more: Partial<Notify> = {}): void {
    for (const peer of this.peers) peer.give(more);
  }

  /** Another tip. */
  newTip(more: Partial<Notify> = {}): void {
    this.height += 1;
    this.prevHash = new Uint8Array(32).fill(this.height % 251);
    this.notify({ cleanJobs: true, ...more });
  }

  nextJob(more: Partial<Notify>, extranonceSize: number): Notify {
    this.#jobs += 1;
    const script = [...heightPush(this.height), 3, this.#jobs & 0xff, this.#jobs >> 8, 0];
    const input = [1, ...new Uint8Array(32), 255, 255, 255, 255, script.length + extranonceSize];
    const outputs = [{ value: 312_500_000n, script: Uint8Array.of(0x51) }, witnessCommitmentOutput([])];
    return {
      type: 'notify',
      jobId: this.#jobs.toString(16),
      prevHash: this.prevHash,
      coinb1: Uint8Array.of(2, 0, 0, 0, ...input, ...script),
      coinb2: Uint8Array.of(255, 255, 255, 255, outputs.length, ...encodeOutputs(outputs), 0, 0, 0, 0),
      merkleBranches: [new Uint8Array(32).fill(this.#jobs & 0xff)],
      version: 0x20000000,
      nbits: this.nbits,
      ntime: Math.floor(Date.now() / 1000),
      cleanJobs: false,
      ...more,
    };
  }
}

/** One miner of the pool. */
export class Peer implements Wire {
  readonly session = new Sv1ServerSession();
  readonly #pool: V1PoolHere;
  readonly #connection: WireConnection;
  #given = new Map<string, Given>();
  readonly #seen = new Set<string>();
  #subscription: Subscription;

  constructor(pool: V1PoolHere, connection: WireConnection) {
    this.#pool = pool;
    this.#connection = connection;
    pool.connections += 1;
    const extranonce1 = pool.options.extranonce1?.(pool.connections) ?? Uint8Array.of(0xe1, pool.connections);
    const { extranonce2Size } = pool;
    this.#subscription = { extranonce1, extranonce2Size, session: Buffer.from(extranonce1).toString('hex') };
    connection.markReady();
    connection.markInUse();
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  /** A job with everything that holds now. */
  give(more: Partial<Notify> = {}): void {
    const { difficulty, versionMask } = this.#pool;
    const { extranonce1, extranonce2Size } = this.#subscription;
    const notify = this.#pool.nextJob(more, extranonce1.length + extranonce2Size);
    if (notify.cleanJobs && !this.#pool.keepsJobs) this.#given.clear();
    this.#pool.jobsBySession.set(this.#subscription.session, this.#given);
    this.#given.set(notify.jobId, { notify, subscription: this.#subscription, difficulty, versionMask });
    this.session.sendJob(new JobLine(notify), difficulty);
    this.#connection.flushSoon();
  }

  /** Lines of our own making. */
  says(method: string, params: readonly unknown[]): void {
    this.#raw += `${JSON.stringify({ id: null, method, params })}\n`;
    this.#connection.flushSoon();
  }

  #raw = '';

  /** Another extranonce1 for the next job. */
  setExtranonce(extranonce1: Uint8Array, extranonce2Size: number): void {
    this.#subscription = { ...this.#subscription, extranonce1, extranonce2Size };
    this.session.setExtranonce(this.#subscription);
  }

  hangUp(): void {
    this.#connection.destroy('gone');
  }

  receive(chunk: Uint8Array): void {
    for (const event of this.session.receive(chunk)) this.#onEvent(event);
  }

  drain(): Uint8Array | undefined {
    const queued = this.session.drain();
    if (this.#raw === '') return queued;
    const raw = Buffer.from(this.#raw);
    this.#raw = '';
    return queued === undefined ? raw : Buffer.concat([queued, raw]);
  }

  onClose(): void {
    this.#pool.peers.delete(this);
  }

  #onEvent(event: Sv1ServerEvent): void {
    const { options } = this.#pool;
    switch (event.type) {
      case 'configure':
        if (options.versionMask === undefined && 'versionMask' in options) {
          return this.session.refuse(event.request, stratumError('other', 'Unknown method'));
        }
        return this.session.configured(event.request, { versionMask: this.#pool.versionMask });
      case 'subscribe': {
        const { session } = event.request;
        if (options.resumes === true && session !== undefined && session !== '') {
          this.#subscription = { ...this.#subscription, extranonce1: Buffer.from(session, 'hex'), session };
          if (this.#pool.keepsJobs) this.#given = this.#pool.jobsBySession.get(session) ?? this.#given;
        }
        return this.session.subscribed(event.request, this.#subscription);
      }
      case 'authorise': {
        const { username } = event.request;
        if (options.knows?.(username) === false) {
          return this.session.refuse(event.request, stratumError('unauthorised', 'unknown worker'));
        }
        this.#pool.usernames.push(username);
        this.session.authorised(event.request);
        if (this.#pool.peers.has(this)) return;
        this.#pool.peers.add(this);
        if (options.silent !== true) this.give({ cleanJobs: !this.#pool.keepsJobs });
        return;
      }
      case 'submit':
        return this.#onSubmit(event.request);
      default:
        return;
    }
  }

  #onSubmit(submit: Submit): void {
    const judged = this.#judge(submit);
    const overruled = this.#pool.overrule?.(submit);
    if (overruled === 'silence') return;
    const verdict = overruled ?? judged.verdict;
    this.#pool.shares.push({ submit, ...judged, verdict });
    if (verdict === 'accepted') this.session.accepted(submit);
    else this.session.refuse(submit, verdict);
  }

  #judge(submit: Submit): Omit<JudgedShare, 'submit'> {
    const given = this.#given.get(submit.jobId);
    if (given === undefined) return { verdict: stratumError('jobNotFound'), isBlock: false };
    const { notify, subscription, versionMask } = given;
    const { extranonce2Size } = subscription;
    const reading = shareOf(submit, { version: notify.version, versionMask, extranonce2Size });
    if (reading.kind === 'refused') return { verdict: reading.error, isBlock: false };
    if (submit.ntime < notify.ntime) return { verdict: stratumError('other', 'ntime out of range'), isBlock: false };
    const header = encodeHeader(headerOf(notify, subscription.extranonce1, reading.share));
    const hash = hashHeader(header);
    const isBlock = meetsTarget(hash, targetFromNbits(notify.nbits));
    const difficulty = this.#pool.appliesAtOnce ? this.#pool.difficulty : given.difficulty;
    const key = Buffer.from(header).toString('hex');
    if (this.#seen.has(key)) return { verdict: stratumError('duplicateShare'), hash, isBlock };
    this.#seen.add(key);
    if (!isBlock && !meetsTarget(hash, targetFromDifficulty(difficulty))) {
      return { verdict: stratumError('lowDifficulty'), hash, isBlock };
    }
    return { verdict: 'accepted', hash, isBlock };
  }
}
