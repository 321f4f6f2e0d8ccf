import { encodeFrame, NewExtendedMiningJob, NewMiningJob, patchChannelId, SetNewPrevHash } from '@sv2kit/codec';
import type { FeedStep, Job, StandardChannel } from '@sv2kit/mining';

/** One encoded frame for a min_ntime. */
interface Dated {
  readonly minNtime: number | undefined;
  readonly frame: Uint8Array;
}

/** What fan-out sends, encoded once per job: only the leading channel id differs between addressees. */
export class Frames {
  readonly #futures = new WeakMap<Job, Dated>();
  readonly #actives = new WeakMap<Job, Dated>();
  readonly #prevHashes = new WeakMap<Job, Dated>();

  /**
   * The step for a group or an extended channel. The frame is valid until the next call.
   * @param minNtime unix seconds
   */
  extended(step: FeedStep, job: Job, channelId: number, minNtime: number): Uint8Array {
    const frame = this.#extended(step, job, minNtime);
    patchChannelId(frame, channelId);
    return frame;
  }

  /** The step for a standard channel on its own: its merkle root is nobody else's. */
  standard(step: FeedStep, job: Job, channel: StandardChannel, minNtime: number): Uint8Array {
    if (step.kind === 'prev-hash') return this.extended(step, job, channel.channelId, minNtime);
    return encodeFrame(NewMiningJob, channel.message(job, step.kind === 'future' ? undefined : minNtime));
  }

  #extended(step: FeedStep, job: Job, minNtime: number): Uint8Array {
    switch (step.kind) {
      case 'future':
        return remember(this.#futures, job, undefined, () =>
          encodeFrame(NewExtendedMiningJob, job.message(0, undefined)),
        );
      case 'active':
        return remember(this.#actives, job, minNtime, () =>
          encodeFrame(NewExtendedMiningJob, job.message(0, minNtime)),
        );
      case 'prev-hash': {
        const { prevHash, nbits } = step.work.tip;
        return remember(this.#prevHashes, job, minNtime, () =>
          encodeFrame(SetNewPrevHash, {
            type: 'SetNewPrevHash',
            channelId: 0,
            jobId: job.id,
            prevHash,
            minNtime,
            nbits,
          }),
        );
      }
    }
  }
}

function remember(
  frames: WeakMap<Job, Dated>,
  job: Job,
  minNtime: number | undefined,
  encode: () => Uint8Array,
): Uint8Array {
  const known = frames.get(job);
  if (known !== undefined && known.minNtime === minNtime) return known.frame;
  const frame = encode();
  frames.set(job, { minNtime, frame });
  return frame;
}
