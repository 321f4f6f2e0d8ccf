// Stratum V1 sessions under strangers, without sockets: a server's, and a client's with what is made of a pool's jobs.
import { fromUtf8, type Random, utf8 } from '@sv2kit/codec';
import {
  JobLine,
  type PoolJob,
  Sv1ClientSession,
  type Sv1ServerEvent,
  Sv1ServerSession,
  stratumError,
} from '@sv2kit/sv1';
import {
  capacityWords,
  extranonceRoom,
  isWorthSubmitting,
  poolShare,
  poolUserName,
  poolWork,
} from '@sv2kit/translation';
import { expectPeerErrorsOnly } from './peer-errors.ts';
import { bytes, integer, pieces } from './random.ts';
import type { Target } from './target.ts';
import { hexOf, MINER_OPENING, minerStream, poolStream } from './v1-lines.ts';

const JOB = {
  type: 'notify' as const,
  jobId: '1',
  prevHash: new Uint8Array(32),
  coinb1: Uint8Array.of(1),
  coinb2: Uint8Array.of(2),
  merkleBranches: [],
  version: 0x2000_0000,
  nbits: 0x1703_a30c,
  ntime: 0x6956_8e7c,
  cleanJobs: false,
};
const subscription = { extranonce1: Uint8Array.of(1, 2), extranonce2Size: 4, session: 'ab' };

/** Whatever was said: what goes out is lines of JSON. */
function expectLines(output: Uint8Array | undefined): void {
  if (output === undefined) return;
  const lines = fromUtf8(output).split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  for (const line of lines) JSON.parse(line);
}

function* host(session: Sv1ServerSession, random: Random, event: Sv1ServerEvent): Generator<void> {
  // Some answers come late, some never.
  if (random() < 0.2) yield;
  const mask = random() < 0.7 ? 0x1fff_e000 : 0;
  switch (event.type) {
    case 'configure':
      return session.configured(event.request, { versionMask: mask, minimumDifficulty: random() < 0.5 });
    case 'subscribe':
      return session.subscribed(event.request, subscription);
    case 'authorise':
      return session.authorised(event.request);
    case 'submit':
      if (random() < 0.5) return session.accepted(event.request);
      return session.refuse(event.request, stratumError('duplicateShare'));
    default:
      if (random() < 0.2) session.setVersionMask(mask);
      if (random() < 0.2) session.setExtranonce(subscription);
      if (random() < 0.5) session.sendJob(new JobLine({ ...JOB, cleanJobs: random() < 0.5 }), 2 ** integer(random, 40));
  }
}

/** A miner's lines in random pieces, answered in random order. */
const serverTarget: Target = (random) => {
  const session = new Sv1ServerSession();
  const late: Generator<void>[] = [];
  const opening = random() < 0.8 ? utf8(MINER_OPENING) : new Uint8Array(0);
  const input = Uint8Array.of(...opening, ...minerStream(random, ['1', '2']));
  expectPeerErrorsOnly(() => {
    for (const piece of pieces(random, input)) {
      for (const event of session.receive(piece)) {
        const answer = host(session, random, event);
        if (answer.next().done !== true) late.push(answer);
      }
      if (late.length > 0 && random() < 0.3) late.shift()?.next();
      expectLines(session.drain());
    }
  });
  for (const answer of late) answer.next();
  expectLines(session.drain());
};

const client = (random: Random) =>
  new Sv1ClientSession({
    host: 'pool.example',
    port: 3333,
    userAgent: 'fuzz',
    username: 'account.worker',
    password: 'x',
    versionMask: random() < 0.8 ? 0x1fff_e000 : 0,
    reconnectHosts: [],
  });

/** A pool's lines in random pieces; each job is made into one for V2 devices, and its shares are submitted. */
const poolTarget: Target = (random) => {
  const session = client(random);
  session.start();
  expectPeerErrorsOnly(() => {
    for (const piece of pieces(random, poolStream(random))) {
      for (const event of session.receive(piece)) {
        if (event.type === 'job') workOn(session, random, event.job);
        if (event.type === 'subscribed') describe(random, event.subscription.extranonce2Size);
      }
      expectLines(session.drain());
    }
  });
};

function describe(random: Random, size: number): void {
  extranonceRoom(size, { indexBytes: random() < 0.5 ? undefined : 1 + integer(random, 3), rolled: integer(random, 5) });
  capacityWords(size);
}

function workOn(session: Sv1ClientSession, random: Random, job: PoolJob): void {
  const work = poolWork(job);
  if (work.kind !== 'work' || session.state.phase !== 'working') return;
  const { extranonce1, extranonce2Size, notify } = job;
  const rolled = bytes(random, random() < 0.9 ? extranonce2Size : integer(random, 40));
  const version = (notify.version ^ integer(random, 2 ** 32)) >>> 0;
  const found = { extranonce: Uint8Array.of(...extranonce1, ...rolled), version, ntime: notify.ntime, nonce: 1 };
  const hash = bytes(random, 32);
  const isBlock = random() < 0.1;
  const share = poolShare(job, { ...found, hash, isBlock });
  if (share === undefined || !isWorthSubmitting(work, { hash, isBlock })) return;
  session.submit(share.jobId, share.share, share.versionMask, poolUserName('account', hexOf(bytes(random, 8))));
}

/** By name. */
export const v1Targets: Readonly<Record<string, Target>> = {
  'sv1:server': serverTarget,
  'sv1:client': poolTarget,
};
