// A V1 miner of the tests' own, on a real socket: what it hashes is put together from the lines alone.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { encodeHeader, hashHeader, meetsTarget, merkleRoot, sha256d, targetFromDifficulty } from '@sv2kit/bitcoin';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** A line of the server. */
export interface ServerLine {
  readonly id?: Json;
  readonly method?: string;
  readonly params?: readonly Json[];
  readonly result?: Json;
  readonly error?: Json;
}

/** mining.notify, with the difficulty that held when it came. */
export interface V1Job {
  readonly id: string;
  readonly prevHash: string;
  readonly coinb1: string;
  readonly coinb2: string;
  readonly branches: readonly string[];
  readonly version: number;
  readonly nbits: number;
  readonly ntime: number;
  readonly clean: boolean;
  readonly difficulty: number;
}

export interface V1Share {
  readonly job: V1Job;
  readonly extranonce2: string;
  readonly nonce: number;
  readonly ntime?: number;
  readonly bits?: number;
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

export class V1Miner {
  readonly socket: Socket;
  readonly lines: ServerLine[] = [];
  readonly jobs: V1Job[] = [];
  readonly username: string;
  difficulty = 1;
  extranonce1 = '';
  extranonce2Size = 0;
  mask = 0;
  closed = false;
  #rest = '';
  #id = 0;
  #extranonce2 = 0;
  #wake: () => void = () => {};
  readonly #answers = new Map<number, { resolve: (line: ServerLine) => void; reject: (error: Error) => void }>();

  private constructor(socket: Socket, username: string) {
    this.socket = socket;
    this.username = username;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk.toString('utf8')));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      for (const { reject } of this.#answers.values()) reject(new Error('the server hung up'));
      this.#wake();
    });
  }

  static async connect(port: number, username = 'account.rig', host = '127.0.0.1'): Promise<V1Miner> {
    const socket = connectTcp({ port, host, noDelay: true });
    const miner = new V1Miner(socket, username);
    await once(socket, 'connect');
    return miner;
  }

  static over(socket: Socket, username = 'account.rig'): V1Miner {
    return new V1Miner(socket, username);
  }

  /** Connects, subscribes and asks to be authorised, and waits for a job. */
  static async mining(
    port: number,
    options: { readonly username?: string; readonly password?: string; readonly agent?: string; mask?: number } = {},
  ): Promise<V1Miner> {
    const miner = await V1Miner.connect(port, options.username);
    await miner.handshake(options);
    await miner.until(() => miner.jobs.length > 0);
    return miner;
  }

  async handshake({
    password = 'x',
    agent = 'test/1.0',
    mask,
  }: {
    password?: string;
    agent?: string;
    mask?: number;
  } = {}): Promise<ServerLine> {
    if (mask !== undefined) {
      const options = { 'version-rolling.mask': word(mask), 'version-rolling.min-bit-count': 2 };
      const { result } = await this.ask('mining.configure', [['version-rolling'], options]);
      this.mask = Number.parseInt((result as Record<string, string>)['version-rolling.mask'] ?? '0', 16);
    }
    const { result } = await this.ask('mining.subscribe', [agent]);
    const [, extranonce1, extranonce2Size] = result as [Json, string, number];
    this.extranonce1 = extranonce1;
    this.extranonce2Size = extranonce2Size;
    return this.ask('mining.authorize', [this.username, password]);
  }

  get job(): V1Job {
    const job = this.jobs.at(-1);
    if (job === undefined) throw new Error('no job has come');
    return job;
  }

  ask(method: string, params: readonly Json[]): Promise<ServerLine> {
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.say({ id, method, params });
    });
  }

  say(message: Json): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Resolves when it is so; fails when the server hangs up first. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.closed) throw new Error('the server hung up');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ended(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Waits for the job that is to follow those there are. */
  async nextJob(): Promise<V1Job> {
    const count = this.jobs.length;
    await this.until(() => this.jobs.length > count);
    return this.job;
  }

  /** A share of the job that meets its difficulty, and for which `also` says yes. */
  solve(job = this.job, also: (hash: Uint8Array) => boolean = () => true, bits?: number): V1Share {
    const target = targetFromDifficulty(job.difficulty);
    this.#extranonce2 += 1;
    const extranonce2 = this.#extranonce2.toString(16).padStart(2 * this.extranonce2Size, '0');
    for (let nonce = 0; ; nonce += 1) {
      const share = { job, extranonce2, nonce, ...(bits !== undefined && { bits }) };
      const hash = this.hash(share);
      if (meetsTarget(hash, target) && also(hash)) return share;
    }
  }

  hash({ job, extranonce2, nonce, ntime = job.ntime, bits }: V1Share): Uint8Array {
    const coinbase = bytes(job.coinb1 + this.extranonce1 + extranonce2 + job.coinb2);
    const version = bits === undefined ? job.version : ((job.version & ~this.mask) | (bits & this.mask)) >>> 0;
    const prevHash = bytes(
      (job.prevHash.match(/.{8}/g) ?? [])
        .map((digits) => bytes(digits).toReversed())
        .map((each) => Buffer.from(each).toString('hex'))
        .join(''),
    );
    const header = encodeHeader({
      version,
      prevHash,
      merkleRoot: merkleRoot(sha256d(coinbase), job.branches.map(bytes)),
      ntime,
      nbits: job.nbits,
      nonce,
    });
    return hashHeader(header);
  }

  submit({ job, extranonce2, nonce, ntime = job.ntime, bits }: V1Share, username = this.username): Promise<ServerLine> {
    const params = [username, job.id, extranonce2, word(ntime), word(nonce)];
    return this.ask('mining.submit', bits === undefined ? params : [...params, word(bits)]);
  }

  close(): void {
    this.socket.destroy();
  }

  #onData(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#onLine(JSON.parse(part) as ServerLine);
    this.#wake();
  }

  #onLine(line: ServerLine): void {
    this.lines.push(line);
    if (typeof line.id === 'number') {
      this.#answers.get(line.id)?.resolve(line);
      this.#answers.delete(line.id);
    }
    const params = line.params ?? [];
    if (line.method === 'mining.set_difficulty') this.difficulty = params[0] as number;
    if (line.method === 'mining.set_version_mask') this.mask = Number.parseInt(params[0] as string, 16);
    if (line.method !== 'mining.notify') return;
    const [id, prevHash, coinb1, coinb2, branches, version, nbits, ntime, clean] = params as unknown as [
      string,
      string,
      string,
      string,
      string[],
      string,
      string,
      string,
      boolean,
    ];
    this.jobs.push({
      id,
      prevHash,
      coinb1,
      coinb2,
      branches,
      version: Number.parseInt(version, 16),
      nbits: Number.parseInt(nbits, 16),
      ntime: Number.parseInt(ntime, 16),
      clean,
      difficulty: this.difficulty,
    });
  }
}
