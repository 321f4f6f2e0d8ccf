import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { heightPush } from '@sv2kit/bitcoin';

/** The main network's of early 2024: no share of a bench is ever a block. */
const NBITS = '17038b5d';
const HEIGHT = 840_000;
const EXTRANONCE = { one: 'c0ffee00', twoSize: 8 } as const;
const PATH_LENGTH = 12;
const LF = 0x0a;
const ID = /^\{"id":(\d+),"method":"([^"]*)"/;

/** A V1 pool that takes every share unseen, so that it costs next to nothing: what feeds a translator to V1. */
export class V1LoadPool implements AsyncDisposable {
  readonly #server = createServer({ noDelay: true }, (socket) => this.#onSocket(socket));
  readonly #sockets = new Set<Socket>();
  #job = 0;
  #tip = randomBytes(32).toString('hex');
  /** Shares that have come. */
  submits = 0;

  static async open(): Promise<V1LoadPool> {
    const pool = new V1LoadPool();
    await once(pool.#server.listen(0, '127.0.0.1'), 'listening');
    return pool;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** A new block. */
  nextTip(): void {
    this.#tip = randomBytes(32).toString('hex');
    for (const socket of this.#sockets) socket.write(this.#notify());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onSocket(socket: Socket): void {
    let rest = '';
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf(LF) + 1;
      const whole = rest + chunk.toString('latin1', 0, end);
      rest = end === 0 ? whole + chunk.toString('latin1') : chunk.toString('latin1', end);
      if (end > 0) socket.write(this.#answers(whole.slice(0, -1).split('\n')));
    });
  }

  #answers(lines: readonly string[]): string {
    let text = '';
    for (const line of lines) {
      const [, id = '', method] = ID.exec(line) ?? [];
      if (method === 'mining.submit') this.submits += 1;
      text += this.#answer(id, method);
    }
    return text;
  }

  #answer(id: string, method: string | undefined): string {
    switch (method) {
      case 'mining.configure':
        return `{"id":${id},"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n`;
      case 'mining.subscribe':
        return `{"id":${id},"result":[[],"${EXTRANONCE.one}",${EXTRANONCE.twoSize}],"error":null}\n`;
      case 'mining.authorize':
        return `{"id":${id},"result":true,"error":null}\n{"id":null,"method":"mining.set_difficulty","params":[1e-12]}\n${this.#notify()}`;
      default:
        return `{"id":${id},"result":true,"error":null}\n`;
    }
  }

  #notify(): string {
    this.#job += 1;
    const height = Buffer.from(heightPush(HEIGHT)).toString('hex');
    const scriptSize = (height.length / 2 + EXTRANONCE.one.length / 2 + EXTRANONCE.twoSize).toString(16);
    const coinb1 = `0200000001${'00'.repeat(32)}ffffffff${scriptSize}${height}`;
    const coinb2 = 'ffffffff0100f2052a01000000015100000000';
    const path = Array.from({ length: PATH_LENGTH }, () => randomBytes(32).toString('hex'));
    const ntime = Math.floor(Date.now() / 1000).toString(16);
    const params = [String(this.#job), this.#tip, coinb1, coinb2, path, '20000000', NBITS, ntime, true];
    return `${JSON.stringify({ id: null, method: 'mining.notify', params })}\n`;
  }
}
