/**
 * Headers, merkle paths, targets, coinbase split and join, transactions, scripts and addresses, as mining needs them
 * (§3.7, §5.1). Pure: no time, randomness or input and output; runs in a browser.
 *
 * Hashes and targets are 32 bytes in internal byte order (little-endian numbers), exactly as on the wire.
 *
 * @example
 * ```ts
 * import { decodeHeader, displayHash, hashHeader, meetsTarget, targetFromNbits } from '@sv2kit/bitcoin';
 *
 * const { nbits } = decodeHeader(header);
 * const hash = hashHeader(header);
 * console.log(displayHash(hash), meetsTarget(hash, targetFromNbits(nbits)));
 * ```
 *
 * @packageDocumentation
 */
export { addressFromScript, type Network, scriptFromAddress } from './address.ts';
export { sameBytes } from './bytes.ts';
export {
  addCoinbaseWitness,
  buildCoinbase,
  type CoinbaseParts,
  type CoinbaseRecipe,
  heightOf,
  heightPush,
  joinCoinbase,
  MAX_EXTRANONCE,
  MAX_SCRIPT_SIG,
} from './coinbase.ts';
export { type CoinbaseHalves, type CoinbasePart, readCoinbaseHalves } from './coinbase-halves.ts';
export { scriptFromDescriptor } from './descriptor.ts';
export { descriptorChecksum } from './descriptor-checksum.ts';
export { BITCOIN_ERRORS, BitcoinError, type BitcoinErrorCode } from './error.ts';
export {
  displayHash,
  ExtendedShareHasher,
  type ExtendedShareJob,
  fromDisplayHash,
  hashBackend,
  hashHeader,
  hashStandardShare,
  merklePathOf,
  merkleRoot,
  sha256d,
} from './hash.ts';
export {
  BIP320_MASK,
  BIP323_MASK,
  type BlockHeader,
  decodeHeader,
  encodeHeader,
  HEADER_LENGTH,
  patchHeader,
  setMerkleRoot,
} from './header.ts';
export {
  decodeCountedOutputs,
  decodeOutputs,
  encodeCountedOutputs,
  encodeOutputs,
  isWitnessCommitment,
  outputSigops,
  type TxOut,
  witnessCommitmentOutput,
} from './outputs.ts';
export { endsInOpenPush } from './script.ts';
export { countSigops } from './sigops.ts';
export { blockSubsidy, MAX_MONEY } from './subsidy.ts';
export {
  compareTargets,
  DIFFICULTY_1_TARGET,
  difficultyFromTarget,
  hashrateFromTarget,
  MAX_TARGET,
  meetsTarget,
  nbitsFromTarget,
  targetFromBigint,
  targetFromDifficulty,
  targetFromHashrate,
  targetFromNbits,
  targetToBigint,
  workOfTarget,
} from './target.ts';
export {
  encodeBlock,
  identifyTransaction,
  type ParsedTransaction,
  parseTransaction,
  type TransactionIds,
  type TxIn,
} from './transaction.ts';
