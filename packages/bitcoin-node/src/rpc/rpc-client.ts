import { Agent } from 'node:http';
import { type BatchAnswer, resultOf, resultsOf, statusError } from './answer.ts';
import { Authorization, type Credentials } from './credentials.ts';
import type { Clock } from '../host.ts';
import { post } from './http-post.ts';
import { LIMITS } from '../limits.ts';
import { RpcError } from './rpc-error.ts';

export interface RpcClientOptions {
  /** `http://host:port` of the node's RPC. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
}

export interface CallOptions {
  /** Until the whole answer is here. */
  readonly timeoutMs?: number | 'never';
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Calls of one lane share kept connections; lanes never wait for each other. */
  readonly lane?: string;
}

/** JSON-RPC to one node. */
export interface RpcClient extends RpcCaller {
  readonly url: URL;
  /** The answer's bytes, unread: the caller parses a large one where it likes. Errors of the node's are thrown. */
  callRaw(method: string, params: readonly unknown[], options?: CallOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Many calls of one method in one request. The answers come in the order asked; what the node says against a single
   * call is its answer.
   */
  batch(
    method: string,
    params: readonly (readonly unknown[])[],
    options?: CallOptions,
  ): Promise<readonly BatchAnswer[]>;
  close(): void;
}

/** Any way to make a node's calls. */
export interface RpcCaller {
  /** @throws RpcError */
  call(method: string, params?: readonly unknown[], options?: CallOptions): Promise<unknown>;
}

/** A client of one node's JSON-RPC, for tools and tests; services use `createRpcNode`. */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  return new HttpRpcClient(options);
}

class HttpRpcClient implements RpcClient {
  readonly url: URL;
  readonly #authorization: Authorization;
  readonly #clock: Clock;
  readonly #agents = new Map<string, Agent>();
  #nextId = 0;

  constructor({ url, credentials, clock }: RpcClientOptions) {
    this.url = new URL(url);
    if (this.url.protocol !== 'http:') throw new TypeError(`the node's RPC must be an http: address, not ${url}`);
    this.#authorization = new Authorization(credentials);
    this.#clock = clock;
  }

  async call(method: string, params: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    return resultOf(method, await this.callRaw(method, params, options));
  }

  async callRaw(
    method: string,
    params: readonly unknown[],
    options: CallOptions = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#send(
      method,
      JSON.stringify({ jsonrpc: '1.0', id: (this.#nextId += 1), method, params }),
      options,
    );
  }

  async batch(
    method: string,
    params: readonly (readonly unknown[])[],
    options: CallOptions = {},
  ): Promise<readonly BatchAnswer[]> {
    const calls = params.map((own, id) => ({ jsonrpc: '1.0', id, method, params: own }));
    return resultsOf(method, await this.#send(method, JSON.stringify(calls), options), params.length);
  }

  async #send(method: string, body: string, options: CallOptions): Promise<Uint8Array<ArrayBuffer>> {
    for (let retried = false; ; retried = true) {
      const authorization = await this.#authorization.header();
      const answer = await post({
        url: this.url,
        agent: this.#agent(options.lane ?? 'work'),
        authorization,
        body,
        maxBytes: options.maxBytes ?? LIMITS.maxAnswer,
        timeoutMs: options.timeoutMs ?? LIMITS.callTimeoutMs,
        clock: this.#clock,
        signal: options.signal,
      });
      if (answer.status === 200) return answer.body;
      if (answer.status === 401 && this.#authorization.refused(authorization) && !retried) continue;
      throw statusError(method, answer.status, answer.body);
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agent(lane: string): Agent {
    let agent = this.#agents.get(lane);
    if (agent === undefined) {
      agent = new Agent({ keepAlive: true, maxSockets: LIMITS.callsAtOnce });
      this.#agents.set(lane, agent);
    }
    return agent;
  }
}

/** Whether a call failed with this error code of Bitcoin Core's. */
export function failedWith(error: unknown, rpcCode: number): boolean {
  return error instanceof RpcError && error.code === 'rpc' && error.details.rpcCode === rpcCode;
}
