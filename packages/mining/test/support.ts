import {
  BIP323_MASK,
  decodeOutputs,
  encodeCountedOutputs,
  encodeHeader,
  hashHeader,
  MAX_TARGET,
  meetsTarget,
  targetFromBigint,
  witnessCommitmentOutput,
  encodeOutputs,
  heightPush,
} from '@sv2kit/bitcoin';
import type { SetCustomMiningJob, SubmitSharesExtended, SubmitSharesStandard } from '@sv2kit/codec';
import {
  type ChannelLimits,
  CHANNEL_LIMITS,
  customJob,
  type CustomJobTerms,
  ExtendedChannel,
  type Job,
  padPrefix,
  payTo,
  type Recipe,
  type ServerChannel,
  ShareBudget,
  StandardChannel,
  templateJob,
  type Tip,
  type WorkTemplate,
} from '../src/index.ts';

/** 2024-01-01 in milliseconds. */
export const NOW = 1_704_067_200_000;
export const NTIME = NOW / 1000 - 10;
export const VERSION = 0x20000000;
/** One hash in 8 is a share. */
export const SHARE_TARGET = targetFromBigint((1n << 253n) - 1n);
/** One hash in 4,096 is a block. */
export const NETWORK_TARGET = targetFromBigint((1n << 244n) - 1n);
/** No hash is a block. */
export const UNREACHABLE = targetFromBigint(1n);
export { MAX_TARGET };

export const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

export function template(templateId: bigint, overrides: Partial<WorkTemplate> = {}): WorkTemplate {
  return {
    templateId,
    version: VERSION,
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(800_000 + Number(templateId)),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 625_000_000n,
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
    coinbaseTxLocktime: 799_999,
    merklePath: [bytes(32, 1), bytes(32, 2)],
    ...overrides,
  };
}

export function tip(height: number, overrides: Partial<Tip> = {}): Tip {
  return { prevHash: bytes(32, height), nbits: 0x1d00ffff, minNtime: NTIME, target: NETWORK_TARGET, ...overrides };
}

export function recipe(overrides: Partial<Recipe> = {}): Recipe {
  return {
    payout: payTo(Uint8Array.of(0x51), 'op-true'),
    tag: new TextEncoder().encode('/test/'),
    extranonceSize: 10,
    versionMask: BIP323_MASK,
    numbered: true,
    ...overrides,
  };
}

export function job(id: number, overrides: { template?: WorkTemplate; recipe?: Recipe } = {}): Job {
  return templateJob(id, overrides.template ?? template(1n), overrides.recipe ?? recipe(), id);
}

interface ChannelOverrides {
  channelId?: number;
  prefix?: Uint8Array;
  target?: Uint8Array;
  maxTarget?: Uint8Array;
  limits?: Partial<ChannelLimits>;
  budget?: ShareBudget;
}

function options(overrides: ChannelOverrides) {
  return {
    channelId: overrides.channelId ?? 1,
    target: overrides.target ?? SHARE_TARGET,
    maxTarget: overrides.maxTarget ?? MAX_TARGET,
    budget: overrides.budget ?? new ShareBudget(1 << 20),
    limits: { ...CHANNEL_LIMITS, ...overrides.limits },
  };
}

/** An extended channel with a 6-byte prefix and 4 bytes to roll, nothing sent yet. */
export function extended(overrides: ChannelOverrides = {}): ExtendedChannel {
  return new ExtendedChannel({
    ...options(overrides),
    extranoncePrefix: overrides.prefix ?? bytes(6, 7),
    extranonceSize: 4,
  });
}

/** A standard channel with the same full extranonce size. */
export function standard(overrides: ChannelOverrides = {}): StandardChannel {
  return new StandardChannel({
    ...options(overrides),
    extranoncePrefix: padPrefix(overrides.prefix ?? bytes(6, 7), 10),
  });
}

/** A channel that mines job 1 on tip 1. */
export function mining<C extends ServerChannel>(channel: C, onTip: Tip = tip(1), first: Job = job(1)): C {
  channel.addFutureJob(first);
  channel.setNewPrevHash(first.id, onTip, onTip.minNtime, NOW);
  return channel;
}

export type Wanted = 'block' | 'share' | 'miss';

interface SolveOptions {
  wanted?: Wanted;
  tip?: Tip;
  target?: Uint8Array;
  version?: number;
  ntime?: number;
  nonce?: number;
  sequenceNumber?: number;
}

/** Finds a share by brute force and without the code under test: from the job's message and the channel's prefix. */
export function solve(
  channel: ServerChannel,
  of: Job,
  wanted: SolveOptions = {},
): SubmitSharesStandard | SubmitSharesExtended {
  const { version = VERSION, ntime = NTIME, target = SHARE_TARGET, sequenceNumber = 1 } = wanted;
  const onTip = wanted.tip ?? tip(1);
  const rolled = bytes(channel.kind === 'extended' ? 4 : 0, 9);
  const extranonce = Uint8Array.of(...channel.extranoncePrefix, ...rolled);
  const merkleRoot = of.merkleRoot(extranonce);
  for (let nonce = wanted.nonce ?? 0; ; nonce += 1) {
    const { prevHash, nbits } = onTip;
    const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot, ntime, nbits, nonce }));
    const kind = meetsTarget(hash, onTip.target) ? 'block' : meetsTarget(hash, target) ? 'share' : 'miss';
    if (kind !== (wanted.wanted ?? 'share')) continue;
    const point = { channelId: channel.channelId, sequenceNumber, jobId: of.id, nonce, ntime, version };
    return channel.kind === 'standard'
      ? { type: 'SubmitSharesStandard', ...point }
      : { type: 'SubmitSharesExtended', ...point, extranonce: rolled };
  }
}

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a client would say of a template (§5.3.18): its job, and the full extranonce's push behind the height. */
export function setCustomMiningJob(
  of: WorkTemplate,
  onTip: Tip,
  overrides: Partial<SetCustomMiningJob> = {},
): SetCustomMiningJob {
  const outputs = decodeOutputs(of.coinbaseTxOutputs, of.coinbaseTxOutputsCount);
  const payout = { value: of.coinbaseTxValueRemaining, script: Uint8Array.of(0x51) };
  return {
    type: 'SetCustomMiningJob',
    channelId: 1,
    requestId: 1,
    miningJobToken: bytes(8, 4),
    version: of.version,
    prevHash: onTip.prevHash,
    minNtime: onTip.minNtime,
    nbits: onTip.nbits,
    coinbaseTxVersion: of.coinbaseTxVersion,
    coinbasePrefix: Uint8Array.of(...of.coinbasePrefix, 10),
    coinbaseTxInputNSequence: of.coinbaseTxInputSequence,
    coinbaseTxOutputs: encodeCountedOutputs([payout, ...outputs]),
    coinbaseTxLocktime: of.coinbaseTxLocktime,
    merklePath: of.merklePath,
    ...overrides,
  };
}

export const TERMS: CustomJobTerms = {
  mode: 'full-template',
  tokenId: bytes(16, 5),
  height: 800_001,
  credit: 1,
  extranonceSize: 10,
  versionMask: BIP323_MASK,
};

/** A custom job for channels with a full extranonce of 10 bytes. */
export function custom(
  id: number,
  onTip: Tip,
  overrides: { terms?: Partial<CustomJobTerms>; template?: bigint } = {},
): Job {
  const message = setCustomMiningJob(template(overrides.template ?? 1n), onTip);
  const made = customJob(id, message, { ...TERMS, ...overrides.terms });
  if (typeof made === 'string') throw new Error(made);
  return made;
}
