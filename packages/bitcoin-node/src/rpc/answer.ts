import { RpcError } from './rpc-error.ts';

const text = new TextDecoder('utf-8', { fatal: true });

/**
 * The result inside a JSON-RPC answer.
 *
 * @throws RpcError `rpc` for an error of the node's, `malformed` for anything that is not an answer
 */
export function resultOf(method: string, body: Uint8Array): unknown {
  return resultIn(method, parseJson(method, body));
}

/** One answer of a batch. */
export type BatchAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  /** An error of the node's, code `rpc`. */
  | { readonly kind: 'error'; readonly error: RpcError };

/**
 * The results inside the answer to a batch whose calls were numbered from 0.
 *
 * @throws RpcError `rpc` when the node refused the batch as a whole, `malformed`
 */
export function resultsOf(method: string, body: Uint8Array, count: number): readonly BatchAnswer[] {
  const list = parseJson(method, body);
  if (!Array.isArray(list)) {
    resultIn(method, list);
    throw new RpcError('malformed', `${method}: the answer to a batch is not a list`, { method });
  }
  const answers = Array.from({ length: count }, (): BatchAnswer | undefined => undefined);
  for (const entry of list) {
    const id: unknown = isRecord(entry) ? entry['id'] : undefined;
    if (typeof id === 'number' && id in answers) answers[id] = batchAnswer(method, entry);
  }
  return answers.map((answer, id) => {
    if (answer !== undefined) return answer;
    throw new RpcError('malformed', `${method}: call ${id} of a batch was not answered`, { method });
  });
}

function batchAnswer(method: string, entry: unknown): BatchAnswer {
  try {
    return { kind: 'result', value: resultIn(method, entry) };
  } catch (error) {
    if (error instanceof RpcError && error.code === 'rpc') return { kind: 'error', error };
    throw error;
  }
}

function resultIn(method: string, answer: unknown): unknown {
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
