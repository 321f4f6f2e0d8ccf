// The other end of the benches, in a process of its own: opens connections when told how many, and ends them when told 0.
import { mining } from '@sv2kit/codec';
import { type Connection, connect } from '../src/index.ts';

const port = Number(process.argv[2]);
const handler = { onMessage() {}, onClose() {} };
let connections: Connection<never>[] = [];

async function open(): Promise<Connection<never>> {
  return connect({
    host: '127.0.0.1',
    port,
    protocol: mining,
    connectMs: 60_000,
    limits: { handshakeMs: 60_000, setupMs: 60_000 },
    handler: () => handler,
  });
}

process.on('message', async (count: number) => {
  for (const connection of connections) connection.destroy('again');
  connections = await Promise.all(Array.from({ length: count }, open));
  process.send?.(count);
});
process.send?.('up');
