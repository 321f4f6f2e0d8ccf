import { compareTargets, MAX_TARGET, targetFromDifficulty } from '@sv2kit/bitcoin';
import { utf8 } from '@sv2kit/codec';
import { type Json, type Notify, readLine, readNotify, type Submit, Sv1ServerSession } from '@sv2kit/sv1';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extranonce1Of, JobTranslator, MinerChannel } from '../src/index.ts';
import { budget, filled, hashOf, MASK, NOW, spaceOf, submitOf, VERSION, workOf } from './support.ts';

/** When firmware mines by a new difficulty: from then on, whatever the job, or from the next job on. */
type Manner = 'at once' | 'with the next job';

interface Held {
  readonly job: Notify;
  difficulty: number;
  extranonce2: number;
}

/** A device: reads lines, searches the jobs it holds from extranonce2 0 on, as ESP-Miner and cpuminer do with each job. */
class Firmware {
  readonly #manner: Manner;
  #difficulty = 1;
  readonly held: Held[] = [];

  constructor(manner: Manner) {
    this.#manner = manner;
  }

  read(line: string): void {
    const read = readLine(utf8(line));
    if (read.kind !== 'request') return;
    if (read.method === 'mining.set_difficulty') this.#onDifficulty(read.params);
    if (read.method !== 'mining.notify') return;
    const job = readNotify(read.params);
    if (typeof job === 'string') throw new Error(job);
    if (job.cleanJobs) this.held.length = 0;
    this.held.push({ job, difficulty: this.#difficulty, extranonce2: 0 });
  }

  #onDifficulty([difficulty]: readonly Json[]): void {
    this.#difficulty = Number(difficulty);
    if (this.#manner === 'at once') for (const held of this.held) held.difficulty = this.#difficulty;
  }

  /** Searches the latest job, or an older one that is still in its pipeline. */
  mine(back: number, hashes: number): Submit[] {
    const held = this.held.at(-1 - (back % Math.max(1, this.held.length)));
    if (held === undefined) return [];
    const { job } = held;
    const target = targetFromDifficulty(held.difficulty);
    const found: Submit[] = [];
    for (let nonce = 0; nonce < hashes; nonce += 1) {
      const extranonce2 = new Uint8Array(4);
      new DataView(extranonce2.buffer).setUint32(0, held.extranonce2, true);
      held.extranonce2 += 1;
      const point = { extranonce2, version: VERSION, ntime: job.ntime, nonce: 9 };
      if (compareTargets(hashOf(job, extranonce1Of(5), point), target) > 0) continue;
      found.push(submitOf(job.jobId, point));
    }
    return found;
  }
}

type Step =
  | {
      readonly kind: 'job';
      readonly exponent: number;
      readonly refreshed: boolean;
      readonly moved: boolean;
      readonly again: boolean;
    }
  | { readonly kind: 'deliver' }
  | { readonly kind: 'mine'; readonly back: number; readonly hashes: number }
  | { readonly kind: 'arrive' }
  | { readonly kind: 'wait'; readonly ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('job' as const),
        exponent: fc.integer({ min: -32, max: -27 }),
        refreshed: fc.boolean(),
        moved: fc.boolean(),
        again: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'deliver' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('mine' as const),
        back: fc.nat(5),
        hashes: fc.integer({ min: 1, max: 48 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'arrive' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(2_000) }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
);

/** Lines and shares are on their way for as long as the steps say. @returns the reasons of refusals, and how many were taken */
function run(manner: Manner, sequence: readonly Step[]): { refused: string[]; accepted: number } {
  const firmware = new Firmware(manner);
  const session = new Sv1ServerSession();
  const jobs = new JobTranslator();
  const channel = new MinerChannel<string>({ budget: budget() });
  const down: string[] = [];
  const up: Submit[] = [];
  const outcome = { refused: new Array<string>(), accepted: 0 };
  let nowMs = NOW;
  let count = 0;
  let prefix = 0xa0;
  for (const event of session.receive(
    utf8(
      '{"id":1,"method":"mining.subscribe","params":[]}\n{"id":2,"method":"mining.authorize","params":["a.b","x"]}\n',
    ),
  )) {
    const subscription = { extranonce1: extranonce1Of(5), extranonce2Size: 4, session: '05' };
    if (event.type === 'subscribe') session.subscribed(event.request, subscription);
    if (event.type === 'authorise') session.authorised(event.request);
  }
  const give = (step: Step & { kind: 'job' }): void => {
    const { latest } = channel;
    if (step.moved) prefix += 1;
    count += 1;
    const other = { space: { merklePath: [filled(32, count)] } };
    const job =
      step.refreshed && latest !== undefined
        ? jobs.refresh(latest, nowMs)
        : jobs.translate(workOf({ jobId: count, receivedAtMs: nowMs, ...(step.again ? {} : other) }), nowMs);
    const space = spaceOf(5, filled(4, prefix));
    const difficulty = 2 ** step.exponent;
    const terms = { space, versionMask: MASK, difficulty, upstreamTarget: MAX_TARGET, upstream: 'pool', clean: false };
    channel.give(job, terms, nowMs);
    session.sendJob(job.lineFor(space, false), difficulty);
    down.push(...new TextDecoder().decode(session.drain()).split('\n'));
  };
  const arrive = (): void => {
    for (const submit of up.splice(0)) {
      const verdict = channel.judge(submit, nowMs);
      if (verdict.kind === 'accepted') outcome.accepted += 1;
      else outcome.refused.push(verdict.reason);
    }
  };
  for (const step of sequence) {
    if (step.kind === 'job') give(step);
    if (step.kind === 'deliver') for (const line of down.splice(0)) firmware.read(line);
    if (step.kind === 'mine') up.push(...firmware.mine(step.back, step.hashes));
    if (step.kind === 'arrive') arrive();
    if (step.kind === 'wait') nowMs += step.ms;
  }
  arrive();
  return outcome;
}

describe.each<Manner>(['at once', 'with the next job'])('firmware that applies a difficulty %s', (manner) => {
  test('has no share refused, however difficulty, prefix and job change under it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(steps, (sequence) => {
        const outcome = run(manner, sequence);
        accepted += outcome.accepted;
        // A share of a job that sixteen others have followed is no difficulty's fault.
        expect(outcome.refused.filter((reason) => reason !== 'stale-job')).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect(accepted).toBeGreaterThan(1_000);
  });

  test('has shares of an older job taken at the new difficulty when that is easier', () => {
    const sequence: Step[] = [
      { kind: 'job', exponent: -28, refreshed: false, moved: false, again: false },
      { kind: 'deliver' },
      { kind: 'mine', back: 0, hashes: 200 },
      { kind: 'job', exponent: -32, refreshed: true, moved: false, again: false },
      { kind: 'deliver' },
      { kind: 'mine', back: 1, hashes: 200 },
      { kind: 'arrive' },
    ];
    const { accepted, refused } = run(manner, sequence);
    expect(refused).toEqual([]);
    if (manner === 'at once') expect(accepted).toBeGreaterThan(200);
  });
});
