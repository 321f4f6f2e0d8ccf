/**
 * Records a conversation with a real node's IPC socket for the tests: every frame of both sides, and what was heard.
 *
 *     BITCOIN_NODE=/path/to/bitcoin-node node scripts/record-ipc.ts test/frames/<name>.json
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findIpcNode, NO_IPC_NODE } from '@sv2kit/bitcoind';
import { FrameRelay, type Recording } from '../test/frame-relay.ts';
import { asJson, converseAt } from '../test/ipc-conversation.ts';
import { Regtest } from '../test/regtest.ts';

/** So many that the answer with the block takes more than one segment; nodes relay chains of at most 25. */
const CHAINS = 5;
const TRANSACTIONS_PER_CHAIN = 24;
/** Rewards are spendable after as many blocks. */
const MATURITY = 100;

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the file to write: test/frames/<name>.json');
const binary = await findIpcNode();
if (binary === undefined) throw new Error(NO_IPC_NODE);

await using regtest = await Regtest.start([], binary);
const { ipcSocket } = regtest.node;
if (ipcSocket === undefined) throw new Error('the node has no IPC socket');
await regtest.mine(MATURITY + CHAINS);
for (let height = 1; height <= CHAINS; height += 1) {
  let coin = await regtest.reward(height);
  for (let count = 0; count < TRANSACTIONS_PER_CHAIN; count += 1) coin = await regtest.spend(coin, 1_000n);
}

await using relay = await FrameRelay.start(ipcSocket);
const heard = await converseAt(relay.path);

const { stdout } = await promisify(execFile)(binary.command, [...binary.args, '-version']);
const recording: Recording = {
  version: stdout.split('\n')[0] ?? '',
  command: `node scripts/record-ipc.ts ${file}`,
  frames: relay.frames.map(({ from, bytes }) => [from, Buffer.from(bytes).toString('base64')]),
  heard: asJson(heard),
};
await writeFile(file, `${JSON.stringify(recording, null, 1)}\n`);
console.log(`${file}: ${recording.version}, ${recording.frames.length} frames`);
