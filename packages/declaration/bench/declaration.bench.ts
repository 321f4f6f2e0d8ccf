import { DeclareMiningJob, decodePayload, encodeFrame, HEADER_SIZE, utf8 } from '@sv2kit/codec';
import { CustomJobJudge, Declarations, tokenVerifier } from '../src/index.ts';
import { valid } from '../test/server-support.ts';
import {
  ALICE,
  customJob,
  declaredToken,
  declareMessage,
  EXTRANONCE,
  HEIGHT,
  KEY,
  NBITS,
  NOW,
  NOW_MS,
  PREV_HASH,
  TERMS,
  tip,
  VERSION,
} from '../test/support.ts';

const TRANSACTIONS = 4_000;
const PROVIDED = 200;
const NEVER_SHORT = { tokensBurst: 1e9, declarationsBurst: 1e9, uselessSolutionsBurst: 1e9 };
const wtxidList = Array.from({ length: TRANSACTIONS }, (_, index) => new Uint8Array(32).fill(index & 0xff));
const transactionList = Array.from({ length: PROVIDED }, () => new Uint8Array(500).fill(1));

const server = new Declarations({ ...TERMS, key: KEY, seed: new Uint8Array(16), limits: NEVER_SHORT });
server.setTip({ hash: PREV_HASH, height: HEIGHT - 1 }, NOW_MS);
const peer = server.connect(1, 'full-template', NOW_MS);

function token(): Uint8Array {
  peer.receive({ type: 'AllocateMiningJobToken', userIdentifier: utf8('alice'), requestId: 0 }, NOW_MS);
  for (const effect of server.drain()) {
    if (effect.kind === 'send' && effect.message.type === 'AllocateMiningJobTokenSuccess') {
      return effect.message.miningJobToken;
    }
  }
  throw new Error('no token');
}

/** From the frame's payload to the question for the node. */
function declare(): number {
  const frame = encodeFrame(DeclareMiningJob, declareMessage(token(), { wtxidList }));
  peer.receive(decodePayload(DeclareMiningJob, frame.subarray(HEADER_SIZE)), NOW_MS);
  for (const effect of server.drain()) if (effect.kind === 'check') return effect.check;
  throw new Error('no check');
}

function declareAll(): void {
  server.checked(declare(), valid(), NOW_MS);
  server.drain();
}

function declareMissing(): void {
  const positions = transactionList.map((_, index) => index);
  server.checked(declare(), { kind: 'missing', positions }, NOW_MS);
  peer.receive({ type: 'ProvideMissingTransactionsSuccess', requestId: 1, transactionList }, NOW_MS);
  for (const effect of server.drain()) if (effect.kind === 'check') server.checked(effect.check, valid(), NOW_MS);
  server.drain();
}

const judge = new CustomJobJudge({ ...TERMS, verifier: tokenVerifier(KEY), network: 'regtest' });
judge.tip(tip());
const message = customJob({ miningJobToken: declaredToken() });
let channelKey = 0;

for (let job = 0; job < 8; job += 1) declareAll();
const solution = (nonce: number) =>
  ({
    type: 'PushSolution',
    extranonce: new Uint8Array(EXTRANONCE),
    prevHash: PREV_HASH,
    nonce,
    ntime: NOW,
    nbits: NBITS,
    version: VERSION,
  }) as const;
let nonce = 0;
while (server.solve(solution(nonce)) !== undefined) nonce += 1;
const useless = solution(nonce);

/** What to measure: name -> one iteration. Run by `npm run bench -- declaration`. */
export const suite: Record<string, () => void> = {
  'declare 4,000 transactions, all known': declareAll,
  'declare 4,000 transactions, 200 provided': declareMissing,
  'judge a custom job': () => {
    channelKey += 1;
    judge.judge({
      message,
      userIdentity: ALICE,
      channelKeys: [channelKey],
      fullExtranonceSize: EXTRANONCE,
      nowMs: NOW_MS,
    });
  },
  'push a solution that none of 8 declared jobs has': () => {
    peer.receive(useless, NOW_MS);
    server.drain();
  },
};
