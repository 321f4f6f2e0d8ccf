import { encodeOutputs, merklePathOf, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import {
  type CoinbaseConstraints,
  type CoinbaseSpace,
  coinbaseFields,
  coinbaseSpace,
  type HeldTemplate,
} from '../src/index.ts';
import type { NodeTransaction } from '../src/node-template.ts';
import { drain, NOW, publisher, SMALL, template, type TemplateSpec, transaction } from './builders.ts';

/** The space that a client which asks for `SMALL` needs. */
export const SMALL_SPACE = coinbaseSpace(SMALL);
/** What a node keeps free that was asked for nothing in particular. */
export const DEFAULT_RESERVE: CoinbaseSpace = { weight: 8000, sigops: 400 };

/** What a client with large outputs asks for. */
export const WIDE: CoinbaseConstraints = {
  coinbaseOutputMaxAdditionalSize: 20_000,
  coinbaseOutputMaxAdditionalSigops: 4,
};
export const WIDE_SPACE = coinbaseSpace(WIDE);

/** One transaction, which pays so many satoshis. */
export const paying = (fee: bigint): readonly NodeTransaction[] => [transaction({ name: `pays ${fee}`, fee })];

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

/** Clients 1 (`SMALL`) and 2 (`WIDE`) have templates of height 800,000: 100 and 102, with 101 and 103 ahead. */
export function two(options: Parameters<typeof publisher>[0] = {}) {
  const server = publisher(options);
  drain(server.setConstraints(1, SMALL, NOW));
  drain(server.setConstraints(2, WIDE, NOW));
  drain(server.publish(held(800_000, SMALL_SPACE, paying(9000n)), NOW));
  drain(server.publish(held(800_000, WIDE_SPACE, paying(8000n)), NOW));
  return server;
}
