import { type Clock, type Listener, listenWire, type WireConnection } from '@sv2kit/net';

/** A line of JSON. */
export type Line = Readonly<Record<string, unknown>>;

/** A V1 pool on a real socket that lets everybody in, and does else only what a test tells it to. */
export class ScriptedV1Pool {
  readonly #listener: Listener;
  readonly #waits: { readonly method: string; resolve(line: Line): void }[] = [];
  readonly connections: WireConnection[] = [];
  /** All that came, in its order. */
  readonly heard: Line[] = [];
  readonly closed: string[] = [];
  /** What authorize is answered with. */
  welcome = true;
  /** Said right behind the answer to subscribe. */
  early: readonly Line[] = [];
  #unread: Line[] = [];
  #toSay = '';

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async open(clock: Clock): Promise<ScriptedV1Pool> {
    const pool: ScriptedV1Pool = new ScriptedV1Pool(
      await listenWire({
        host: '127.0.0.1',
        port: 0,
        clock,
        accept(connection) {
          connection.markReady();
          pool.connections.push(connection);
          let text = '';
          return {
            receive(chunk) {
              const lines = (text + Buffer.from(chunk).toString()).split('\n');
              text = lines.pop() ?? '';
              for (const line of lines) pool.#onLine(JSON.parse(line) as Line);
            },
            drain: () => pool.#drain(),
            onClose: ({ code }) => void pool.closed.push(code),
          };
        },
      }),
    );
    return pool;
  }

  get url(): string {
    return `stratum+tcp://127.0.0.1:${this.#listener.port}`;
  }

  /** The next request of this method that has not been asked for yet. */
  next(method: string): Promise<Line> {
    const index = this.#unread.findIndex((line) => line['method'] === method);
    const [line] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (line !== undefined) return Promise.resolve(line);
    return new Promise((resolve) => {
      this.#waits.push({ method, resolve });
    });
  }

  /** Says it on the latest connection. */
  say(...lines: readonly Line[]): void {
    this.#toSay += lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    this.connections.at(-1)?.flush();
  }

  /** A clean job. */
  static job(id: string, ntime: number): Line {
    const coinbase = ['01'.repeat(60), '02'.repeat(70)];
    const header = ['20000000', '207fffff', ntime.toString(16)];
    return { id: null, method: 'mining.notify', params: [id, '04'.repeat(32), ...coinbase, [], ...header, true] };
  }

  notify(id: string, ntime: number): void {
    this.say(ScriptedV1Pool.job(id, ntime));
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #drain(): Uint8Array | undefined {
    const text = this.#toSay;
    this.#toSay = '';
    return text === '' ? undefined : Buffer.from(text);
  }

  #onLine(line: Line): void {
    this.heard.push(line);
    const { id, method } = line;
    const mask = { 'version-rolling': true, 'version-rolling.mask': '1fffe000' };
    if (method === 'mining.configure') this.say({ id, result: mask, error: null });
    if (method === 'mining.subscribe') {
      this.say({ id, result: [[['mining.notify', 'abc']], 'beef', 4], error: null }, ...this.early);
    }
    if (method === 'mining.authorize') {
      this.say({ id, result: this.welcome, error: this.welcome ? null : [24, 'Unauthorized worker', null] });
    }
    const index = this.#waits.findIndex((wait) => wait.method === method);
    const [wait] = index < 0 ? [] : this.#waits.splice(index, 1);
    if (wait === undefined) this.#unread.push(line);
    else wait.resolve(line);
  }
}
