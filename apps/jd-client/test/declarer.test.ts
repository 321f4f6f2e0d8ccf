import { BIP323_MASK, encodeCountedOutputs, MAX_TARGET, targetFromBigint } from '@sv2kit/bitcoin';
import type { JobDeclarationFromClient, MiningFromClient } from '@sv2kit/codec';
import { createMetrics, Latencies, silentLogger, VirtualClock } from '@sv2kit/daemon';
import {
  DECLARATION_PATIENCE,
  type Failure,
  type JobMode,
  judgeOutputs,
  REJECTION_POLICY,
  TOKEN_POLICY,
} from '@sv2kit/declaration';
import { type Job, templateJob, type Tip, type WorkTemplate } from '@sv2kit/mining';
import type { Connection } from '@sv2kit/net';
import { TransactionStore } from '@sv2kit/template-source';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Declarer } from '../src/declarer.ts';
import { DeclaratorLink } from '../src/declarator-link.ts';
import { jdClientMetrics } from '../src/metrics.ts';
import { PoolLink } from '../src/pool-link.ts';
import { Totals } from '../src/totals.ts';
import { MARKER, PAYOUT } from './neighbours.ts';
import { newTemplate, prevHash } from './templates.ts';

const TAG = Uint8Array.of(0x2f);
const PREFIX = Uint8Array.of(1, 2, 3, 4);
const HARD = targetFromBigint(1n << 200n);
const OUTPUTS = encodeCountedOutputs([PAYOUT, MARKER]);

/** A connection that writes down what is sent. */
function recorded<M>(): { sent: M[]; connection: Connection<M> } {
  const sent: M[] = [];
  const connection = { flags: 0, extensions: new Set(), send: (message: M) => void sent.push(message), flush() {} };
  return { sent, connection: connection as unknown as Connection<M> };
}

/** A declarer between a pool and a server that answer when told to. */
class Bench {
  readonly clock = new VirtualClock();
  readonly totals = new Totals(jdClientMetrics(createMetrics(), new Latencies()));
  readonly toPool = recorded<MiningFromClient>();
  readonly toServer = recorded<JobDeclarationFromClient>();
  readonly failures: Failure[] = [];
  readonly declarer: Declarer;
  readonly #pool: PoolLink;
  readonly #server: DeclaratorLink;
  #jobs: Job[] = [];
  #id = 0;
  #height = 100;
  #tip: Tip = tipAt(99);
  #answered = { tokens: 0, declared: 0, set: 0 };
  offered = 0;

  constructor(mode: JobMode) {
    const { clock, totals } = this;
    const common = { userIdentity: Uint8Array.of(65), totals, clock, log: silentLogger, onGone() {} };
    this.#pool = new PoolLink(this.toPool.connection, {
      ...common,
      shareToAnswer: { record() {} },
      minExtranonceSize: 10,
      versionRolling: true,
      hashrate: () => 0,
      rejections: REJECTION_POLICY,
      tipKnownSinceMs: () => -Infinity,
      patience: { channelMs: 1e9, shareMs: 1e9 },
      onChannel() {},
      onTarget() {},
      onFailure: (failure) => this.failures.push(failure),
    });
    this.#pool.start();
    this.#pool.onMessage({
      type: 'OpenExtendedMiningChannelSuccess',
      requestId: 1,
      channelId: 7,
      target: MAX_TARGET,
      extranonceSize: 12,
      extranoncePrefix: PREFIX,
      groupChannelId: 8,
    });
    this.#server = new DeclaratorLink(this.toServer.connection, {
      ...common,
      tokens: TOKEN_POLICY,
      onToken: () => this.declarer.advance(),
    });
    this.#server.start();
    const verdict = judgeOutputs(OUTPUTS);
    if (verdict.kind !== 'agreed') throw new Error(verdict.reason);
    this.declarer = new Declarer({
      name: 'pool',
      mode,
      pool: this.#pool,
      declarator: this.#server,
      push: () => 'not-for-it',
      agreed: verdict.agreed,
      tag: TAG,
      transactions: new TransactionStore(),
      patience: DECLARATION_PATIENCE,
      tipKnownSinceMs: () => -Infinity,
      totals,
      metrics: { templateToAcknowledged: { record() {} }, declareToAnswer: { record() {} } },
      clock,
      log: silentLogger,
      onAcknowledged() {},
      onMarked: () => this.#again(),
      onFailure: (failure) => this.failures.push(failure),
    });
    this.template();
  }

  template(): void {
    this.#id += 1;
    this.#again();
  }

  #again(): void {
    const { type: _type, futureTemplate: _future, ...template } = newTemplate(this.#id, this.#height, false);
    this.#jobs.push(this.#job(template));
    this.declarer.take(template, this.#tip);
  }

  tip(): void {
    this.#height += 1;
    this.#tip = tipAt(this.#height - 1);
    this.declarer.tipMoved(this.clock.now());
    this.#jobs = [];
    this.template();
  }

  /** A share of the latest job or of an older one. */
  share(age: number, isBlock: boolean): void {
    const job = this.#jobs.at(-1 - (age % this.#jobs.length));
    if (job === undefined) return;
    this.offered += 1;
    const extranonce = new Uint8Array(16);
    extranonce.set(PREFIX);
    const hash = new Uint8Array(32).fill(this.offered & 0xff);
    const item = this.declarer.find(job, extranonce);
    if (item === undefined) throw new Error('a share of no job');
    const fields = { version: 0x20000000, ntime: 1, nonce: this.offered, work: 1, measured: 1, worker: undefined };
    this.declarer.share(item, { job, extranonce, hash, ...fields, userIdentity: Uint8Array.of(1), isBlock });
  }

  token(): void {
    const asked = this.toServer.sent.filter((message) => message.type === 'AllocateMiningJobToken');
    const request = asked[this.#answered.tokens];
    if (request === undefined) return;
    this.#answered.tokens += 1;
    const { requestId } = request;
    const miningJobToken = Uint8Array.of(requestId & 0xff);
    this.#server.onMessage({
      type: 'AllocateMiningJobTokenSuccess',
      requestId,
      miningJobToken,
      coinbaseTxOutputs: OUTPUTS,
    });
  }

  declared(yes: boolean): void {
    const request = this.toServer.sent.filter((message) => message.type === 'DeclareMiningJob')[
      this.#answered.declared
    ];
    if (request === undefined) return;
    this.#answered.declared += 1;
    const { requestId } = request;
    this.#server.onMessage(
      yes
        ? { type: 'DeclareMiningJobSuccess', requestId, newMiningJobToken: Uint8Array.of(1) }
        : { type: 'DeclareMiningJobError', requestId, errorCode: 'no', errorDetails: new Uint8Array(0) },
    );
  }

  set(yes: boolean): void {
    const request = this.toPool.sent.filter((message) => message.type === 'SetCustomMiningJob')[this.#answered.set];
    if (request === undefined) return;
    this.#answered.set += 1;
    const { requestId } = request;
    this.#pool.onMessage(
      yes
        ? { type: 'SetCustomMiningJobSuccess', channelId: 7, requestId, jobId: this.#answered.set }
        : { type: 'SetCustomMiningJobError', channelId: 7, requestId, errorCode: 'no' },
    );
  }

  target(maximumTarget: Uint8Array): void {
    this.#pool.onMessage({ type: 'SetTarget', channelId: 7, maximumTarget });
  }

  get jobsSet(): number {
    return this.toPool.sent.filter(({ type }) => type === 'SetCustomMiningJob').length;
  }

  wait(ms: number): void {
    this.clock.advance(ms);
    this.declarer.tick(this.clock.now());
  }

  poolGone(): void {
    this.#pool.onClose({ code: 'peer-closed' });
  }

  get relayed() {
    return this.toPool.sent.filter((message) => message.type === 'SubmitSharesExtended');
  }

  #job(template: WorkTemplate): Job {
    const payout = {
      id: 'p',
      outputs: (value: bigint) => this.declarer.outputs(value),
      mark: () => this.declarer.mark,
    };
    const recipe = { payout, tag: TAG, extranonceSize: 16, versionMask: BIP323_MASK, numbered: false };
    return templateJob(this.#id, template, recipe, this.#id);
  }
}

function tipAt(height: number): Tip {
  const { prevHash: hash, nbits, headerTimestamp: minNtime, target } = prevHash(1, height);
  return { prevHash: hash, nbits, minNtime, target };
}

const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('share' as const), age: fc.nat(3), isBlock: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ do: 'token' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('declared' as const, 'set' as const), yes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constantFrom({ do: 'template' as const }, { do: 'tip' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'leave' as const }, { do: 'gone' as const }) },
);

test.each(['full-template', 'coinbase-only'] as const)(
  'no share that was acknowledged to a device is dropped silently, come what may, in %s mode (§6.3.1)',
  (mode) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const bench = new Bench(mode);
        for (const each of events) {
          if (each.do === 'share') bench.share(each.age, each.isBlock);
          if (each.do === 'token') bench.token();
          if (each.do === 'declared') bench.declared(each.yes);
          if (each.do === 'set') bench.set(each.yes);
          if (each.do === 'template') bench.template();
          if (each.do === 'tip') bench.tip();
          if (each.do === 'wait') bench.wait(each.ms);
          if (each.do === 'leave') bench.declarer.leave();
          if (each.do === 'gone') bench.poolGone();
          const { lost } = bench.totals;
          const unanswered = lost.get('unanswered')?.count ?? 0;
          const dropped = [...lost.values()].reduce((sum, { count }) => sum + count, 0) - unanswered;
          expect(bench.relayed.length + dropped + bench.declarer.waitingShares).toBe(bench.offered);
          expect(new Set(bench.relayed.map(({ nonce }) => nonce)).size).toBe(bench.relayed.length);
        }
      }),
      { numRuns: 300 },
    );
  },
);

test('shares of one job go to the pool under the id that it gave that job', () => {
  const bench = new Bench('coinbase-only');
  bench.token();
  bench.share(0, false);
  bench.template();
  bench.token();
  bench.set(true);
  bench.share(0, false);
  bench.set(true);
  expect(bench.relayed.map(({ jobId, nonce }) => [jobId, nonce])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test('a job is set again for an easier target once, however hard the pool leaves it; and once more on the next tip', () => {
  const bench = new Bench('coinbase-only');
  const answer = (): void => {
    bench.target(HARD);
    bench.set(true);
    bench.target(MAX_TARGET);
  };
  bench.token();
  answer();
  for (let i = 0; i < 10; i += 1) {
    bench.token();
    bench.wait(10_000);
    answer();
  }
  expect(bench.jobsSet).toBe(2);
  bench.tip();
  answer();
  for (let i = 0; i < 10; i += 1) {
    bench.token();
    bench.wait(10_000);
    answer();
  }
  expect(bench.jobsSet).toBe(4);
});
