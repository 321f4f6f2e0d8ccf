import { Job } from './job.ts';
import type { UpstreamJob } from './template.ts';

/**
 * An upstream's job as one of the server's own. It has no number of ours, so that its repetitions are one search space;
 * its coinbase is known without a witness only.
 * @param versionMask what the server allows; a share may change what both allow
 */
export function upstreamJob(id: number, job: UpstreamJob, versionMask: number): Job {
  const { coinbasePrefix: prefix, coinbaseSuffix: suffix, extranonceSize, version, merklePath, height } = job;
  return new Job({
    id,
    origin: { kind: 'upstream', job },
    version,
    merklePath,
    coinbase: { prefix, suffix, segwitPrefix: prefix, segwitSuffix: suffix, extranonceSize },
    numbered: false,
    versionMask: (job.versionMask & versionMask) >>> 0,
    height,
    credit: 1,
  });
}
