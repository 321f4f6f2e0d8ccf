import {
  buildCoinbase,
  decodeHeader,
  encodeHeader,
  hashHeader,
  joinCoinbase,
  meetsTarget,
  merkleRoot,
  patchHeader,
  sha256d,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import type { CoinbaseTx } from '../src/ipc/client/coinbase-tx.ts';
import type { TemplateSolution } from '../src/ipc/client/types.ts';

const OP_TRUE = Uint8Array.of(0x51);

export interface SolvedTemplate extends TemplateSolution {
  /** Of the block, internal byte order. */
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
}

/** Mines a template at regtest's difficulty, always with the same outcome. Anybody may spend the reward. */
export function solve(
  header: Uint8Array,
  coinbaseTx: CoinbaseTx,
  merklePath: readonly Uint8Array[],
  extranonce: Uint8Array = new Uint8Array(8),
): SolvedTemplate {
  const { requiredOutputs } = coinbaseTx;
  const parts = buildCoinbase({
    txVersion: coinbaseTx.version,
    scriptSigPrefix: coinbaseTx.scriptSigPrefix,
    extranonceSize: extranonce.length,
    sequence: coinbaseTx.sequence,
    outputs: [{ value: coinbaseTx.blockRewardRemaining, script: OP_TRUE }],
    templateOutputs: { count: requiredOutputs.length, bytes: Uint8Array.from(Buffer.concat(requiredOutputs)) },
    locktime: coinbaseTx.lockTime,
    segwit: coinbaseTx.witness !== undefined,
  });
  const fields = decodeHeader(header);
  const txid = sha256d(joinCoinbase(parts, extranonce, { segwit: false }));
  const solved = encodeHeader({ ...fields, merkleRoot: merkleRoot(txid, merklePath) });
  const target = targetFromNbits(fields.nbits);
  for (let nonce = 0; ; nonce += 1) {
    patchHeader(solved, fields.version, fields.ntime, nonce);
    const hash = hashHeader(solved);
    if (!meetsTarget(hash, target)) continue;
    const coinbase = joinCoinbase(parts, extranonce, { segwit: true });
    return { version: fields.version, ntime: fields.ntime, nonce, coinbase, hash, header: solved };
  }
}
