import type { Socket } from 'node:net';

const NEWS = ['readable', 'end', 'close', 'error'] as const;

/**
 * Reads `size` bytes and no more; the rest stays in the socket, for the next reader.
 *
 * @throws Error when the socket ends before
 */
export async function readExactly(socket: Socket, size: number): Promise<Uint8Array> {
  for (;;) {
    const bytes = socket.read(size) as Uint8Array | null;
    if (bytes?.length === size) return bytes;
    if (bytes !== null || socket.readableEnded || socket.destroyed) {
      throw new Error(`the peer left after ${bytes?.length ?? 0} of ${size} bytes`);
    }
    await news(socket);
  }
}

function news(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  for (const event of NEWS) socket.on(event, done);
  return promise.finally(() => {
    for (const event of NEWS) socket.off(event, done);
  });
}
