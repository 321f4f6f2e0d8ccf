/**
 * A Bitcoin node as a miner needs it: templates for ever, blocks handed over without fail, and the truth about what
 * became of them. Over JSON-RPC (BIP22, BIP23, BIP145), with ZMQ where the node publishes its blocks.
 *
 * @example
 * ```ts
 * import { createRpcNode } from '@sv2kit/bitcoin-node';
 *
 * const node = createRpcNode({ url: 'http://127.0.0.1:8332', cookieFile: '/var/lib/bitcoind/.cookie', clock, log });
 * for await (const template of node.templates(signal)) publish(template);
 * ```
 *
 * @packageDocumentation
 */
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
  Confirmation,
  MiningNode,
  NodeHealth,
  NodeTemplate,
  NodeTip,
  NodeTransaction,
  SubmitResult,
} from './node.ts';
export { type CallOptions, createRpcClient, type RpcClient, type RpcClientOptions } from './rpc/rpc-client.ts';
export { RpcError, type RpcErrorCode, type RpcErrorDetails } from './rpc/rpc-error.ts';
export {
  type CheckingNode,
  createRpcNode,
  DEFAULT_POLL_INTERVAL_MS,
  DEFAULT_REFRESH_INTERVAL_MS,
  type RpcNodeOptions,
} from './rpc/rpc-node.ts';
