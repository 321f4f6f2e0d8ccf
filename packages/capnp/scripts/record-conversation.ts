// Records test/vectors/conversation.json from a node that offers makeRpc (after v31.1), fresh and on regtest:
//   bitcoin-node -chain=regtest -ipcbind=unix:/run/x/node.sock …
//   node scripts/record-conversation.ts /run/x/node.sock "Bitcoin Core …, libcapnp …"
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { FrameReader, RpcConnection } from '../src/index.ts';
import { converse } from '../test/conversation.ts';

const [path, madeBy] = process.argv.slice(2);
if (path === undefined || madeBy === undefined) throw new Error('node scripts/record-conversation.ts SOCKET MADE-BY');

const socket = connect(path);
const messages: { readonly from: 'client' | 'node'; readonly hex: string }[] = [];
const record = (from: 'client' | 'node', bytes: Uint8Array): void => {
  messages.push({ from, hex: Buffer.from(bytes).toString('hex') });
};
const connection = new RpcConnection({
  send: (bytes) => {
    record('client', bytes);
    socket.write(bytes);
  },
});
const frames = new FrameReader();
socket.on('data', (chunk: Buffer) => {
  for (const frame of frames.receive(chunk)) record('node', frame);
  connection.receive(chunk);
});
await converse(connection);
socket.destroy();
const file = new URL('../test/vectors/conversation.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ 'made by': madeBy, messages }, undefined, 2)}\n`);
