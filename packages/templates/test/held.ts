import { encodeOutputs, merklePathOf, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import { type CoinbaseSpace, coinbaseFields, coinbaseSpace, type HeldTemplate } from '../src/index.ts';
import type { NodeTransaction } from '../src/node-template.ts';
import { SMALL, template, type TemplateSpec } from './builders.ts';

/** The space that a client which asks for `SMALL` needs. */
export const SMALL_SPACE = coinbaseSpace(SMALL);
/** What a node keeps free that was asked for nothing in particular. */
export const DEFAULT_RESERVE: CoinbaseSpace = { weight: 8000, sigops: 400 };

/** A held template of exactly these transactions. */
export function held(
  height: number,
  reserve: CoinbaseSpace,
  transactions: readonly NodeTransaction[] = [],
  spec: TemplateSpec = {},
): HeldTemplate {
  const {
    transactions: _,
    weightLimit: _w,
    sigopLimit: _s,
    defaultWitnessCommitment: _c,
    ...head
  } = template(height, transactions, spec);
  const fields = coinbaseFields(height);
  return {
    ...head,
    kind: 'held',
    reserve,
    fees: transactions.reduce((sum, { fee }) => sum + fee, 0n),
    merklePath: merklePathOf(transactions.map(({ txid }) => txid)),
    coinbase: {
      version: fields.coinbaseTxVersion,
      scriptSigPrefix: fields.coinbasePrefix,
      sequence: fields.coinbaseTxInputSequence,
      lockTime: fields.coinbaseTxLocktime,
      requiredOutputs: [encodeOutputs([witnessCommitmentOutput(transactions.map(({ wtxid }) => wtxid))])],
    },
  };
}
