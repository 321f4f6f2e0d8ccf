import {
  encodeBlock,
  encodeCountedOutputs,
  encodeHeader,
  heightPush,
  isWitnessCommitment,
  merklePathOf,
  merkleRoot,
  type ParsedTransaction,
  parseTransaction,
  sha256d,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import type { DeclareMiningJob, SetCustomMiningJob } from '@sv2kit/codec';
import type { SearchSpace } from '@sv2kit/mining';
import type { TestNode } from './node.ts';

/**
 * A job of a miner's own, before anybody has seen it. Scenarios change whatever they like in it: nothing is made from
 * another field unless it says so.
 */
export interface DraftJob {
  readonly version: number;
  /** Internal byte order. */
  readonly prevHash: Uint8Array;
  readonly nbits: number;
  /** Unix seconds. */
  readonly minNtime: number;
  readonly coinbase: DraftCoinbase;
  /** Without the coinbase. */
  readonly transactions: readonly Uint8Array[];
}

export interface DraftCoinbase {
  readonly txVersion: number;
  /** What stands before the extranonce. */
  readonly scriptSig: Uint8Array;
  /** Of the full extranonce in bytes. */
  readonly extranonceSize: number;
  readonly sequence: number;
  /** The witness commitment included. */
  readonly outputs: readonly TxOut[];
  readonly locktime: number;
}

/** What a header was found with. */
export interface FoundBlock {
  /** The full one. */
  readonly extranonce: Uint8Array;
  readonly version: number;
  readonly ntime: number;
  readonly nonce: number;
}

interface NodesTemplate {
  readonly height: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly bits: string;
  readonly mintime: number;
  readonly coinbasevalue: number;
  readonly transactions: readonly { readonly data: string }[];
}

const VERSION_2 = 2;
const NOT_FINAL = 0xffff_fffe;
const NULL_OUTPOINT = Buffer.concat([new Uint8Array(32), new Uint8Array(4).fill(0xff)]);
const MARKER_AND_FLAG = Uint8Array.of(0, 1);
const WITNESS = Buffer.concat([Uint8Array.of(1, 32), new Uint8Array(32)]);

/**
 * An honest job on the node's template.
 *
 * @param outputs - the first gets all that the template is worth, the others stay as they are
 */
export async function draftJob(
  node: TestNode,
  { outputs, extranonceSize }: { readonly outputs: readonly TxOut[]; readonly extranonceSize: number },
): Promise<DraftJob> {
  const rules = node.chain === 'signet' ? ['segwit', 'signet'] : ['segwit'];
  const template = (await node.call('getblocktemplate', { rules })) as NodesTemplate;
  const transactions = template.transactions.map(({ data }) => new Uint8Array(Buffer.from(data, 'hex')));
  const [payout, ...others] = outputs;
  if (payout === undefined) throw new RangeError('a pool has a payout output');
  return {
    version: template.version,
    prevHash: new Uint8Array(Buffer.from(template.previousblockhash, 'hex').reverse()),
    nbits: Number.parseInt(template.bits, 16),
    minNtime: template.mintime,
    coinbase: {
      txVersion: VERSION_2,
      scriptSig: scriptSigOf(template.height, extranonceSize),
      extranonceSize,
      sequence: NOT_FINAL,
      outputs: [{ ...payout, value: BigInt(template.coinbasevalue) }, ...others, commitmentTo(transactions)],
      locktime: template.height - 1,
    },
    transactions,
  };
}

/** The height, and the opcode that pushes the extranonce. */
export function scriptSigOf(height: number, extranonceSize: number): Uint8Array {
  return Buffer.concat([heightPush(height), Uint8Array.of(extranonceSize)]);
}

/** The output that commits a coinbase to those transactions. */
export function commitmentTo(transactions: readonly Uint8Array[]): TxOut {
  return witnessCommitmentOutput(parse(transactions).map(({ wtxid }) => wtxid));
}

/** The job with other transactions; its commitment follows, its payout does not. */
export function withTransactions(job: DraftJob, transactions: readonly Uint8Array[]): DraftJob {
  const outputs = job.coinbase.outputs.filter((output) => !isWitnessCommitment(output));
  return {
    ...job,
    transactions,
    coinbase: { ...job.coinbase, outputs: [...outputs, commitmentTo(transactions)] },
  };
}

/** The job with other outputs before its witness commitment. */
export function withOutputs(job: DraftJob, change: (outputs: readonly TxOut[]) => readonly TxOut[]): DraftJob {
  const commitment = job.coinbase.outputs.filter(isWitnessCommitment);
  const outputs = change(job.coinbase.outputs.filter((output) => !isWitnessCommitment(output)));
  return withCoinbase(job, { outputs: [...outputs, ...commitment] });
}

export function withCoinbase(job: DraftJob, change: Partial<DraftCoinbase>): DraftJob {
  return { ...job, coinbase: { ...job.coinbase, ...change } };
}

/** As it is declared to a job declarator server (§6.4.4). */
export function declarationOf(job: DraftJob, requestId: number, miningJobToken: Uint8Array): DeclareMiningJob {
  return {
    type: 'DeclareMiningJob',
    requestId,
    miningJobToken,
    version: job.version,
    coinbaseTxPrefix: prefixOf(job.coinbase, MARKER_AND_FLAG),
    coinbaseTxSuffix: suffixOf(job.coinbase, WITNESS),
    wtxidList: parse(job.transactions).map(({ wtxid }) => wtxid),
    excessData: new Uint8Array(),
  };
}

/** As it is proposed to a pool (§5.3.18). */
export function customJobOf(
  job: DraftJob,
  {
    requestId,
    channelId,
    token,
  }: { readonly requestId: number; readonly channelId: number; readonly token: Uint8Array },
): SetCustomMiningJob {
  const { version, prevHash, nbits, minNtime, coinbase } = job;
  return {
    type: 'SetCustomMiningJob',
    channelId,
    requestId,
    miningJobToken: token,
    version,
    prevHash,
    minNtime,
    nbits,
    coinbaseTxVersion: coinbase.txVersion,
    coinbasePrefix: coinbase.scriptSig,
    coinbaseTxInputNSequence: coinbase.sequence,
    coinbaseTxOutputs: encodeCountedOutputs(coinbase.outputs),
    coinbaseTxLocktime: coinbase.locktime,
    merklePath: merklePathOf(parse(job.transactions).map(({ txid }) => txid)),
  };
}

/** What a miner rolls in it. */
export function spaceOf(job: DraftJob, extranoncePrefix: Uint8Array): SearchSpace {
  return {
    kind: 'extended',
    coinbasePrefix: prefixOf(job.coinbase),
    coinbaseSuffix: suffixOf(job.coinbase),
    extranoncePrefix,
    extranonceSize: job.coinbase.extranonceSize - extranoncePrefix.length,
    merklePath: merklePathOf(parse(job.transactions).map(({ txid }) => txid)),
  };
}

/** The whole block, for whoever hands it to a node past everybody. */
export function blockOf(job: DraftJob, { extranonce, version, ntime, nonce }: FoundBlock): Uint8Array {
  const { coinbase, transactions, prevHash, nbits } = job;
  const stripped = Buffer.concat([prefixOf(coinbase), extranonce, suffixOf(coinbase)]);
  const root = merkleRoot(sha256d(stripped), merklePathOf(parse(transactions).map(({ txid }) => txid)));
  const header = encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce });
  const whole = Buffer.concat([prefixOf(coinbase, MARKER_AND_FLAG), extranonce, suffixOf(coinbase, WITNESS)]);
  return encodeBlock(header, whole, transactions);
}

const parse = (transactions: readonly Uint8Array[]): ParsedTransaction[] => transactions.map(parseTransaction);

function prefixOf(coinbase: DraftCoinbase, marker: Uint8Array = new Uint8Array()): Uint8Array {
  const { scriptSig, extranonceSize, txVersion } = coinbase;
  const input = [Uint8Array.of(1), NULL_OUTPOINT, Uint8Array.of(scriptSig.length + extranonceSize), scriptSig];
  return Buffer.concat([uint32(txVersion), marker, ...input]);
}

function suffixOf({ sequence, outputs, locktime }: DraftCoinbase, witness: Uint8Array = new Uint8Array()): Uint8Array {
  return Buffer.concat([uint32(sequence), encodeCountedOutputs(outputs), witness, uint32(locktime)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
