import { connect, type Socket } from 'node:net';
import { ephemeralKey } from '@sv2kit/net';
import { ACT2_SIZE, startInitiator } from '@sv2kit/noise';

/**
 * Opens so many connections at once that each want a handshake, and resolves with the seconds until the last act 2 is
 * here. The answers are not looked at and act 1 is the same for all, so that only the listener has work.
 */
export async function handshakeBurst(port: number, count: number): Promise<number> {
  const { act1 } = startInitiator(ephemeralKey());
  const sockets: Socket[] = [];
  const answered = Array.from({ length: count }, async () => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    sockets.push(socket);
    socket.write(act1);
    let received = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received >= ACT2_SIZE) return;
    }
    throw new Error('the pool hung up');
  });
  const start = performance.now();
  await Promise.all(answered);
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return seconds;
}
