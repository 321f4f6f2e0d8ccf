// Job declaration: what a pool believes of tokens and custom jobs, and what a client makes of a pool's outputs.
import { BitcoinError, encodeCountedOutputs, heightPush, targetFromNbits, type TxOut } from '@sv2kit/bitcoin';
import { NewTemplate, type Random, sampleMessage, SetCustomMiningJob, utf8 } from '@sv2kit/codec';
import {
  commitTo,
  CustomJobJudge,
  draftJob,
  judgeOutputs,
  type KnownTip,
  openToken,
  PairChooser,
  RejectionWindow,
  sealToken,
  ShareCache,
  TOKEN_ID_SIZE,
  TOKEN_KEY_SIZE,
  TokenStock,
  tokenVerifier,
  userDigest,
} from '@sv2kit/declaration';
import { declarationServerTarget } from './declaration-server-target.ts';
import { bytes, integer, mutate } from './random.ts';
import type { Target } from './target.ts';

const KEY = new Uint8Array(TOKEN_KEY_SIZE).fill(0x6b);
const USER = utf8('fuzz.worker');
const NOW = 1_700_000_000;
const HEIGHT = 840_000;
const NBITS = 0x17038b5d;
const EXTRANONCE_SIZE = 20;
const CHANNEL = 7;
const VALUE = 320_000_000n;
const PAYOUT_SCRIPT = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(0x11));
const OTHER_SCRIPT = Uint8Array.of(0x6a, 0x01, 0x2a);

const tip = {
  prevHash: new Uint8Array(32).fill(0x7e),
  nbits: NBITS,
  minNtime: NOW - 600,
  target: targetFromNbits(NBITS),
  height: HEIGHT,
} satisfies KnownTip;

/** A job that a pool pays in full. */
const honest: SetCustomMiningJob = {
  type: 'SetCustomMiningJob',
  channelId: 1,
  requestId: 1,
  miningJobToken: new Uint8Array(),
  version: 0x2000_0000,
  prevHash: tip.prevHash,
  minNtime: NOW,
  nbits: NBITS,
  coinbaseTxVersion: 2,
  coinbasePrefix: Uint8Array.of(...heightPush(HEIGHT), EXTRANONCE_SIZE),
  coinbaseTxInputNSequence: 0xffff_fffe,
  coinbaseTxOutputs: encodeCountedOutputs([
    { value: VALUE, script: PAYOUT_SCRIPT },
    { value: 0n, script: OTHER_SCRIPT },
  ]),
  coinbaseTxLocktime: HEIGHT - 1,
  merklePath: [new Uint8Array(32).fill(0x33)],
};

/** A token for the job, of either mode; for another job now and then. */
function tokenFor(random: Random, job: SetCustomMiningJob): Uint8Array {
  const declared = random() < 0.6;
  const { coinbasePrefix, coinbaseTxOutputs: countedOutputs, merklePath, prevHash, nbits, version } = job;
  const { coinbaseTxVersion, coinbaseTxInputNSequence: sequence, coinbaseTxLocktime: locktime } = job;
  const lists = { coinbasePrefix, countedOutputs, merklePath };
  const numbers = { nbits, version, coinbaseTxVersion, sequence, locktime, minNtime: NOW - 600, value: VALUE };
  return sealToken(KEY, {
    id: bytes(random, TOKEN_ID_SIZE),
    mode: declared || random() < 0.3 ? 'full-template' : 'coinbase-only',
    user: userDigest(USER),
    expires: random() < 0.05 ? NOW : NOW + 60,
    commitment: declared ? commitTo({ ...lists, ...numbers, prevHash }) : undefined,
  });
}

/** One field of another value, drawn from its declaration or damaged. */
function withOneFieldChanged(random: Random, job: SetCustomMiningJob): SetCustomMiningJob {
  const drawn = sampleMessage(SetCustomMiningJob, random);
  const [name] = SetCustomMiningJob.fieldList[integer(random, SetCustomMiningJob.fieldList.length)] ?? ['version'];
  const field = name as keyof SetCustomMiningJob;
  const before = job[field];
  const damaged = before instanceof Uint8Array && field !== 'prevHash' && random() < 0.6;
  return { ...job, [field]: damaged ? mutate(random, before) : drawn[field] };
}

function check(what: string, ok: boolean): void {
  if (!ok) throw new Error(what);
}

/** Whatever is proposed gets a verdict; what is accepted is paid in (0, 1], on the tip, once per channel. */
const judgeTarget: Target = (random) => {
  const terms = {
    payoutScript: PAYOUT_SCRIPT,
    requiredOutputs: [],
    leastPayoutShare: 0.5,
    network: 'mainnet',
  } as const;
  const judge = new CustomJobJudge({ ...terms, verifier: tokenVerifier(KEY) });
  if (random() < 0.95) judge.tip(tip);
  for (let i = 0; i < 4; i += 1) {
    const proposed = random() < 0.7 ? withOneFieldChanged(random, honest) : honest;
    const miningJobToken = tokenFor(random, random() < 0.5 ? proposed : honest);
    const token = random() < 0.1 ? mutate(random, miningJobToken) : miningJobToken;
    const message = { ...proposed, miningJobToken: token };
    const fullExtranonceSize = random() < 0.1 ? integer(random, 33) : EXTRANONCE_SIZE;
    const request = { message, userIdentity: USER, channelKeys: [CHANNEL], fullExtranonceSize, nowMs: NOW * 1000 };
    const verdict = judge.judge(request);
    if (verdict.kind !== 'accepted') continue;
    check('a credit is above 0 and at most 1', verdict.credit > 0 && verdict.credit <= 1);
    check('a job is accepted on a tip that was named', verdict.height === HEIGHT);
    const again = judge.judge(request);
    check('a token is good once', again.kind === 'refused' && again.code === 'invalid-mining-job-token');
  }
};

/** A token with anything changed is nobody's. */
const tokenTarget: Target = (random) => {
  const token = tokenFor(random, honest);
  const other = random() < 0.2 ? bytes(random, integer(random, 256)) : mutate(random, token);
  check('a token as it was made is opened', openToken(KEY, token) !== undefined);
  const same = other.length === token.length && other.every((byte, at) => byte === token[at]);
  check('a forged token is not opened', same || openToken(KEY, other) === undefined);
};

/** Outputs of any bytes are agreed on or refused; a template of any content makes a job or says why not. */
const outputsTarget: Target = (random) => {
  const some = Array.from(
    { length: integer(random, 4) },
    (): TxOut => ({
      value: random() < 0.5 ? 0n : BigInt(integer(random, 2 ** 32)),
      script: bytes(random, integer(random, 60)),
    }),
  );
  const counted = encodeCountedOutputs(some);
  judgeOutputs(random() < 0.5 ? mutate(random, counted) : counted, random() < 0.3 ? PAYOUT_SCRIPT : undefined);
  const template = sampleMessage(NewTemplate, random);
  try {
    draftJob(template, tip, {
      outputs: some,
      tag: bytes(random, integer(random, 80)),
      extranonceSize: integer(random, 33),
    });
  } catch (error) {
    if (!(error instanceof BitcoinError)) throw error;
  }
};

/** A client's books under any order of events: bounded, and never two truths about one thing. */
const clientTarget: Target = (random) => {
  const capacity = 1 + integer(random, 8);
  const cache = new ShareCache<number>(capacity);
  const stock = new TokenStock();
  const window = new RejectionWindow();
  let nowMs = 0;
  const count = 1 + integer(random, 3);
  const pairs = new PairChooser(count, nowMs);
  for (let i = 0; i < 60; i += 1) {
    nowMs += integer(random, 2) * integer(random, 5_000);
    if (random() < 0.5) cache.add(i, random() * 100);
    check('a share cache keeps within its capacity', cache.size <= capacity);
    if (random() < 0.1) check('shares leave in order', isRising(cache.drain()));
    for (const requestId of stock.refill(nowMs)) if (random() < 0.8) receiveToken(stock, requestId, random, nowMs);
    if (random() < 0.3) stock.take(nowMs);
    if (random() < 0.5) window.rejected(nowMs - integer(random, 100), nowMs);
    else window.accepted(1 + integer(random, 30), nowMs);
    if (random() < 0.1) window.tipMoved(nowMs);
    window.judge(nowMs);
    happen(pairs, integer(random, count), random, nowMs);
    const { use, run } = pairs.plan(nowMs);
    check('the pair in use runs', use === undefined || run.has(use));
  }
};

function happen(pairs: PairChooser, index: number, random: Random, nowMs: number): void {
  const event = integer(random, 4);
  if (event === 0) pairs.ready(index);
  if (event === 1) pairs.lost(index, nowMs);
  if (event === 2) pairs.misbehaved(index, nowMs);
}

function receiveToken(stock: TokenStock, requestId: number, random: Random, nowMs: number): void {
  const coinbaseTxOutputs = Uint8Array.of(integer(random, 2));
  const miningJobToken = bytes(random, 4);
  stock.receive({ type: 'AllocateMiningJobTokenSuccess', requestId, miningJobToken, coinbaseTxOutputs }, nowMs);
}

const isRising = (numbers: readonly number[]): boolean =>
  numbers.every((each, index) => index === 0 || each > (numbers[index - 1] ?? 0));

/** By name. */
export const declarationTargets: Readonly<Record<string, Target>> = {
  'declaration:token': tokenTarget,
  'declaration:judge': judgeTarget,
  'declaration:outputs': outputsTarget,
  'declaration:client': clientTarget,
  'declaration:server': declarationServerTarget,
};
