import { encodeOutputs, heightPush, nbitsFromTarget, targetFromBigint, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import type { NewTemplate, TemplateSetNewPrevHash } from '@sv2kit/codec';

/** One hash in 16 is a block. */
export const NETWORK_TARGET = targetFromBigint(0xffffn << 236n);
/** 2024-01-01 in unix seconds. */
export const TIP_TIME = 1_704_067_200;
const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

/** NewTemplate of a height; `transactions` only makes its merkle path longer. */
export function newTemplate(id: number, height: number, futureTemplate: boolean, transactions = 0): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: BigInt(id),
    futureTemplate,
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(height),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 625_000_000n,
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
    coinbaseTxLocktime: height - 1,
    merklePath: transactions === 0 ? [] : [bytes(32, transactions)],
  };
}

/** SetNewPrevHash to the block of that height. */
export function prevHash(id: number, height: number): TemplateSetNewPrevHash {
  return {
    type: 'SetNewPrevHash',
    templateId: BigInt(id),
    prevHash: bytes(32, height),
    headerTimestamp: TIP_TIME,
    nbits: nbitsFromTarget(NETWORK_TARGET),
    target: NETWORK_TARGET,
  };
}
