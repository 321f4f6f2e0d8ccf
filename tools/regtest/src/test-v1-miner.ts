import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { within } from './deadline.ts';
import { fromHex, JsonLines, type V1Line, wordHex } from './json-lines.ts';
import { Mailbox } from './mailbox.ts';
import { readJob, solve, submitParams, type V1Job, type V1Share, type V1Wish } from './v1-job.ts';

/** How a family of firmware behaves. */
export interface V1Manners {
  readonly userAgent: string;
  /** Version bits that it asks to roll; 0: it knows nothing of rolling, and sends submits of five parameters. */
  readonly versionMask: number;
  /** Whether a new difficulty holds for the work in its hands, or only for what comes behind it. */
  readonly difficulty: 'at-once' | 'next-job';
  /** Whether it asks for mining.set_extranonce. */
  readonly takesExtranonce: boolean;
}

const PLAIN: V1Manners = {
  userAgent: 'scenario/1.0',
  versionMask: 0xffff_ffff,
  difficulty: 'next-job',
  takesExtranonce: false,
};

export interface V1MinerOptions {
  readonly port: number;
  readonly host?: string;
  readonly username?: string;
  readonly password?: string;
  readonly manners?: Partial<V1Manners>;
  /** The certificate to trust, in PEM: the connection is encrypted. */
  readonly ca?: string;
  /** What a load balancer says of the miner, in front of everything else (PROXY protocol, version 2). */
  readonly proxied?: { readonly address: string; readonly port: number };
}

/** What a server says of one share. */
export type V1Answer = 'accepted' | { readonly code: number; readonly message: string };

/** A request without an answer. */
interface Asked {
  readonly method: string;
  readonly resolve: (line: V1Line) => void;
  readonly reject: (error: Error) => void;
}

/** A V1 miner that does only what a scenario tells it to. */
export class TestV1Miner implements AsyncDisposable {
  readonly lines: JsonLines;
  readonly manners: V1Manners;
  readonly username: string;
  /** Every job in order. */
  readonly jobs = new Mailbox<V1Job>(({ jobId }) => `job ${jobId}`);
  /** Difficulty that was told last. */
  difficulty = 1;
  versionMask = 0;
  extranonce1: Uint8Array = new Uint8Array(0);
  extranonce2Size = 0;
  readonly #password: string;
  readonly #asked = new Map<unknown, Asked>();
  #id = 0;
  #nonce = 0;
  #rolled = 0;

  /** A connection on which nothing has been said. */
  static async open(options: V1MinerOptions): Promise<TestV1Miner> {
    return new TestV1Miner(await dial(options), options);
  }

  /** Subscribed and authorised; has work. @throws Error with what the server says when it does not want it */
  static async connect(options: V1MinerOptions): Promise<TestV1Miner> {
    const miner = await TestV1Miner.open(options);
    await miner.start();
    await miner.job();
    return miner;
  }

  private constructor(socket: Socket, { username = 'scenario.v1', password = 'x', manners = {} }: V1MinerOptions) {
    this.username = username;
    this.#password = password;
    this.manners = { ...PLAIN, ...manners };
    this.lines = new JsonLines(socket, (line) => this.#onLine(line));
    socket.once('close', () => {
      this.jobs.close('the connection has ended');
      for (const { method, reject } of this.#asked.values()) reject(new Error(`no answer to ${method}: cut off`));
    });
  }

  /** Configures, subscribes and authorises; all sent at once, as most firmware does. @throws Error when refused */
  async start(): Promise<void> {
    const { versionMask, userAgent, takesExtranonce } = this.manners;
    const rolling = { 'version-rolling.mask': wordHex(versionMask), 'version-rolling.min-bit-count': 2 };
    const configured = versionMask === 0 ? undefined : this.request('mining.configure', [['version-rolling'], rolling]);
    const subscribed = this.request('mining.subscribe', [userAgent]);
    const authorised = this.authorise();
    const [{ result, error }] = await Promise.all([authorised, configured, subscribed]);
    if (result !== true) throw new Error(`not authorised: ${JSON.stringify(error)}`);
    if (takesExtranonce) await this.request('mining.extranonce.subscribe', []);
  }

  authorise(username = this.username): Promise<V1Line> {
    return this.request('mining.authorize', [username, this.#password]);
  }

  /** Sends a request, and waits for its answer. @throws DeadlineError; Error when the connection ends before */
  async request(method: string, params: readonly unknown[]): Promise<V1Line> {
    this.#id += 1;
    const answer = Promise.withResolvers<V1Line>();
    this.#asked.set(this.#id, { method, ...answer });
    this.lines.send({ id: this.#id, method, params });
    return await within(`the answer to ${method}`, answer.promise);
  }

  /** What to mine now, or the first that will come. @throws DeadlineError */
  async job(): Promise<V1Job> {
    return this.jobs.items.at(-1) ?? (await this.jobs.first('a job', () => true));
  }

  /** The first job on a tip. @param hash - of the tip, as the node shows it @throws DeadlineError */
  async jobOn(hash: string): Promise<V1Job> {
    return await this.jobs.first(`a job on ${hash}`, ({ prevHash }) => shown(prevHash) === hash);
  }

  /** Finds a share by brute force, in one go: for low difficulties only. Rolls the version where that is agreed. */
  async solve(wish: V1Wish = {}): Promise<V1Share> {
    const { job = await this.job(), versionBits = this.#roll(job), ...rest } = wish;
    const difficulty = this.manners.difficulty === 'at-once' ? this.difficulty : job.difficulty;
    const share = solve(job, {
      difficulty,
      nonce: this.#nonce,
      ...(versionBits !== undefined && { versionBits }),
      ...rest,
    });
    this.#nonce = share.nonce + 1;
    return share;
  }

  /** Submits, and waits for the answer. @throws DeadlineError */
  async submit(share: V1Share, username = this.username): Promise<V1Answer> {
    const { result, error } = await this.request('mining.submit', submitParams(username, share));
    if (result === true) return 'accepted';
    const [code = 0, message = ''] = (error ?? []) as readonly [number?, string?];
    return { code, message };
  }

  /** Mines a share and submits it. */
  async mine(wish: V1Wish = {}): Promise<V1Answer> {
    return await this.submit(await this.solve(wish));
  }

  /** Mines one share after another. @returns what was said of each that was not accepted */
  async mineWhile(going: () => boolean, wish: V1Wish = {}): Promise<{ accepted: number; refused: V1Answer[] }> {
    const tally = { accepted: 0, refused: [] as V1Answer[] };
    while (going()) {
      const answer = await this.mine(wish);
      if (answer === 'accepted') tally.accepted += 1;
      else tally.refused.push(answer);
    }
    return tally;
  }

  /** The connection has ended. @throws DeadlineError */
  ended(): Promise<void> {
    return this.lines.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lines.cut();
    await this.lines.ended();
  }

  /** At once: work may stand right behind the answer. */
  #onAnswer(line: V1Line): void {
    const asked = this.#asked.get(line.id);
    this.#asked.delete(line.id);
    if (asked?.method === 'mining.configure') this.#onConfigured(line.result);
    if (asked?.method === 'mining.subscribe') this.#onSubscribed(line.result);
    asked?.resolve(line);
  }

  #onConfigured(result: unknown): void {
    const { 'version-rolling': rolls, 'version-rolling.mask': mask } = (result ?? {}) as Readonly<
      Record<string, unknown>
    >;
    if (rolls === true) this.versionMask = Number.parseInt(String(mask), 16);
  }

  #onSubscribed(result: unknown): void {
    const [, extranonce1 = '', extranonce2Size = 0] = (result ?? []) as readonly [unknown?, string?, number?];
    this.extranonce1 = fromHex(extranonce1);
    this.extranonce2Size = extranonce2Size;
  }

  /** Another pattern each time; undefined where nothing may be rolled. */
  #roll({ versionMask }: V1Job): number | undefined {
    if (versionMask === 0) return undefined;
    this.#rolled += 1;
    return ((this.#rolled << 13) & versionMask) >>> 0;
  }

  #onLine(line: V1Line): void {
    const { method, params = [], id } = line;
    switch (method) {
      case undefined:
        return this.#onAnswer(line);
      case 'mining.set_difficulty':
        this.difficulty = Number(params[0]);
        return;
      case 'mining.set_version_mask':
        this.versionMask = Number.parseInt(String(params[0]), 16);
        return;
      case 'mining.set_extranonce':
        this.extranonce1 = fromHex(String(params[0]));
        this.extranonce2Size = Number(params[1]);
        return;
      case 'client.get_version':
        return this.lines.send({ id, result: this.manners.userAgent, error: null });
      case 'mining.notify':
        return this.jobs.put(readJob(params, this));
      default:
    }
  }
}

const shown = (hash: Uint8Array): string => Buffer.from(hash.toReversed()).toString('hex');

async function dial({ host = '127.0.0.1', port, ca, proxied }: V1MinerOptions): Promise<Socket> {
  const socket = connectTcp({ host, port });
  await once(socket, 'connect');
  if (proxied !== undefined) socket.write(proxyHeader(proxied));
  if (ca === undefined) return socket;
  const secure = connectTls({ socket, ca, checkServerIdentity: () => undefined });
  await once(secure, 'secureConnect');
  return secure;
}

/** Version 2, over IPv4. */
function proxyHeader({ address, port }: { readonly address: string; readonly port: number }): Uint8Array {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port);
  return Buffer.concat([
    Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
    Uint8Array.of(0x21, 0x11, 0, 12),
    Uint8Array.from(address.split('.'), Number),
    Uint8Array.of(127, 0, 0, 1),
    ports,
  ]);
}
