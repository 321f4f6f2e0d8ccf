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
import type { SolutionRefusalCode } from './errors.ts';
import type { TemplateBook, TemplateRecord } from './template-book.ts';

/** What became of a SubmitSolution. */
export type SolutionOutcome =
  | {
      readonly kind: 'block';
      readonly templateId: bigint;
      readonly height: number;
      /** Internal byte order. */
      readonly hash: Uint8Array;
      /** Serialized in full, ready for the node. */
      readonly block: Uint8Array;
      /** Whether a newer tip has been given out since: a reason to hurry, not to hold the block back. */
      readonly stale: boolean;
    }
  | { readonly kind: 'refused'; readonly templateId: bigint; readonly code: SolutionRefusalCode };

/**
 * Rebuilds the block that a client solved (§7.7): header, the client's coinbase, the template's transactions. A block
 * is a block whatever its time field says and however old its template is; only one whose hash misses nbits, which
 * every node would refuse, is kept from the node. The template's `target` plays no part: it may be lower than nbits'.
 */
export function rebuildBlock(book: TemplateBook, solution: SubmitSolution): SolutionOutcome {
  const { templateId } = solution;
  const found = book.find(templateId);
  if (found.kind === 'forgotten' || found.kind === 'unknown') return refused(templateId, 'template-id-not-found');
  const { record } = found;
  if (record.tip === undefined) return refused(templateId, 'template-not-activated');
  const coinbase = tryParse(solution.coinbaseTx);
  if (coinbase === undefined) return refused(templateId, 'malformed-coinbase');
  const header = encodeHeader({
    version: solution.version,
    prevHash: record.tip.prevHash,
    merkleRoot: merkleRoot(coinbase.txid, record.content.merklePath),
    ntime: solution.headerTimestamp,
    nbits: record.tip.nbits,
    nonce: solution.headerNonce,
  });
  const hash = hashHeader(header);
  if (!meetsTarget(hash, targetFromNbits(record.tip.nbits))) return refused(templateId, 'insufficient-work');
  const block = assemble(header, solution.coinbaseTx, coinbase, record);
  return { kind: 'block', templateId, height: record.height, hash, block, stale: found.kind === 'stale' };
}

function refused(templateId: bigint, code: SolutionRefusalCode): SolutionOutcome {
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
function assemble(
  header: Uint8Array,
  bytes: Uint8Array,
  { segwit, inputs, outputs }: ParsedTransaction,
  record: TemplateRecord,
): Uint8Array {
  const stripped = !segwit && inputs.length === 1 && outputs.some(isWitnessCommitment);
  const coinbase = stripped ? addCoinbaseWitness(bytes) : bytes;
  return encodeBlock(
    header,
    coinbase,
    record.content.transactions.map(({ data }) => data),
  );
}
