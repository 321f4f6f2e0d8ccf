import { buildCoinbase, difficultyFromTarget, heightPush, MAX_TARGET, targetFromDifficulty } from '@sv2kit/bitcoin';
import { ShareBudget, type Work } from '@sv2kit/mining';
import { USUAL_VERSION_MASK } from '@sv2kit/sv1';
import { JobTranslator, MinerChannel, MinerDifficulty, minerSpace, profileOf, TranslatedJob } from '../src/index.ts';

const NOW = 1_764_158_400_000;
const NTIME = NOW / 1000;
const PATH_DEPTH = 12;
const PREFIX = new Uint8Array(8).fill(0xa0);
/** Shares of one miner and tip before a new tip clears its memory, as a busy miner would see. */
const SHARES_PER_TIP = 4_096;

const { prefix, suffix } = buildCoinbase({
  txVersion: 2,
  scriptSigPrefix: heightPush(900_000),
  extranonceSize: 14,
  sequence: 0xfffffffe,
  outputs: Array.from({ length: 3 }, () => ({ value: 1n, script: new Uint8Array(34) })),
  locktime: 0,
  segwit: true,
});
const work: Work = {
  channelId: 1,
  jobId: 1,
  version: 0x20000000,
  versionRollingAllowed: true,
  prevHash: new Uint8Array(32).fill(3),
  nbits: 0x17034219,
  minNtime: NTIME,
  receivedAtMs: NOW,
  target: MAX_TARGET,
  space: {
    kind: 'extended',
    coinbasePrefix: prefix,
    coinbaseSuffix: suffix,
    extranoncePrefix: PREFIX,
    extranonceSize: 6,
    merklePath: Array.from({ length: PATH_DEPTH }, (_, level) => new Uint8Array(32).fill(level)),
  },
};
const spaces = Array.from({ length: 64 }, (_, index) => {
  const verdict = minerSpace(
    PREFIX.map((byte) => byte + (index % 8)),
    6,
    4,
    index,
  );
  if (verdict.kind !== 'space') throw new Error('the bench has no space');
  return verdict.space;
});
const [space] = spaces;
if (space === undefined) throw new Error('the bench has no space');

const jobs = new JobTranslator();
const budget = new ShareBudget(1 << 24);
const hardest = targetFromDifficulty(2 ** 50);
const difficulty = 2 ** -32;
const terms = {
  space,
  versionMask: USUAL_VERSION_MASK,
  difficulty,
  upstreamTarget: hardest,
  upstream: 'pool',
  clean: true,
};
/** A miner whose every hash is a share; the channel's target decides what goes on. */
function miner(upstreamTarget: Uint8Array) {
  const channel = new MinerChannel<string>({ budget });
  const job = jobs.translate(work, NOW);
  const newTip = (): void => channel.give(job, { ...terms, upstreamTarget }, NOW);
  newTip();
  return { channel, id: job.id, newTip };
}
const local = miner(hardest);
const forwarding = miner(MAX_TARGET);
const idle = miner(hardest);

let nonce = 0;
const submit = (jobId: string) => {
  nonce += 1;
  return {
    type: 'submit' as const,
    id: '1',
    username: 'account.rig1',
    jobId,
    extranonce2: EXTRANONCE2,
    ntime: NTIME,
    nonce,
    versionBits: 0x00c0e000,
  };
};
const EXTRANONCE2 = Uint8Array.of(1, 2, 3, 4);

function judge({ channel, id, newTip }: ReturnType<typeof miner>): void {
  if (nonce % SHARES_PER_TIP === 0) newTip();
  const verdict = channel.judge(submit(id), NOW);
  if (verdict.kind === 'refused' && verdict.reason !== 'low-difficulty') throw new Error(verdict.reason);
}

const wanted = new MinerDifficulty({ sharesPerMinute: 6, floor: 1e-6, profile: profileOf('') });
const limits = { upstreamTarget: hardest, networkDifficulty: difficultyFromTarget(hardest) };
wanted.next(limits, NOW);
const shared = jobs.translate(work, NOW);
let turn = 0;

/** What to measure: name -> one iteration. Run by `npm run bench -- translation`. */
export const suite: Record<string, () => void> = {
  'judge a V1 share, accepted here, 12-deep merkle path': () => judge(local),
  'judge a V1 share, accepted and made an upstream one': () => judge(forwarding),
  'refuse a share of an unknown job': () => void local.channel.judge(submit('4000000000'), NOW),
  'translate a job and write its line': () => {
    turn += 1;
    TranslatedJob.of(work, String(turn), NOW).lineFor(space, false).bytes(false);
  },
  'write the line of a shared job for another prefix': () => {
    turn += 1;
    shared.lineFor(spaces[turn % spaces.length] ?? space, false).bytes(false);
  },
  'give a job to a miner: difficulty, terms': () => {
    turn += 1;
    const next = wanted.next(limits, NOW + turn);
    idle.channel.give(shared, { ...terms, difficulty: next, clean: false }, NOW + turn);
  },
  'count a share, and ask whether it changes the difficulty': () => {
    turn += 1;
    wanted.accepted(1_024, NOW + turn * 10_000);
    wanted.wantsJob(NOW + turn * 10_000);
  },
};
