import type { Logger } from '../host.ts';

export interface ZmqSubscription {
  close(): void;
}

export interface ZmqTopic {
  readonly endpoint: string;
  /** `hashblock`, `sequence`: what the node publishes with `-zmqpub<topic>`. */
  readonly topic: string;
  readonly onBody: (body: Uint8Array) => void;
  /** Messages were lost on the way: what they said must be found out otherwise. */
  readonly onGap?: () => void;
  readonly log: Logger;
}

/** Subscribes; connects by itself, again and again. A node that publishes nothing is noticed by polling beside it. */
export async function subscribe({ endpoint, topic, onBody, onGap, log }: ZmqTopic): Promise<ZmqSubscription> {
  const { Subscriber } = await import('zeromq');
  const socket = new Subscriber({ linger: 0, reconnectInterval: 250, reconnectMaxInterval: 5_000 });
  socket.connect(endpoint);
  socket.subscribe(topic);
  void read();
  return { close: () => socket.close() };

  async function read(): Promise<void> {
    let expected: number | undefined;
    try {
      for await (const [name, body, count] of socket) {
        if (name?.toString() !== topic || body === undefined) {
          log.warn('unexpected ZMQ message ignored', { topicBytes: name?.length, bodyBytes: body?.length });
          continue;
        }
        const number = count?.length === 4 ? count.readUInt32LE() : undefined;
        if (number !== undefined && expected !== undefined && number !== expected) onGap?.();
        expected = number === undefined ? undefined : (number + 1) >>> 0;
        onBody(body);
      }
    } catch (error) {
      log.error('ZMQ subscription ended; polling goes on', { endpoint, error });
    }
  }
}
