import { type Agent, type IncomingMessage, request } from 'node:http';
import type { Clock } from '../host.ts';
import { RpcError } from './rpc-error.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface PostOptions {
  readonly url: URL;
  readonly agent: Agent;
  readonly authorization: string;
  readonly body: string;
  readonly maxBytes: number;
  readonly timeoutMs: number | 'never';
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One POST. The answer's bytes go into a buffer of their own, so that they can be handed to another thread.
 *
 * @throws RpcError `unreachable`, `timeout`, `malformed`, `answer-too-large`; the signal's reason when it aborts
 */
export async function post(options: PostOptions): Promise<HttpAnswer> {
  try {
    return await postOnce(options);
  } catch (error) {
    // A kept connection that the node had closed meanwhile; what is asked here may be asked twice.
    if (error instanceof StaleConnection) return await postOnce(options);
    throw error;
  }
}

class StaleConnection extends RpcError {}

function postOnce(options: PostOptions): Promise<HttpAnswer> {
  const { signal, clock, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const outgoing = request(options.url, {
      method: 'POST',
      agent: options.agent,
      headers: {
        authorization: options.authorization,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(options.body),
      },
    });
    const onAbort = (): void => fail(signal?.reason);
    const timer =
      timeoutMs === 'never' ? undefined : clock.after(timeoutMs, () => fail(timeout(options.url, timeoutMs)));
    const settle = (): void => {
      timer?.[Symbol.dispose]();
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (reason: unknown): void => {
      settle();
      reject(reason);
      outgoing.destroy();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    outgoing.on('error', (error) => fail(explain(error, options.url, outgoing.reusedSocket)));
    outgoing.on('response', (response) => {
      readBody(response, options).then((body) => {
        settle();
        resolve({ status: response.statusCode ?? 0, body });
      }, fail);
    });
    outgoing.end(options.body);
  });
}

function timeout(url: URL, timeoutMs: number): RpcError {
  return new RpcError('timeout', `no answer from ${url.host} within ${timeoutMs / 1000} s`);
}

async function readBody(response: IncomingMessage, { maxBytes, url }: PostOptions): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (size: number): RpcError =>
    new RpcError('answer-too-large', `an answer of ${url.host} is over ${maxBytes} bytes`, { size, maxBytes });
  const declared = Number(response.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge(declared);
  let body = new Uint8Array(Number.isSafeInteger(declared) ? declared : 64 * 1024);
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      if (length + chunk.length > maxBytes) throw tooLarge(length + chunk.length);
      if (length + chunk.length > body.length) body = grown(body, length + chunk.length);
      body.set(chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    throw error instanceof RpcError ? error : explain(asError(error), url, false);
  }
  return length === body.length ? body : body.slice(0, length);
}

function grown(bytes: Uint8Array, atLeast: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(atLeast, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there (ECONNREFUSED)',
  EHOSTUNREACH: 'there is no way to that host (EHOSTUNREACH)',
  ENETUNREACH: 'there is no way to that network (ENETUNREACH)',
  ENOTFOUND: 'there is no host of that name (ENOTFOUND)',
  ETIMEDOUT: 'that host does not answer (ETIMEDOUT)',
};

function explain(error: Error, url: URL, reused: boolean): RpcError {
  const systemCode = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (systemCode.startsWith('HPE_')) {
    return new RpcError('malformed', `${url.host} does not answer in HTTP: ${error.message}`, {}, { cause: error });
  }
  // The system's words name the address once more.
  const reason = REASONS[systemCode] ?? (error.message === '' ? systemCode : error.message);
  const text = `${url.host} cannot be reached: ${reason}`;
  const stale = reused && (systemCode === 'ECONNRESET' || systemCode === 'EPIPE');
  return new (stale ? StaleConnection : RpcError)('unreachable', text, { systemCode }, { cause: error });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
