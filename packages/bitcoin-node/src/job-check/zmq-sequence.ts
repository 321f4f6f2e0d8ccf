import type { Logger } from '../host.ts';
import { subscribe, type ZmqSubscription } from '../zmq-subscription.ts';

const HASH_BYTES = 32;

export interface MempoolEvents {
  /** Txids as the node shows them. */
  onAdded(shownTxid: string): void;
  /** For another reason than a block. */
  onRemoved(shownTxid: string): void;
  /** A block was connected or disconnected. */
  onBlock(): void;
  /** Some events are not known. */
  onGap(): void;
}

/** What changes in the node's mempool and best chain (`-zmqpubsequence`). */
export function subscribeToSequence(endpoint: string, events: MempoolEvents, log: Logger): Promise<ZmqSubscription> {
  return subscribe({
    endpoint,
    topic: 'sequence',
    log,
    onGap: () => events.onGap(),
    onBody(body) {
      const hash = Buffer.from(body.buffer, body.byteOffset, HASH_BYTES).toString('hex');
      switch (String.fromCharCode(body[HASH_BYTES] ?? 0)) {
        case 'A':
          return events.onAdded(hash);
        case 'R':
          return events.onRemoved(hash);
        case 'C':
        case 'D':
          return events.onBlock();
        default:
          return log.warn('unexpected ZMQ message ignored', { bodyBytes: body.length });
      }
    },
  });
}
