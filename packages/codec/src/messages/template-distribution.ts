// §7: the template distribution protocol.
import { message, type MessageOf } from '../declare.ts';
import { b0_16m, b0_64k, b0_255, bool, code, seq0_64k, seq0_255, u16, u32, u64, u256 } from '../data-types.ts';

/**
 * Cap of a message that carries a block's transactions, in bytes: a block weighs at most 4,000,000 units, so its bytes
 * are no more; with 3 bytes of length for each of its at most 16,666 transactions and 64 kB of excess data.
 */
export const MAX_TRANSACTIONS_PAYLOAD = 4_200_000;

/** Client -> server: room to leave for the client's coinbase outputs (bytes, sigops). §7.1. */
export const CoinbaseOutputConstraints = message('CoinbaseOutputConstraints', 0x70, {
  coinbaseOutputMaxAdditionalSize: u32,
  coinbaseOutputMaxAdditionalSigops: u16,
});
export type CoinbaseOutputConstraints = MessageOf<typeof CoinbaseOutputConstraints>;

/** Server -> client: a template; outputs are consensus-serialised without a count in front. Values in satoshis. §7.2. */
export const NewTemplate = message('NewTemplate', 0x71, {
  templateId: u64,
  futureTemplate: bool,
  version: u32,
  coinbaseTxVersion: u32,
  coinbasePrefix: b0_255,
  coinbaseTxInputSequence: u32,
  coinbaseTxValueRemaining: u64,
  coinbaseTxOutputsCount: u32,
  coinbaseTxOutputs: b0_64k,
  coinbaseTxLocktime: u32,
  merklePath: seq0_255(u256),
});
export type NewTemplate = MessageOf<typeof NewTemplate>;

/** Server -> client: a new tip; activates a future template. Not the mining protocol's message of that name. §7.3. */
export const SetNewPrevHash = message('SetNewPrevHash', 0x72, {
  templateId: u64,
  prevHash: u256,
  headerTimestamp: u32,
  nbits: u32,
  target: u256,
});
export type SetNewPrevHash = MessageOf<typeof SetNewPrevHash>;

/** Client -> server: all transactions of a template. §7.4. */
export const RequestTransactionData = message('RequestTransactionData', 0x73, { templateId: u64 });
export type RequestTransactionData = MessageOf<typeof RequestTransactionData>;

/** Server -> client: those transactions, opaque, in block order without the coinbase. §7.5. */
export const RequestTransactionDataSuccess = message(
  'RequestTransactionDataSuccess',
  0x74,
  { templateId: u64, excessData: b0_64k, transactionList: seq0_64k(b0_16m) },
  { maxPayload: MAX_TRANSACTIONS_PAYLOAD },
);
export type RequestTransactionDataSuccess = MessageOf<typeof RequestTransactionDataSuccess>;

/** Server -> client: there is no such template (any more). §7.6. */
export const RequestTransactionDataError = message('RequestTransactionDataError', 0x75, {
  templateId: u64,
  errorCode: code,
});
export type RequestTransactionDataError = MessageOf<typeof RequestTransactionDataError>;

/** Client -> server: a block; the coinbase transaction in full, witness included. §7.7. */
export const SubmitSolution = message('SubmitSolution', 0x76, {
  templateId: u64,
  version: u32,
  headerTimestamp: u32,
  headerNonce: u32,
  coinbaseTx: b0_64k,
});
export type SubmitSolution = MessageOf<typeof SubmitSolution>;
