import { parentPort } from 'node:worker_threads';
import { buffersOf, type PackedTemplate } from './packed-template.ts';
import { RpcError, type RpcErrorCode, type RpcErrorDetails } from './rpc-error.ts';
import { TemplateDecoder } from './template-decoder.ts';

/** What the worker answers to each body, in order. */
export type DecodeAnswer =
  | { readonly kind: 'template'; readonly packed: PackedTemplate }
  | {
      readonly kind: 'failed';
      readonly code: RpcErrorCode;
      readonly message: string;
      readonly details: RpcErrorDetails;
    };

const decoder = new TemplateDecoder();
parentPort?.on('message', (body: Uint8Array) => {
  const answer = decode(body);
  parentPort?.postMessage(answer, answer.kind === 'template' ? buffersOf(answer.packed) : []);
});

function decode(body: Uint8Array): DecodeAnswer {
  try {
    return { kind: 'template', packed: decoder.decode(body) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { kind: 'failed', code: error.code, message: error.message, details: error.details };
  }
}
