import {
  buildCoinbase,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merkleRoot,
  parseTransaction,
  patchHeader,
  type TxOut,
} from '@sv2kit/bitcoin';
import type { SubmitSolution } from '@sv2kit/codec';
import type { WorkTemplate, WorkTip } from '../src/index.ts';

/** The coinbase that a solo miner makes of a template. */
export function coinbaseOf(template: WorkTemplate, options: { segwit?: boolean; outputs?: TxOut[] } = {}): Uint8Array {
  const parts = buildCoinbase({
    txVersion: template.coinbaseTxVersion,
    scriptSigPrefix: template.coinbasePrefix,
    extranonceSize: 4,
    sequence: template.coinbaseTxInputSequence,
    outputs: options.outputs ?? [{ value: template.coinbaseTxValueRemaining, script: Uint8Array.of(0x51) }],
    templateOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
    locktime: template.coinbaseTxLocktime,
    segwit: true,
  });
  return joinCoinbase(parts, Uint8Array.of(1, 2, 3, 4), { segwit: options.segwit ?? true });
}

/** The first nonce whose hash meets (or, for a near miss, does not meet) the tip's target. */
export function mine(
  template: WorkTemplate,
  tip: WorkTip,
  options: { segwit?: boolean; miss?: boolean; headerTimestamp?: number } = {},
): SubmitSolution {
  const coinbaseTx = coinbaseOf(template, options);
  const headerTimestamp = options.headerTimestamp ?? tip.headerTimestamp;
  const { version, templateId } = template;
  const header = encodeHeader({
    version,
    prevHash: tip.prevHash,
    merkleRoot: merkleRoot(parseTransaction(coinbaseTx).txid, template.merklePath),
    ntime: headerTimestamp,
    nbits: tip.nbits,
    nonce: 0,
  });
  for (let headerNonce = 0; ; headerNonce++) {
    patchHeader(header, version, headerTimestamp, headerNonce);
    if (meetsTarget(hashHeader(header), tip.target) === (options.miss ?? false)) continue;
    return { type: 'SubmitSolution', templateId, version, headerTimestamp, headerNonce, coinbaseTx };
  }
}
