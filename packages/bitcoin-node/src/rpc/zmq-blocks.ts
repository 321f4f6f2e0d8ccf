import type { Logger } from '../host.ts';
import { subscribe, type ZmqSubscription } from './zmq-subscription.ts';

const HASH_BYTES = 32;

/** Calls `onHash` for each new best block (`-zmqpubhashblock`), hash in internal byte order. */
export function subscribeToBlocks(
  endpoint: string,
  onHash: (hash: Uint8Array) => void,
  log: Logger,
): Promise<ZmqSubscription> {
  return subscribe({
    endpoint,
    topic: 'hashblock',
    log,
    onBody(body) {
      // Published in the order in which hashes are shown.
      if (body.length === HASH_BYTES) onHash(Uint8Array.from(body).reverse());
      else log.warn('unexpected ZMQ message ignored', { bodyBytes: body.length });
    },
  });
}
