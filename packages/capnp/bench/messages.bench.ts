import { FrameReader, MessageReader, type StructBuilder, type StructReader } from '../src/index.ts';
import { messageOf, Peer, VOID, writeResults } from '../test/peer.ts';

const FEES = Array.from({ length: 3_000 }, (_, i) => BigInt(1_000 + 7 * i));
const PATH = Array.from({ length: 12 }, (_, i) => new Uint8Array(32).fill(i));
const BLOCK = new Uint8Array(1_200_000);

/** An answer to question 0, as a node sends it. */
const answer = (write: (results: StructBuilder) => void): Uint8Array =>
  messageOf((root) => writeResults(root, 0, { content: (payload) => write(payload.struct(0, 0, 1)) }));
const fees = answer((results) => results.int64List(0, FEES));
const path = answer((results) => results.dataList(0, PATH));
const block = answer((results) => results.data(0, BLOCK));
const tiny = answer(() => {});
const results = (frame: Uint8Array): StructReader => new MessageReader(frame).root.struct(0).struct(0).struct(0);

const cutter = new FrameReader();
const many = new Uint8Array(1_000 * tiny.length);
for (let i = 0; i < 1_000; i += 1) many.set(tiny, i * tiny.length);
const chunks = Array.from({ length: Math.ceil(block.length / 65_536) }, (_, i) =>
  block.subarray(i * 65_536, (i + 1) * 65_536),
);

const peer = new Peer();
const main = await peer.main();

/** What to measure: name -> one iteration. Run by `npm run bench -- capnp`. */
export const suite: Record<string, () => void | Promise<void>> = {
  'encode 3,000 fees': () => void answer((to) => to.int64List(0, FEES)),
  'decode 3,000 fees': () => {
    if (results(fees).int64List(0).length !== 3_000) throw new Error('decoded wrong');
  },
  'decode a merkle path of 12': () => void results(path).dataList(0),
  'encode a block of 1.2 MB': () => void answer((to) => to.data(0, BLOCK)),
  'decode a block of 1.2 MB': () => void results(block).data(0),
  'cut 1,000 frames out of a chunk': () => {
    let frames = 0;
    for (const frame of cutter.receive(many)) frames += frame.length > 0 ? 1 : 0;
    if (frames !== 1_000) throw new Error('cut wrong');
  },
  'a call and its answer': async () => {
    const call = peer.connection.call(main, VOID);
    peer.connection.receive(tiny);
    await call;
    peer.told();
  },
  'cut a block out of chunks of 64 KiB': () => {
    for (const chunk of chunks) for (const frame of cutter.receive(chunk)) void frame;
  },
};
