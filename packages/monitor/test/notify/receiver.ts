import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export type Answerer = (response: ServerResponse, received: Received) => void;

/** A receiver of notifications on a real socket; answers 200 until told otherwise, in the order in which it was told. */
export class Receiver implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #answers: Answerer[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly url: string;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#onRequest(request, response),
    );
  }

  static async open(tls?: ServerOptions): Promise<Receiver> {
    const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Receiver(server, tls === undefined ? 'http' : 'https');
  }

  /** The next request is answered so. */
  next(...answers: Answerer[]): void {
    this.#answers.push(...answers);
  }

  /** Resolves when so many requests have come in all. */
  async got(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) {
      await new Promise<void>((resolve) => void this.#waiting.push({ count, resolve }));
    }
    return this.received;
  }

  json(index: number): Record<string, unknown> {
    return JSON.parse(this.received[index]?.body ?? '{}') as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    const received = { method, path, headers, body };
    this.received.push(received);
    const answer = this.#answers.shift() ?? status(200);
    answer(response, received);
    for (const { count, resolve } of this.#waiting) if (count <= this.received.length) resolve();
  }
}

export function status(code: number, headers: Record<string, string> = {}, body = ''): Answerer {
  return (response) => void response.writeHead(code, headers).end(body);
}

export const hang: Answerer = () => {};
export const hangInBody: Answerer = (response) => void response.writeHead(500).write('{');
export const cut: Answerer = (response) => void response.destroy();
