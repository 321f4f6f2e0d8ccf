import type { BackEnd, BackEndHost } from './back-end.ts';
import type { CheckerSettings } from './messages.ts';
import { RpcBackEnd } from './rpc/rpc-back-end.ts';

/** The back end for the ways in which the node can be spoken to. */
export function openBackEnd(settings: CheckerSettings, host: BackEndHost): BackEnd {
  const { url, credentials, chain, knownBlocks, pollIntervalMs, mempoolIntervalMs } = settings;
  if (url === undefined || credentials === undefined)
    throw new TypeError('a job checker needs a way to speak to its node');
  const expected = { chain, knownBlocks };
  return new RpcBackEnd({ url, credentials, expected, pollIntervalMs, mempoolIntervalMs }, host);
}
