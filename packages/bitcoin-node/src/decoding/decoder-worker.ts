import { parentPort } from 'node:worker_threads';
import { buffersOf, type PackedTemplate } from '../rpc/packed-template.ts';
import { RpcError, type RpcErrorCode, type RpcErrorDetails } from '../rpc/rpc-error.ts';
import { TemplateDecoder } from '../rpc/template-decoder.ts';
import { BadBlockError, BlockDecoder } from './block-decoder.ts';
import { buffersIn, type PackedTransactions } from './packed-transactions.ts';

/** What the worker is asked. Bodies of one series are decoded against the one before. */
export type ToDecoder =
  | { readonly kind: 'template' | 'block'; readonly series: number; readonly body: Uint8Array }
  /** No more of this series; not answered. */
  | { readonly kind: 'end'; readonly series: number };

/** What the worker answers to each body, in order. */
export type DecodeAnswer =
  | { readonly kind: 'template'; readonly packed: PackedTemplate }
  | { readonly kind: 'block'; readonly packed: PackedTransactions }
  | {
      readonly kind: 'bad-template';
      readonly code: RpcErrorCode;
      readonly message: string;
      readonly details: RpcErrorDetails;
    }
  | { readonly kind: 'bad-block'; readonly message: string };

const templates = new Map<number, TemplateDecoder>();
const blocks = new Map<number, BlockDecoder>();

parentPort?.on('message', (asked: ToDecoder) => {
  if (asked.kind === 'end') {
    templates.delete(asked.series);
    blocks.delete(asked.series);
    return;
  }
  const answer = asked.kind === 'template' ? decodeTemplate(asked) : decodeBlock(asked);
  parentPort?.postMessage(answer, buffersToMove(answer));
});

interface Asked {
  readonly series: number;
  readonly body: Uint8Array;
}

function decodeTemplate({ series, body }: Asked): DecodeAnswer {
  const decoder = templates.get(series) ?? new TemplateDecoder();
  templates.set(series, decoder);
  try {
    return { kind: 'template', packed: decoder.decode(body) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { kind: 'bad-template', code: error.code, message: error.message, details: error.details };
  }
}

function decodeBlock({ series, body }: Asked): DecodeAnswer {
  const decoder = blocks.get(series) ?? new BlockDecoder();
  blocks.set(series, decoder);
  try {
    return { kind: 'block', packed: decoder.decode(body) };
  } catch (error) {
    if (!(error instanceof BadBlockError)) throw error;
    return { kind: 'bad-block', message: error.message };
  }
}

function buffersToMove(answer: DecodeAnswer): ArrayBuffer[] {
  switch (answer.kind) {
    case 'template':
      return buffersOf(answer.packed);
    case 'block': {
      const { reused, fresh } = answer.packed;
      return buffersIn(reused, fresh.data, fresh.ends, fresh.ids, fresh.weights);
    }
    default:
      return [];
  }
}
