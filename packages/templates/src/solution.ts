import {
  addCoinbaseWitness,
  BitcoinError,
  encodeBlock,
  encodeHeader,
  hashHeader,
  isWitnessCommitment,
  meetsTarget,
  merkleRoot,
  type ParsedTransaction,
  parseTransaction,
  targetFromNbits,
} from '@sv2kit/bitcoin';
import type { SubmitSolution } from '@sv2kit/codec';
import type { TemplateContent } from './content.ts';
import type { SolutionRefusalCode } from './errors.ts';
import type { TemplateBook } from './template-book.ts';

/** A block that a client found. */
export interface SolvedBlock {
  readonly kind: 'block';
  readonly templateId: bigint;
  readonly height: number;
  /** Internal byte order. */
  readonly hash: Uint8Array;
  /** Whether a newer tip has been given out since: a reason to hurry, not to hold the block back. */
  readonly stale: boolean;
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** With its witness, whether the client sent it with it or not. */
  readonly coinbase: Uint8Array;
  readonly content: TemplateContent;
}

export interface RefusedSolution {
  readonly kind: 'refused';
  readonly templateId: bigint;
  readonly code: SolutionRefusalCode;
}

/**
 * Judges what a client solved (§7.7). A block is a block whatever its time field says and however old its template is;
 * only one whose hash misses nbits, which every node would refuse, is kept from the node. The template's `target` plays
 * no part: it may be lower than nbits'.
 */
export function judgeSolution(book: TemplateBook, solution: SubmitSolution): SolvedBlock | RefusedSolution {
  const { templateId } = solution;
  const found = book.find(templateId);
  if (found.kind === 'forgotten' || found.kind === 'unknown') return refused(templateId, 'template-id-not-found');
  const { content, tip } = found.record;
  if (tip === undefined) return refused(templateId, 'template-not-activated');
  const coinbase = tryParse(solution.coinbaseTx);
  if (coinbase === undefined) return refused(templateId, 'malformed-coinbase');
  const header = encodeHeader({
    version: solution.version,
    prevHash: tip.prevHash,
    merkleRoot: merkleRoot(coinbase.txid, content.merklePath),
    ntime: solution.headerTimestamp,
    nbits: tip.nbits,
    nonce: solution.headerNonce,
  });
  const hash = hashHeader(header);
  if (!meetsTarget(hash, targetFromNbits(tip.nbits))) return refused(templateId, 'insufficient-work');
  return {
    kind: 'block',
    templateId,
    height: content.height,
    hash,
    stale: found.kind === 'stale',
    header,
    coinbase: withWitness(solution.coinbaseTx, coinbase),
    content,
  };
}

/** The whole block, ready for a node: header, the client's coinbase, the template's transactions once they are here. */
export function rebuildBlock({ header, coinbase, content }: SolvedBlock): Uint8Array | undefined {
  const transactions = content.transactions?.map(({ data }) => data);
  return transactions === undefined ? undefined : encodeBlock(header, coinbase, transactions);
}

function refused(templateId: bigint, code: SolutionRefusalCode): RefusedSolution {
  return { kind: 'refused', templateId, code };
}

function tryParse(bytes: Uint8Array): ParsedTransaction | undefined {
  try {
    return parseTransaction(bytes);
  } catch (error) {
    if (error instanceof BitcoinError) return undefined;
    throw error;
  }
}

/** A client may have stripped the witness against §3.7.3; it is the same coinbase, so the witness goes back in. */
function withWitness(bytes: Uint8Array, { segwit, inputs, outputs }: ParsedTransaction): Uint8Array {
  const stripped = !segwit && inputs.length === 1 && outputs.some(isWitnessCommitment);
  return stripped ? addCoinbaseWitness(bytes) : bytes;
}
