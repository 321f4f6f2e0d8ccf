import type { Logger } from './host.ts';

const HASH_BYTES = 32;

/** Block hashes that a node publishes (`-zmqpubhashblock`). */
export interface BlockAnnouncements {
  close(): void;
}

/**
 * Calls `onHash` for each new best block, hash in internal byte order. Connects by itself, again and again; a node
 * that publishes nothing is noticed by the polling beside it.
 */
export async function subscribeToBlocks(
  endpoint: string,
  onHash: (hash: Uint8Array) => void,
  log: Logger,
): Promise<BlockAnnouncements> {
  const { Subscriber } = await import('zeromq');
  const socket = new Subscriber({ linger: 0, reconnectInterval: 250, reconnectMaxInterval: 5_000 });
  socket.connect(endpoint);
  socket.subscribe('hashblock');
  void read();
  return { close: () => socket.close() };

  async function read(): Promise<void> {
    try {
      for await (const [topic, body] of socket) {
        if (topic?.toString() !== 'hashblock' || body?.length !== HASH_BYTES) {
          log.warn('unexpected ZMQ message ignored', { topicBytes: topic?.length, bodyBytes: body?.length });
          continue;
        }
        // Published in the order in which hashes are shown.
        onHash(Uint8Array.from(body).reverse());
      }
    } catch (error) {
      log.error('ZMQ subscription ended; polling goes on', { endpoint, error });
    }
  }
}
