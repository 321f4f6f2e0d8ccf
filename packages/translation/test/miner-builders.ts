import { MAX_TARGET } from '@sv2kit/bitcoin';
import type { Submit } from '@sv2kit/sv1';
import { JobTranslator, type JobTerms, MinerChannel } from '../src/index.ts';
import { budget, MASK, NOW, spaceOf, submitOf, workOf } from './support.ts';

/** Every hash meets it. */
export const ANY = 2 ** -40;
/** No hash meets it. */
export const NONE = 2 ** 40;
export const space = spaceOf();

export const terms = (change: Partial<JobTerms<string>> = {}): JobTerms<string> => ({
  space,
  versionMask: MASK,
  difficulty: ANY,
  upstreamTarget: MAX_TARGET,
  upstream: 'pool',
  clean: false,
  ...change,
});

export function opened(change: Partial<JobTerms<string>> = {}, work = workOf(), nowMs = NOW) {
  const jobs = new JobTranslator();
  const channel = new MinerChannel<string>({ budget: budget() });
  const job = jobs.translate(work, nowMs);
  channel.give(job, terms({ clean: true, ...change }), nowMs);
  const judge = (found: Partial<Submit> = {}, atMs = nowMs) => channel.judge(submitOf(job.id, found), atMs);
  return { jobs, channel, job, judge };
}

export const reasonOf = (verdict: ReturnType<MinerChannel<string>['judge']>) =>
  verdict.kind === 'refused' ? verdict.reason : verdict.kind;
