import type { Condition, Service, ServiceDeps } from '@sv2kit/daemon';
import { difficultyFromTarget } from '@sv2kit/bitcoin';
import { WorkMeter, WorkMinutes } from '@sv2kit/mining';
import type { RoleApi } from '@sv2kit/monitor';
import { settled } from '@sv2kit/net';
import { type AnyEndpoint, endpointName, troubleOf, type Upstream, type UpstreamState } from '@sv2kit/upstream';
import { deviceApi } from './api.ts';
import { type MiningDeviceConfig, versionMaskOf } from './config.ts';
import { connectUpstream } from './connect.ts';
import type { HashEngine } from './engine.ts';
import { GLANCE_MS, HashrateMeter, MEASURED_MS, NominalHashrate } from './hashrate.ts';
import { type MiningDeviceMetrics, miningDeviceMetrics } from './metrics.ts';
import type { MinerPhase } from './reactions.ts';
import { Refusals } from './refusals.ts';
import { Rig } from './rig.ts';
import { ShareLog, type ShareTotals } from './share-log.ts';
import type { DeviceProtocol, Workplace } from './workplace.ts';

/** What the device needs of its surroundings. */
export type MiningDeviceDeps = Pick<
  ServiceDeps,
  'log' | 'metrics' | 'health' | 'latencies' | 'events' | 'clock' | 'connections' | 'fail'
> & {
  /** Numbers in [0, 1), to spread reconnections. */
  readonly random?: () => number;
  /** `plain` only on the local network (§4). */
  readonly security?: 'noise' | 'plain';
};

/** What a device tells of itself at /status. */
export interface MiningDeviceStatus {
  readonly protocol: DeviceProtocol;
  /** Absent where there are no channels: in Stratum V1. */
  readonly channel?: 'standard' | 'extended';
  readonly phase: MinerPhase;
  /** In words. */
  readonly upstream: string;
  /** Hashes per second over the last minute; 0 while that is not known. */
  readonly hashrate: number;
  /** Hashes per second as told to the server. */
  readonly nominalHashrate: number;
  readonly hashes: number;
  readonly threads: number;
  readonly shares: ShareTotals;
  /** Of the shares that are looked for now; 0 without work. */
  readonly difficulty: number;
  /** Shares that also met the network's target. */
  readonly blocks: number;
  readonly bestDifficulty: number;
  /** Jobs taken up, and how many of them came with a new tip. */
  readonly jobs: number;
  readonly tips: number;
}

const SAMPLE_MS = 1000;
/** Why there is no work, without a connection. */
const CLOSED: Readonly<Record<DeviceProtocol, string>> = { sv1: 'no pool', sv2: 'no channel' };

/** A device at work: threads that hash, and the one connection that tells them what. */
export class MiningDevice implements Service {
  readonly #config: MiningDeviceConfig;
  readonly #deps: MiningDeviceDeps;
  readonly #engine: HashEngine;
  readonly #rig: Rig;
  readonly #shares: ShareLog;
  readonly #refusals: Refusals;
  readonly #metrics: MiningDeviceMetrics;
  readonly #working: Condition;
  readonly #connected: Condition;
  readonly #meter = new HashrateMeter();
  readonly #proven: WorkMeter;
  readonly #minutes: WorkMinutes;
  readonly #startedAtMs: number;
  #lastShareAtMs: number | undefined;
  /** Since when there is a channel, or a pool that lets us in. */
  #openedAtMs = 0;
  #nominal: NominalHashrate;
  #workplace: Workplace | undefined;
  #upstream: Upstream<AnyEndpoint> | undefined;
  #sampling: Disposable | undefined;
  #phase: MinerPhase = 'closed';
  #isDraining = false;
  #best = 0;
  #blocks = 0;
  #jobs = 0;
  #tips = 0;

  constructor(config: MiningDeviceConfig, deps: MiningDeviceDeps, engine: HashEngine) {
    this.#config = config;
    this.#deps = deps;
    this.#engine = engine;
    this.#metrics = miningDeviceMetrics(deps.metrics);
    this.#connected = deps.health.condition('upstream', 'not connected yet', 'upstream-lost');
    this.#working = deps.health.condition('work', 'no job yet', 'no-work');
    const { clock, log, health } = deps;
    this.#refusals = new Refusals(clock, log, health.condition('shares', undefined, 'shares-refused'));
    const nowMs = deps.clock.now();
    this.#startedAtMs = nowMs;
    this.#proven = new WorkMeter(nowMs);
    this.#minutes = new WorkMinutes(nowMs);
    this.#nominal = new NominalHashrate(0, nowMs);
    const roundTrip = deps.latencies.recorder('share-round-trip');
    const toHashing = deps.latencies.recorder('job-to-hashing');
    this.#shares = new ShareLog({
      onAccepted: (count, difficulty) => this.#onAccepted(count, difficulty),
      onRejected: (code, text) => {
        this.#metrics.rejected.inc({ code });
        this.#minutes.reject(clock.now());
        this.#refusals.refused(code, text);
      },
      onAnswered: (ms) => roundTrip.record(ms),
    });
    this.#rig = new Rig({
      engine,
      clock: deps.clock,
      onFound: (found) => {
        if (!this.#isDraining) this.#workplace?.onFound(found);
      },
      onHashing: (afterMs) => toHashing.record(afterMs),
      onFailure: (error) => deps.fail(error),
    });
  }

  /** Starts the threads, measures them, and connects. */
  async start(): Promise<void> {
    const { clock, log } = this.#deps;
    this.#setNominal(new NominalHashrate(await this.#rig.start(), clock.now()));
    log.info('threads measured', { threads: this.#engine.threads, hashrate: Math.round(this.#nominal.value) });
    this.#sampling = clock.every(SAMPLE_MS, () => this.#sample());
    this.#upstream = this.#connect();
  }

  /** Looks for no more shares; those that are sent are answered. */
  async drain(untilMs: number): Promise<void> {
    this.#isDraining = true;
    this.#rig.rest();
    await settled(() => this.#shares.waiting === 0, { clock: this.#deps.clock, untilMs });
  }

  async close(): Promise<void> {
    this.#sampling?.[Symbol.dispose]();
    this.#workplace?.close();
    await this.#upstream?.close();
    await this.#rig.close();
  }

  status(): MiningDeviceStatus & Readonly<Record<string, unknown>> {
    const protocol = this.#protocol;
    const target = this.#rig.work?.target;
    return {
      protocol,
      ...(protocol === 'sv2' && { channel: this.#config.channel }),
      phase: this.#phase,
      upstream: this.#upstream === undefined ? 'closed' : describeUpstream(this.#upstream.state),
      hashrate: this.#meter.rate(GLANCE_MS) ?? 0,
      nominalHashrate: this.#nominal.value,
      hashes: this.#rig.hashes,
      threads: this.#engine.threads,
      shares: this.#shares.totals,
      difficulty: target === undefined ? 0 : difficultyFromTarget(target),
      blocks: this.#blocks,
      bestDifficulty: this.#best,
      jobs: this.#jobs,
      tips: this.#tips,
    };
  }

  api(): RoleApi {
    return deviceApi({
      config: this.#config,
      status: this.status(),
      upstream: this.#upstream?.state,
      work: this.#rig.work,
      hashrate: this.#proven.hashrates(this.#deps.clock.now()),
      minutes: this.#minutes,
      nowMs: this.#deps.clock.now(),
      startedAtMs: this.#startedAtMs,
      openedAtMs: this.#openedAtMs,
      lastShareAtMs: this.#lastShareAtMs,
    });
  }

  /** What the present server speaks; before there was any, the preferred one. */
  get #protocol(): DeviceProtocol {
    return this.#workplace?.protocol ?? (this.#config.upstreams[0]?.url.version === 1 ? 'sv1' : 'sv2');
  }

  #connect(): Upstream<AnyEndpoint> {
    const { clock, connections, log, random, security } = this.#deps;
    return connectUpstream(this.#config, {
      connections,
      clock,
      log,
      metrics: this.#metrics,
      place: {
        rig: this.#rig,
        shares: this.#shares,
        versionMask: versionMaskOf(this.#config),
        listener: {
          onPhase: (phase) => this.#onPhase(phase),
          onWork: (newTip) => this.#onWork(newTip),
          onUnexpected: (type) => this.#metrics.unexpected.inc({ type }),
          onShare: (difficulty, block) => this.#onShare(difficulty, block),
        },
      },
      nominalHashRate: () => this.#nominal.value,
      onState: (state) => this.#onUpstream(state),
      onConnected: (workplace) => {
        this.#workplace?.close();
        this.#refusals.restart();
        this.#workplace = workplace;
      },
      giveUp: (reason) => this.#upstream?.giveUp(reason),
      ...(random && { random }),
      ...(security && { security }),
    });
  }

  #onUpstream(state: UpstreamState<AnyEndpoint>): void {
    if (state.kind === 'connected') this.#connected.ok();
    else this.#connected.failing(troubleOf(state));
  }

  #onPhase(phase: MinerPhase): void {
    if (this.#phase === 'closed') this.#openedAtMs = this.#deps.clock.now();
    this.#phase = phase;
    if (phase === 'mining') this.#working.ok();
    else this.#working.failing(phase === 'closed' ? CLOSED[this.#protocol] : 'no job yet');
    this.#meter.restart();
  }

  #onWork(newTip: boolean): void {
    this.#jobs++;
    if (newTip) this.#tips++;
    this.#metrics.jobs.inc({ kind: newTip ? 'tip' : 'update' });
    this.#deps.events.emit({ type: 'job', origin: 'upstream' });
  }

  #onAccepted(count: number, difficulty: number): void {
    const nowMs = this.#deps.clock.now();
    this.#metrics.accepted.inc({}, count);
    this.#refusals.accepted();
    this.#proven.add(difficulty, nowMs);
    this.#minutes.accept(difficulty, nowMs, count);
    this.#lastShareAtMs = nowMs;
  }

  #onShare(difficulty: number, block: boolean): void {
    this.#best = Math.max(this.#best, difficulty);
    this.#metrics.submitted.inc();
    if (!block) return;
    this.#blocks++;
    this.#metrics.blocks.inc();
    this.#deps.log.info('a share that is a block', { difficulty });
  }

  /** Once a second: how fast it goes, and whether the server should know (§5.3.7). */
  #sample(): void {
    const nowMs = this.#deps.clock.now();
    this.#refusals.look();
    if (this.#phase !== 'mining') return;
    this.#meter.sample(this.#rig.hashes, nowMs);
    const rate = this.#meter.rate(MEASURED_MS);
    if (rate === undefined) return;
    this.#metrics.hashrate.set(rate);
    if (!this.#nominal.adopt(rate, nowMs)) return;
    this.#setNominal(this.#nominal);
    this.#workplace?.tellHashrate();
  }

  #setNominal(nominal: NominalHashrate): void {
    this.#nominal = nominal;
    this.#metrics.nominalHashrate.set(nominal.value);
  }
}

function describeUpstream(state: UpstreamState<AnyEndpoint>): string {
  switch (state.kind) {
    case 'connected':
      return `connected to ${endpointName(state.endpoint)}`;
    case 'connecting':
      return `connecting to ${endpointName(state.endpoint)}${state.lastFailure === undefined ? '' : `; ${state.lastFailure}`}`;
    case 'waiting':
      return `waiting: ${state.reason}`;
    case 'closed':
      return 'closed';
  }
}
