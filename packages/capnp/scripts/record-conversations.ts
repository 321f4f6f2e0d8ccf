// Records test/vectors/NAME.json. For `node`, from a Bitcoin node that offers makeRpc (after v31.1), fresh, on regtest:
//   bitcoin-node -chain=regtest -ipcbind=unix:/run/x/node.sock …
//   node scripts/record-conversations.ts node /run/x/node.sock "Bitcoin Core …, libcapnp …"
// For `probe`, from test/vectors/probe.py:
//   python3 test/vectors/probe.py /run/x/probe.sock
//   node scripts/record-conversations.ts probe /run/x/probe.sock "pycapnp …"
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { FrameReader, RpcConnection } from '../src/index.ts';
import { conversations } from '../test/conversations.ts';

const QUIET_MS = 1_000;

const [name, path, madeBy] = process.argv.slice(2);
if ((name !== 'node' && name !== 'probe') || path === undefined || madeBy === undefined) {
  throw new Error('node scripts/record-conversations.ts node|probe SOCKET MADE-BY');
}

const socket = connect(path);
const messages: { readonly from: 'client' | 'peer'; readonly hex: string }[] = [];
const record = (from: 'client' | 'peer', bytes: Uint8Array): void => {
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
  for (const frame of frames.receive(chunk)) {
    record('peer', frame);
    connection.receive(frame);
  }
});
await conversations[name](connection, () => setTimeout(QUIET_MS));
socket.destroy();
const file = new URL(`../test/vectors/${name}.json`, import.meta.url);
writeFileSync(file, `${JSON.stringify({ 'made by': madeBy, messages }, undefined, 2)}\n`);
