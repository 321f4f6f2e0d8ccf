// What a dishonest job declarator client may do to one job, and nothing else with it.
import { encodeOutputs, type TxOut } from '@sv2kit/bitcoin';
import { type Coin, spendTo } from './coins.ts';
import { commitmentTo, type DraftJob, scriptSigOf, withCoinbase, withOutputs, withTransactions } from './draft-job.ts';

const CHECKMULTISIG = 0xae;
/** Sigops of 1,001 bare CHECKMULTISIGs, each counted as 20 keys and four times: 80 more than a block may have. */
const TOO_MANY = 1_001;
const OP_RETURN = 0x6a;
/** Bytes of one output that nobody may spend. */
const HEAVY = 90_000;
/** Nobody has such a coin. */
const NO_COIN: Coin = { txid: new Uint8Array(32).fill(0xc0), value: 1_000_000n };

/** Changes only what the pool is paid. @param keep - of a hundred */
export const payingOnly = (job: DraftJob, keep: bigint, rest: TxOut['script']): DraftJob =>
  withOutputs(job, ([payout, ...others]) =>
    payout === undefined
      ? others
      : [
          { ...payout, value: (payout.value * keep) / 100n },
          { value: payout.value - (payout.value * keep) / 100n, script: rest },
          ...others,
        ],
  );

/** All outputs but the payout. */
export const payingNobody = (job: DraftJob): DraftJob => withOutputs(job, ([, ...others]) => others);

/** More than the template is worth. */
export const payingTooMuch = (job: DraftJob): DraftJob =>
  withOutputs(job, ([payout, ...others]) =>
    payout === undefined ? others : [{ ...payout, value: payout.value + 1n }, ...others],
  );

/** Commits to other witnesses than those of its transactions. */
export function committingElsewhere(job: DraftJob): DraftJob {
  const elsewhere = commitmentTo([spendTo(NO_COIN, [])]);
  return withCoinbase(job, { outputs: [...job.coinbase.outputs.slice(0, -1), elsewhere] });
}

/** More sigops than a block may have, in an output of the coinbase. */
export const withTooManySigops = (job: DraftJob): DraftJob =>
  withOutputs(job, (outputs) => [...outputs, { value: 0n, script: new Uint8Array(TOO_MANY).fill(CHECKMULTISIG) }]);

/** The extranonce stands under no push: whatever is rolled is read as opcodes, CHECKMULTISIG for one. */
export const withBareExtranonce = (job: DraftJob): DraftJob =>
  withCoinbase(job, { scriptSig: job.coinbase.scriptSig.subarray(0, -1) });

/** Another height than its block would have. */
export const atHeight = (job: DraftJob, height: number): DraftJob =>
  withCoinbase(job, { scriptSig: scriptSigOf(height, job.coinbase.extranonceSize) });

/** With a transaction that spends what does not exist. */
export const withInvalidTransaction = (job: DraftJob): DraftJob =>
  withTransactions(job, [...job.transactions, spendTo(NO_COIN, [{ value: 1_000n, script: Uint8Array.of(0x51) }])]);

/** One transaction twice. */
export const withTransactionTwice = (job: DraftJob): DraftJob =>
  withTransactions(job, [...job.transactions, ...job.transactions.slice(-1)]);

/** Heavier than a block may be. @param coin - for a transaction of the size of a block */
export function overweight(job: DraftJob, coin: Coin): DraftJob {
  const script = new Uint8Array(HEAVY).fill(OP_RETURN);
  const outputs = Array.from({ length: 12 }, (): TxOut => ({ value: 0n, script }));
  if (encodeOutputs(outputs).length * 4 < 4_000_000) throw new RangeError('that is not heavy enough');
  return withTransactions(job, [...job.transactions, spendTo(coin, outputs)]);
}
