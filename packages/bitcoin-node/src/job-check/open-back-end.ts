import type { BackEnd, BackEndHost } from './back-end.ts';
import { FallbackBackEnd, type OpenBackEnd } from './fallback-back-end.ts';
import { IpcBackEnd } from './ipc/ipc-back-end.ts';
import type { CheckerSettings } from './messages.ts';
import { RpcBackEnd } from './rpc/rpc-back-end.ts';

/** The back end for the ways in which the node can be spoken to. */
export function openBackEnd(settings: CheckerSettings, host: BackEndHost): BackEnd {
  const { ipc: path, url, credentials, chain, knownBlocks, concurrency } = settings;
  const { pollIntervalMs, mempoolIntervalMs } = settings;
  const common = { expected: { chain, knownBlocks }, concurrency, pollIntervalMs, mempoolIntervalMs };
  const rpc = url === undefined || credentials === undefined ? undefined : { url, credentials };
  const overRpc: OpenBackEnd | undefined = rpc && ((to) => new RpcBackEnd({ ...common, ...rpc }, to));
  const overIpc: OpenBackEnd | undefined =
    path === undefined ? undefined : (to) => new IpcBackEnd({ ...common, path, rpc }, to);
  if (overIpc !== undefined && overRpc !== undefined) return new FallbackBackEnd(overIpc, overRpc, host);
  const only = overIpc ?? overRpc;
  if (only === undefined) throw new TypeError('a job checker needs a way to speak to its node');
  return only(host);
}
