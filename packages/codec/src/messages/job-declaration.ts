// §6.4: the job declaration protocol.
import { message, type MessageOf } from '../declare.ts';
import { b0_16m, b0_32, b0_64k, b0_255, code, seq0_64k, str0_255_bytes, u16, u32, u256 } from '../data-types.ts';
import { MAX_TRANSACTIONS_PAYLOAD } from './template-distribution.ts';

/** JDC -> JDS: a token for a job to come. §6.4.2. */
export const AllocateMiningJobToken = message('AllocateMiningJobToken', 0x50, {
  userIdentifier: str0_255_bytes,
  requestId: u32,
});
export type AllocateMiningJobToken = MessageOf<typeof AllocateMiningJobToken>;

/** JDS -> JDC: the token, and the pool's outputs (counted, consensus-serialised; the first is the payout). §6.4.3. */
export const AllocateMiningJobTokenSuccess = message('AllocateMiningJobTokenSuccess', 0x51, {
  requestId: u32,
  miningJobToken: b0_255,
  coinbaseTxOutputs: b0_64k,
});
export type AllocateMiningJobTokenSuccess = MessageOf<typeof AllocateMiningJobTokenSuccess>;

/** JDS -> JDC: transactions that the server does not know, by position (0-based, coinbase not counted). §6.4.7. */
export const ProvideMissingTransactions = message('ProvideMissingTransactions', 0x55, {
  requestId: u32,
  unknownTxPositionList: seq0_64k(u16),
});
export type ProvideMissingTransactions = MessageOf<typeof ProvideMissingTransactions>;

/** JDC -> JDS: those transactions, in the order asked. §6.4.8. */
export const ProvideMissingTransactionsSuccess = message(
  'ProvideMissingTransactionsSuccess',
  0x56,
  { requestId: u32, transactionList: seq0_64k(b0_16m) },
  { maxPayload: MAX_TRANSACTIONS_PAYLOAD },
);
export type ProvideMissingTransactionsSuccess = MessageOf<typeof ProvideMissingTransactionsSuccess>;

/** JDC -> JDS: a whole job; coinbase halves with their BIP141 fields. §6.4.4. */
export const DeclareMiningJob = message('DeclareMiningJob', 0x57, {
  requestId: u32,
  miningJobToken: b0_255,
  version: u32,
  coinbaseTxPrefix: b0_64k,
  coinbaseTxSuffix: b0_64k,
  wtxidList: seq0_64k(u256),
  excessData: b0_64k,
});
export type DeclareMiningJob = MessageOf<typeof DeclareMiningJob>;

/** JDS -> JDC: acknowledged; the token to use from now on. §6.4.5. */
export const DeclareMiningJobSuccess = message('DeclareMiningJobSuccess', 0x58, {
  requestId: u32,
  newMiningJobToken: b0_255,
});
export type DeclareMiningJobSuccess = MessageOf<typeof DeclareMiningJobSuccess>;

/** JDS -> JDC: rejected. §6.4.6. */
export const DeclareMiningJobError = message('DeclareMiningJobError', 0x59, {
  requestId: u32,
  errorCode: code,
  errorDetails: b0_64k,
});
export type DeclareMiningJobError = MessageOf<typeof DeclareMiningJobError>;

/** JDC -> JDS: a block on a declared job; `extranonce` is the full one, prefix included. §6.4.9. */
export const PushSolution = message('PushSolution', 0x60, {
  extranonce: b0_32,
  prevHash: u256,
  nonce: u32,
  ntime: u32,
  nbits: u32,
  version: u32,
});
export type PushSolution = MessageOf<typeof PushSolution>;
