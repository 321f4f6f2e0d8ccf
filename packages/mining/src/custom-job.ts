import {
  BitcoinError,
  buildCoinbase,
  decodeCountedOutputs,
  isWitnessCommitment,
  MAX_SCRIPT_SIG,
} from '@sv2kit/bitcoin';
import type { SetCustomMiningJob } from '@sv2kit/codec';
import type { CustomJobErrorCode } from './codes.ts';
import { type CustomJobMode, Job } from './job.ts';
import { MAX_CUSTOM_OUTPUTS_SIZE, MAX_MERKLE_PATH } from './limits.ts';

/** What the server knows of a custom job beside its message. */
export interface CustomJobTerms {
  readonly mode: CustomJobMode;
  /** 16 bytes. */
  readonly tokenId: Uint8Array;
  /** Of the block that the job would make. */
  readonly height: number;
  /** Part of a share's difficulty that is credited: above 0, at most 1. */
  readonly credit: number;
  /** Full extranonce of the channels that take it, in bytes. */
  readonly extranonceSize: number;
  /** Version bits that miners may change; 0: none. */
  readonly versionMask: number;
}

/**
 * The job of a SetCustomMiningJob (§5.3.18). `coinbase_prefix` is all of the coinbase's script before the full
 * extranonce, the opcode that pushes the extranonce included; the witness that the message cannot carry is put back when
 * the outputs commit to witnesses (BIP141).
 * @param message with byte fields that stay: the job keeps its merkle path
 * @returns the code of what keeps a coinbase from being made of it
 */
export function customJob(
  id: number,
  message: SetCustomMiningJob,
  terms: CustomJobTerms,
): Job | Extract<CustomJobErrorCode, 'invalid-coinbase-prefix' | 'invalid-coinbase-tx' | 'invalid-merkle-path'> {
  const { coinbasePrefix, version, merklePath } = message;
  const { extranonceSize, versionMask, height, credit, mode, tokenId } = terms;
  // Every opcode that pushes up to 75 bytes is the number of them, and those that name a length end with it.
  if (coinbasePrefix.at(-1) !== extranonceSize) return 'invalid-coinbase-prefix';
  if (coinbasePrefix.length + extranonceSize > MAX_SCRIPT_SIG) return 'invalid-coinbase-tx';
  if (message.coinbaseTxOutputs.length > MAX_CUSTOM_OUTPUTS_SIZE) return 'invalid-coinbase-tx';
  if (merklePath.length > MAX_MERKLE_PATH) return 'invalid-merkle-path';
  try {
    const outputs = decodeCountedOutputs(message.coinbaseTxOutputs);
    const coinbase = buildCoinbase({
      txVersion: message.coinbaseTxVersion,
      scriptSigPrefix: coinbasePrefix.subarray(0, -1),
      extranonceSize,
      sequence: message.coinbaseTxInputNSequence,
      outputs,
      locktime: message.coinbaseTxLocktime,
      segwit: outputs.some(isWitnessCommitment),
    });
    const origin = { kind: 'custom', mode, tokenId } as const;
    return new Job({
      id,
      origin,
      version,
      merklePath,
      coinbase,
      numbered: false,
      versionMask,
      height,
      credit,
    });
  } catch (error) {
    if (error instanceof BitcoinError) return 'invalid-coinbase-tx';
    throw error;
  }
}
