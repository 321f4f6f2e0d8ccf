import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';

export interface FakeCall {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly authorization: string | undefined;
  /** Aborts when the caller goes away. */
  readonly gone: AbortSignal;
}

interface Asked {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the fake answers: a result, an error of the node's, or raw bytes with a status. */
export type FakeAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly status: number; readonly body: string | Uint8Array }
  /** The connection breaks in the middle of the answer. */
  | 'cut'
  /** No answer, ever. */
  | 'silence';

export type Behaviour = (call: FakeCall) => FakeAnswer | Promise<FakeAnswer>;

/** An HTTP server that says about a node whatever a test wants it to. */
export class FakeNode implements AsyncDisposable {
  readonly calls: FakeCall[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #behaviours = new Map<string, Behaviour>();
  #waiters: { readonly method: string; readonly count: number; readonly resolve: () => void }[] = [];

  static async listen(behaviours: Readonly<Record<string, Behaviour>> = {}): Promise<FakeNode> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeNode(server, behaviours);
  }

  private constructor(server: Server, behaviours: Readonly<Record<string, Behaviour>>) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the fake has no port');
    this.url = `http://127.0.0.1:${address.port}`;
    server.on('request', (request, response) => void this.#onRequest(request, response));
    this.on('getblockchaininfo', () => ({ result: { chain: 'regtest', blocks: 100, headers: 100 } }));
    this.on('getbestblockhash', () => ({ result: 'aa'.repeat(32) }));
    for (const [method, behaviour] of Object.entries(behaviours)) this.on(method, behaviour);
  }

  on(method: string, behaviour: Behaviour): void {
    this.#behaviours.set(method, behaviour);
  }

  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** Resolves when a method has been called `count` times in all. */
  called(method: string, count = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ method, count, resolve });
      this.#wake();
    });
  }

  dropIdleConnections(): void {
    this.#server.closeIdleConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const asked = JSON.parse(body) as Asked | Asked[];
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const common = { authorization: request.headers.authorization, gone: gone.signal };
    if (!Array.isArray(asked)) return send(response, await this.#answer({ ...common, ...asked }));
    const answers: unknown[] = [];
    for (const { id, ...one } of asked) {
      const answer = await this.#answer({ ...common, ...one });
      // What a whole request can suffer, one call of it can bring about.
      if (typeof answer === 'string' || 'status' in answer) return send(response, answer);
      answers.push({ result: null, error: null, ...answer, id });
    }
    send(response, { status: 200, body: JSON.stringify(answers) });
  }

  async #answer(call: FakeCall): Promise<FakeAnswer> {
    this.calls.push(call);
    this.#wake();
    const unknown: Behaviour = () => ({ error: { code: -32601, message: 'Method not found' } });
    return await (this.#behaviours.get(call.method) ?? unknown)(call);
  }

  #wake(): void {
    for (const { method, count, resolve } of this.#waiters) if (this.count(method) >= count) resolve();
  }
}

function send(response: ServerResponse, answer: FakeAnswer): void {
  if (answer === 'silence' || response.destroyed) return;
  if (answer === 'cut') {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('{"result":');
    setImmediate(() => response.destroy());
  } else if ('status' in answer) {
    response.writeHead(answer.status).end(answer.body);
  } else if ('error' in answer) {
    response.writeHead(500).end(JSON.stringify({ result: null, error: answer.error, id: 1 }));
  } else {
    response.writeHead(200).end(JSON.stringify({ result: answer.result, error: null, id: 1 }));
  }
}

/** A template as a node sends it, with changes. */
export function templateJson(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    version: 0x2000_0000,
    previousblockhash: `${'00'.repeat(4)}${'ab'.repeat(28)}`,
    transactions: [],
    coinbasevalue: 5_000_000_000,
    longpollid: 'poll-1',
    target: `7f${'ff'.repeat(31)}`,
    mintime: 1_700_000_001,
    curtime: 1_700_000_100,
    bits: '207fffff',
    height: 101,
    sigoplimit: 80_000,
    weightlimit: 4_000_000,
    default_witness_commitment: `6a24aa21a9ed${'11'.repeat(32)}`,
    ...changes,
  };
}

/** One transaction of a template; `seed` decides its ids and bytes. */
export function transactionJson(
  seed: number,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const byte = (seed % 256).toString(16).padStart(2, '0');
  const wide = seed.toString(16).padStart(64, '0');
  return {
    data: byte.repeat(100 + (seed % 7)),
    txid: wide,
    hash: wide.replace(/^0/, '1'),
    depends: [],
    fee: 1_000 + seed,
    sigops: 4,
    weight: 400,
    ...changes,
  };
}
