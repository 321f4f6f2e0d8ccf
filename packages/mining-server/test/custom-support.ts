import { BIP323_MASK, decodeOutputs, encodeCountedOutputs, sameBytes } from '@sv2kit/bitcoin';
import { REQUIRES_WORK_SELECTION, type SetCustomMiningJob } from '@sv2kit/codec';
import { type ChannelClient, customJob, type Tip, type Work, type WorkTemplate } from '@sv2kit/mining';
import type { CustomJobJudge, CustomJobRequest, CustomJobVerdict } from '../src/index.ts';
import { bytes, NTIME, type Rig, template, type TestMiner, tip } from './support.ts';

export const TOKEN = bytes(16, 5);

/** Accepts every job on a tip that it has been told of. */
export class TestJudge implements CustomJobJudge {
  readonly tips: Tip[] = [tip(1)];
  readonly requests: CustomJobRequest[] = [];
  /** What it says instead. */
  verdict: CustomJobVerdict | undefined;
  mode: 'full-template' | 'coinbase-only' = 'full-template';
  credit = 1;

  judge(request: CustomJobRequest): CustomJobVerdict {
    this.requests.push(request);
    if (this.verdict !== undefined) return this.verdict;
    const known = this.tips.find(({ prevHash }) => sameBytes(prevHash, request.message.prevHash));
    if (known === undefined) return { kind: 'unseen-tip' };
    const { mode, credit } = this;
    const paid = { payout: 468_750_000n, value: 625_000_000n };
    return { kind: 'accepted', mode, tokenId: TOKEN, tip: known, credit, height: 800_000, ...paid };
  }
}

/** A connection that selects its work, with one extended channel of 4 bytes to roll. */
export function selecting(rig: Rig): { miner: TestMiner; client: ChannelClient; channelId: number } {
  const miner = rig.connect(REQUIRES_WORK_SELECTION);
  const client = miner.open('extended');
  miner.take();
  return { miner, client, channelId: client.channel?.channelId ?? 0 };
}

interface Draft {
  requestId?: number;
  template?: WorkTemplate;
  tip?: Tip;
  minNtime?: number;
  overrides?: Partial<SetCustomMiningJob>;
}

/** SetCustomMiningJob for a channel or group whose full extranonce has 11 bytes. */
export function draft(channelId: number, of: Draft = {}): SetCustomMiningJob {
  const { requestId = 1, template: source = template(1), tip: onTip = tip(1), minNtime = NTIME, overrides } = of;
  const outputs = decodeOutputs(source.coinbaseTxOutputs, source.coinbaseTxOutputsCount);
  const payout = { value: source.coinbaseTxValueRemaining, script: Uint8Array.of(0x51) };
  return {
    type: 'SetCustomMiningJob',
    channelId,
    requestId,
    miningJobToken: bytes(8, 4),
    version: source.version,
    prevHash: onTip.prevHash,
    minNtime,
    nbits: onTip.nbits,
    coinbaseTxVersion: source.coinbaseTxVersion,
    coinbasePrefix: Uint8Array.of(...source.coinbasePrefix, 11),
    coinbaseTxInputNSequence: source.coinbaseTxInputSequence,
    coinbaseTxOutputs: encodeCountedOutputs([payout, ...outputs]),
    coinbaseTxLocktime: source.coinbaseTxLocktime,
    merklePath: source.merklePath,
    ...overrides,
  };
}

/** What the client hashes on a job of its own that was acknowledged last. */
export function workOf(miner: TestMiner, client: ChannelClient, message: SetCustomMiningJob): Work {
  const accepted = miner.actions.findLast((action) => action.kind === 'custom-job-accepted');
  const { channel } = client;
  if (accepted?.kind !== 'custom-job-accepted' || channel === undefined) throw new Error('not acknowledged');
  const { extranoncePrefix, extranonceSize, target } = accepted.pinned;
  const terms = { mode: 'full-template', tokenId: TOKEN, height: 1, credit: 1, versionMask: BIP323_MASK } as const;
  const job = customJob(accepted.jobId, message, {
    ...terms,
    extranonceSize: extranoncePrefix.length + extranonceSize,
  });
  if (typeof job === 'string') throw new Error(job);
  const { prefix: coinbasePrefix, suffix: coinbaseSuffix } = job.coinbase;
  const { version, prevHash, nbits, minNtime, merklePath } = message;
  return {
    jobId: accepted.jobId,
    version,
    versionRollingAllowed: true,
    channelId: channel.channelId,
    prevHash,
    nbits,
    minNtime,
    receivedAtMs: 0,
    target,
    space: { kind: 'extended', coinbasePrefix, coinbaseSuffix, extranoncePrefix, extranonceSize, merklePath },
  };
}
