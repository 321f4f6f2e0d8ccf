import { BitcoinError, type CoinbaseHalves, type CoinbasePart, readCoinbaseHalves } from '@sv2kit/bitcoin';
import { opensWithHeight, statedHeight } from '../custom-job-rules.ts';

/** A coinbase that declares the height of its block. */
export interface DeclaredCoinbase extends CoinbaseHalves {
  readonly height: number;
}

/** A declared coinbase, or the code of DeclareMiningJob.Error for one that is none. */
export type CoinbaseReading =
  | { readonly kind: 'coinbase'; readonly coinbase: DeclaredCoinbase }
  | {
      readonly kind: 'refused';
      readonly code: 'invalid-coinbase-tx' | 'invalid-coinbase-tx-input' | 'invalid-coinbase-prefix';
      /** What is wrong, for people. */
      readonly detail: string;
    };

/**
 * Reads the coinbase of a DeclareMiningJob: one input that spends nothing, a scriptSig of at most 100 bytes that starts
 * with the height (BIP34) and ends with the extranonce, alone under its push opcode.
 */
export function readDeclaredCoinbase(prefix: Uint8Array, suffix: Uint8Array): CoinbaseReading {
  const halves = read(prefix, suffix);
  if ('code' in halves) return halves;
  const { scriptSig, parts } = halves;
  const height = statedHeight(scriptSig);
  if (height === undefined || height > 0x7fffffff || !opensWithHeight(scriptSig, height, parts.extranonceSize)) {
    const detail = "the scriptSig starts with the block's height and ends in the opcode that pushes the extranonce";
    return { kind: 'refused', code: 'invalid-coinbase-prefix', detail };
  }
  return { kind: 'coinbase', coinbase: { ...halves, height } };
}

const CODES = {
  transaction: 'invalid-coinbase-tx',
  input: 'invalid-coinbase-tx-input',
  script: 'invalid-coinbase-prefix',
} as const satisfies Record<CoinbasePart, string>;

function read(prefix: Uint8Array, suffix: Uint8Array): CoinbaseHalves | (CoinbaseReading & { kind: 'refused' }) {
  try {
    return readCoinbaseHalves(prefix, suffix);
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
    const code = CODES[(error.details['part'] ?? 'transaction') as CoinbasePart];
    return { kind: 'refused', code, detail: error.message };
  }
}
