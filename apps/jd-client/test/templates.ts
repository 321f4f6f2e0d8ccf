import {
  encodeOutputs,
  heightPush,
  merklePathOf,
  nbitsFromTarget,
  sha256d,
  targetFromBigint,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type { NewTemplate, TemplateSetNewPrevHash } from '@sv2kit/codec';

/** One hash in 16 is a block. */
export const NETWORK_TARGET = targetFromBigint(1n << 252n);
/** 2024-01-01 in unix seconds. */
export const TIP_TIME = 1_704_067_200;

/** So many opaque transactions, different for each `seed`. */
export function transactions(count: number, seed = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    Uint8Array.from({ length: 60 + (index % 7) }, (_, i) => (i * 7 + index + seed) & 0xff),
  );
}

/** NewTemplate of a height. @param content whole transactions */
export function newTemplate(
  id: number,
  height: number,
  futureTemplate: boolean,
  content: readonly Uint8Array[] = [],
): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId: BigInt(id),
    futureTemplate,
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(height),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 625_000_000n + BigInt(id),
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput(content.map((each) => sha256d(each)))]),
    coinbaseTxLocktime: height - 1,
    merklePath: merklePathOf(content.map((each) => sha256d(each))),
  };
}

/** SetNewPrevHash to the block of that height. */
export function prevHash(id: number, height: number): TemplateSetNewPrevHash {
  return {
    type: 'SetNewPrevHash',
    templateId: BigInt(id),
    prevHash: new Uint8Array(32).fill(height & 0xff),
    headerTimestamp: TIP_TIME,
    nbits: nbitsFromTarget(NETWORK_TARGET),
    target: NETWORK_TARGET,
  };
}
