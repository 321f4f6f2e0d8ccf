import {
  BitcoinError,
  decodeCountedOutputs,
  encodeOutputs,
  outputSigops,
  sameBytes,
  type TxOut,
} from '@sv2kit/bitcoin';
import type { FallbackReason } from './fallback-reasons.ts';

/** Outputs that a job declarator server allocated, found in order (§6.4.3). */
export interface AgreedOutputs {
  /** Zero-valued; the first one pays the pool. */
  readonly outputs: readonly TxOut[];
  /** Serialised without a count, in bytes. */
  readonly size: number;
  /** As CoinbaseOutputConstraints counts them. */
  readonly sigops: number;
}

export type OutputsVerdict =
  | { readonly kind: 'agreed'; readonly agreed: AgreedOutputs }
  | {
      readonly kind: 'refused';
      readonly reason: FallbackReason & ('malformed-outputs' | 'outputs-not-zero' | 'unexpected-payout');
      readonly detail: string;
    };

/**
 * Whether allocated outputs are as the protocol wants them and as was agreed: readable, at least one, all zero-valued,
 * the first one to the expected script.
 *
 * @param counted AllocateMiningJobToken.Success.coinbase_tx_outputs
 * @param expectedPayout the agreed locking script; any when undefined
 */
export function judgeOutputs(counted: Uint8Array, expectedPayout?: Uint8Array): OutputsVerdict {
  const outputs = readOutputs(counted);
  if (typeof outputs === 'string') return { kind: 'refused', reason: 'malformed-outputs', detail: outputs };
  const [payout] = outputs;
  if (payout === undefined) return { kind: 'refused', reason: 'malformed-outputs', detail: 'there is none' };
  const valued = outputs.findIndex(({ value }) => value !== 0n);
  if (valued >= 0) {
    const detail = `output ${valued} has ${outputs[valued]?.value} satoshis`;
    return { kind: 'refused', reason: 'outputs-not-zero', detail };
  }
  if (expectedPayout !== undefined && !sameBytes(payout.script, expectedPayout)) {
    return { kind: 'refused', reason: 'unexpected-payout', detail: `it pays ${hex(payout.script)}` };
  }
  return {
    kind: 'agreed',
    agreed: { outputs, size: encodeOutputs(outputs).length, sigops: outputSigops(outputs) },
  };
}

/** The allocated outputs with everything in the pool's payout output; order kept (§6.4.3). */
export function pooledOutputs({ outputs }: AgreedOutputs, value: bigint): readonly TxOut[] {
  return outputs.map((output, index) => (index === 0 ? { ...output, value } : output));
}

function readOutputs(counted: Uint8Array): TxOut[] | string {
  try {
    return decodeCountedOutputs(counted).map(({ value, script }) => ({ value, script: new Uint8Array(script) }));
  } catch (error) {
    if (error instanceof BitcoinError) return error.message;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
