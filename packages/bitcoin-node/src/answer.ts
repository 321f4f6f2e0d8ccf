import { RpcError } from './rpc-error.ts';

const text = new TextDecoder('utf-8', { fatal: true });

/**
 * The result inside a JSON-RPC answer.
 *
 * @throws RpcError `rpc` for an error of the node's, `malformed` for anything that is not an answer
 */
export function resultOf(method: string, body: Uint8Array): unknown {
  const answer = parseJson(method, body);
  if (!isRecord(answer)) throw new RpcError('malformed', `${method}: the answer is not an object`, { method });
  const { error } = answer;
  if (isRecord(error)) {
    const rpcCode = typeof error['code'] === 'number' ? error['code'] : 0;
    const message = typeof error['message'] === 'string' ? error['message'] : 'no message';
    throw new RpcError('rpc', `${method}: ${message} (code ${rpcCode})`, { method, rpcCode });
  }
  if (error !== null && error !== undefined) {
    throw new RpcError('malformed', `${method}: the answer's error is not an object`, { method });
  }
  if (!('result' in answer)) throw new RpcError('malformed', `${method}: the answer has no result`, { method });
  return answer['result'];
}

/** What an HTTP status other than 200 means, when its body does not say it better. */
export function statusError(method: string, status: number, body: Uint8Array): RpcError {
  const details = { method, status };
  switch (status) {
    case 401:
      return new RpcError('unauthorized', 'the node refuses our credentials (HTTP 401)', details);
    case 403:
      return new RpcError('forbidden', `${method}: the node does not allow this call from here (HTTP 403)`, details);
    case 503:
      return new RpcError('busy', `${method}: the node's work queue is full (HTTP 503)`, details);
    default:
      try {
        resultOf(method, body);
      } catch (error) {
        if (error instanceof RpcError && error.code === 'rpc') return error;
      }
      return new RpcError('malformed', `${method}: HTTP ${status} without a JSON-RPC answer`, details);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(method: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(body));
  } catch (cause) {
    throw new RpcError('malformed', `${method}: the answer is not JSON`, { method, size: body.length }, { cause });
  }
}
