import {
  ExtendedChannel,
  payTo,
  ShareBudget,
  StandardChannel,
  templateJob,
  type Tip,
  Vardiff,
  type WorkTemplate,
} from '../src/index.ts';
import {
  BIP323_MASK,
  encodeOutputs,
  heightPush,
  MAX_TARGET,
  targetFromBigint,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';

const NOW = 1_704_067_200_000;
const NTIME = NOW / 1000;
const EVERY_HASH_COUNTS = MAX_TARGET;
const PATH_DEPTH = 12;

const template: WorkTemplate = {
  templateId: 1n,
  version: 0x20000000,
  coinbaseTxVersion: 2,
  coinbasePrefix: heightPush(900_000),
  coinbaseTxInputSequence: 0xfffffffe,
  coinbaseTxValueRemaining: 312_500_000n,
  coinbaseTxOutputsCount: 1,
  coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
  coinbaseTxLocktime: 899_999,
  merklePath: Array.from({ length: PATH_DEPTH }, (_, level) => new Uint8Array(32).fill(level)),
};
const tip: Tip = {
  prevHash: new Uint8Array(32).fill(3),
  nbits: 0x17034219,
  minNtime: NTIME,
  target: targetFromBigint(1n),
};
const recipe = {
  payout: payTo(new Uint8Array(22), 'p'),
  tag: new Uint8Array(8),
  extranonceSize: 9,
  versionMask: BIP323_MASK,
  numbered: true,
};
const job = templateJob(1, template, recipe, 1);
const budget = new ShareBudget(1 << 24);
const common = { channelId: 1, target: EVERY_HASH_COUNTS, maxTarget: MAX_TARGET, budget };
const standard = new StandardChannel({ ...common, extranoncePrefix: new Uint8Array(9) });
const extended = new ExtendedChannel({ ...common, extranoncePrefix: new Uint8Array(7), extranonceSize: 2 });
const channels = [standard, extended];
/** Shares of one channel and tip before a new tip clears its memory, as a busy channel would see. */
const SHARES_PER_TIP = 4_096;
let nonce = 0;

function newTip(): void {
  for (const channel of channels) {
    channel.addFutureJob(job);
    channel.setNewPrevHash(job.id, { ...tip, prevHash: tip.prevHash.map((byte) => byte ^ nonce) }, NTIME, NOW);
  }
}
newTip();

function next(): number {
  nonce += 1;
  if (nonce % SHARES_PER_TIP === 0) newTip();
  return nonce;
}

const share = { channelId: 1, sequenceNumber: 1, jobId: 1, ntime: NTIME, version: 0x20000000 } as const;
const extranonce = new Uint8Array(2);
const vardiff = new Vardiff(1, 6, { min: 1e-9, max: 1e15 }, NOW);

/** What to measure: name -> one iteration. Run by `npm run bench -- mining`. */
export const suite: Record<string, () => void> = {
  'judge a standard share, accepted': () =>
    void standard.submit({ type: 'SubmitSharesStandard', ...share, nonce: next() }, NOW),
  'judge an extended share, accepted, 12-deep merkle path': () =>
    void extended.submit({ type: 'SubmitSharesExtended', ...share, nonce: next(), extranonce }, NOW),
  'refuse a share of an unknown job': () =>
    void standard.submit({ type: 'SubmitSharesStandard', ...share, jobId: 99, nonce: 1 }, NOW),
  'make a job of a template, 12-deep merkle path': () => void templateJob(2, template, recipe, 2),
  'merkle root of a standard job, 12-deep merkle path': () => void job.merkleRoot(new Uint8Array(9)),
  'count a share in vardiff': () => vardiff.accepted(1, (nonce += 1)),
};
