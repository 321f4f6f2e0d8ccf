/**
 * A Bitcoin node as a miner needs it: templates for ever, blocks handed over without fail, and the truth about what
 * became of them. Over Bitcoin Core's IPC, over JSON-RPC (BIP22, BIP23, BIP145) with ZMQ where the node publishes its
 * blocks, or over both as one node.
 *
 * @example
 * ```ts
 * import { createNode } from '@sv2kit/bitcoin-node';
 *
 * const node = createNode({ ipc: '/var/lib/bitcoind/node.sock', clock, log });
 * for await (const template of node.templates(signal)) {
 *   console.log(template.height, template.kind === 'held' ? template.fees : template.transactions.length);
 *   if (template.kind === 'held') template.release();
 * }
 * ```
 *
 * @packageDocumentation
 */
export { type CheckingNode, createNode } from './create-node.ts';
export { TransactionCursor } from './decoding/transaction-cursor.ts';
export {
  type ChainGuardOptions,
  DEFAULT_MOST_BLOCKS_BEHIND,
  DEFAULT_MOST_CLOCK_SKEW,
} from './guard/chain-guard.ts';
export { IPC_ERRORS, IpcError, type IpcErrorCode } from './ipc/client/ipc-error.ts';
export { IPC_LIMITS } from './ipc/client/limits.ts';
export { openSocket as openIpcSocket } from './ipc/client/socket.ts';
export type { KnownBlock } from './rpc/chain-check.ts';
export type { Credentials } from './rpc/credentials.ts';
export type { Clock, Logger } from './host.ts';
export type {
  JobChecker,
  JobCheckerOptions,
  JobCheckerStatus,
  JobTip,
  JobToCheck,
  JobVerdict,
  ProvidedTransaction,
  ValidJob,
} from './job-check/job-checker.ts';
export { LIMITS } from './limits.ts';
export type {
  BlockTransaction,
  CoinbaseReserve,
  Confirmation,
  HeldCoinbase,
  HeldSolution,
  HeldTemplate,
  IpcHoldings,
  MiningNode,
  NodeHealth,
  NodeTemplate,
  NodeTip,
  NodeTransaction,
  SubmitResult,
  TemplateHead,
  WholeTemplate,
} from './node.ts';
export { clockTrouble, isTrusted } from './guard/trust.ts';
export {
  DEFAULT_FEE_THRESHOLD,
  DEFAULT_POLL_INTERVAL_MS,
  DEFAULT_REFRESH_INTERVAL_MS,
  type NodeOptions,
} from './node-options.ts';
export { type CallOptions, createRpcClient, type RpcClient, type RpcClientOptions } from './rpc/rpc-client.ts';
export { RpcError, type RpcErrorCode, type RpcErrorDetails } from './rpc/rpc-error.ts';
export { createRpcNode, type RpcNodeOptions } from './rpc/rpc-node.ts';
