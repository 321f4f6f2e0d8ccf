import { LineReader, readLine, readMinerRequest, Sv1ServerSession } from '../src/index.ts';
import { bytesOf, JOB, line, NOTIFY_LINE, ready } from '../test/builders.ts';

const SUBMIT = bytesOf(
  '{"params": ["account.rig1", "1a", "0000002a", "6553f100", "deadbeef", "00c0e000"], "id": 42, "method": "mining.submit"}\n',
);
const bare = SUBMIT.subarray(0, -1);
const reader = new LineReader();
const { session } = ready(new Sv1ServerSession());
const job = line(JOB);

/** What to measure: name -> one iteration. Run by `npm run bench -- sv1`. */
export const suite: Record<string, () => void> = {
  'cut one submit out of a packet': () => {
    for (const bytes of reader.receive(SUBMIT)) if (bytes.length !== bare.length) throw new Error('cut wrong');
  },
  'read a submit': () => {
    const read = readLine(bare);
    if (read.kind === 'request') readMinerRequest(read.id, read.method, read.params);
  },
  'a submit through a session, and its answer': () => {
    for (const event of session.receive(SUBMIT)) if (event.type === 'submit') session.accepted(event.request);
    session.drain();
  },
  'send a shared job': () => {
    session.sendJob(job, 1024);
    session.drain();
  },
  'read a notify': () => void readLine(NOTIFY_LINE),
};
