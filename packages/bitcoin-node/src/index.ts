/**
 * A Bitcoin node as a miner needs it: templates for ever, blocks handed over without fail, and the truth about what
 * became of them. Over JSON-RPC (BIP22, BIP23, BIP145), with ZMQ where the node publishes its blocks.
 *
 * @example
 * ```ts
 * import { createNode } from '@sv2kit/bitcoin-node';
 *
 * const node = createNode({ url: 'http://127.0.0.1:8332', cookieFile: '/var/lib/bitcoind/.cookie', clock, log });
 * for await (const template of node.templates(signal)) publish(template);
 * ```
 *
 * @packageDocumentation
 */
export { type CheckingNode, createNode } from './create-node.ts';
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
  MiningNode,
  NodeHealth,
  NodeTemplate,
  NodeTip,
  NodeTransaction,
  SubmitResult,
  WholeTemplate,
} from './node.ts';
export {
  DEFAULT_FEE_THRESHOLD,
  DEFAULT_POLL_INTERVAL_MS,
  DEFAULT_REFRESH_INTERVAL_MS,
  type NodeOptions,
} from './node-options.ts';
export { type CallOptions, createRpcClient, type RpcClient, type RpcClientOptions } from './rpc/rpc-client.ts';
export { RpcError, type RpcErrorCode, type RpcErrorDetails } from './rpc/rpc-error.ts';
export { createRpcNode, type RpcNodeOptions } from './rpc/rpc-node.ts';
