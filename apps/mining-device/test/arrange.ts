import { BIP320_MASK, DIFFICULTY_1_TARGET, MAX_TARGET, targetFromBigint } from '@sv2kit/bitcoin';
import { type MiningFromClient, type MiningFromServer, utf8 } from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { type Connection, silentLogger } from '@sv2kit/net';
import { Miner } from '../src/miner.ts';
import type { MinerPhase } from '../src/reactions.ts';
import { type Found, Rig } from '../src/rig.ts';
import { ShareLog } from '../src/share-log.ts';
import type { WorkplaceListener } from '../src/workplace.ts';
import { FakeEngine } from './fake-engine.ts';

export const CHANNEL = 1;
export const GROUP = 100;
/** Met by one hash in 256. */
export const EASY_TARGET = targetFromBigint(1n << 248n);

type Kind = 'standard' | 'extended';

/** A connection that keeps what is sent and how it ended. */
export class FakeConnection implements Connection<MiningFromClient> {
  readonly id = 1;
  readonly remote = { address: '127.0.0.1', port: 3336 };
  readonly usedVersion = 2;
  readonly flags: number;
  readonly extensions = new Set<number>();
  readonly congested = false;
  readonly queuedBytes = 0;
  readonly sent: MiningFromClient[] = [];
  ended: string | undefined;

  constructor(flags = 0) {
    this.flags = flags;
  }

  get setup(): never {
    throw new Error('not needed');
  }
  send(message: MiningFromClient): void {
    this.sent.push(message);
  }
  sendFrame(): void {}
  flush(): void {}
  markInUse(): void {}
  end(reason: string): void {
    this.ended = reason;
  }
  destroy(reason: string): void {
    this.ended = reason;
  }
}

/** A device without its connection; shares that its threads find go to `onFound`. */
export function arrangeRig(onFound: (found: Found) => void, threads = 1) {
  const clock = new VirtualClock();
  const engine = new FakeEngine(threads);
  const roundTrips: number[] = [];
  const shares = new ShareLog({ onAccepted: () => {}, onRejected: () => {}, onAnswered: (ms) => roundTrips.push(ms) });
  const seen = {
    phases: [] as MinerPhase[],
    unexpected: [] as string[],
    tips: [] as boolean[],
    blocks: [] as boolean[],
    hashingMs: [] as number[],
  };
  const listener: WorkplaceListener = {
    onPhase: (phase) => void seen.phases.push(phase),
    onUnexpected: (type) => void seen.unexpected.push(type),
    onWork: (newTip) => void seen.tips.push(newTip),
    onShare: (_difficulty, block) => void seen.blocks.push(block),
  };
  const failures: Error[] = [];
  const rig = new Rig({
    engine,
    clock,
    onFound,
    onHashing: (ms) => void seen.hashingMs.push(ms),
    onFailure: (error) => failures.push(error),
  });
  void rig.start();
  const place = { rig, shares, versionMask: BIP320_MASK, listener, clock, log: silentLogger };
  return { clock, engine, shares, roundTrips, seen, rig, failures, place };
}

export function arrange(kind: Kind, { flags = 0, maxTarget = MAX_TARGET, threads = 1 } = {}) {
  const { place, ...arranged } = arrangeRig((found) => miner.onFound(found), threads);
  const connection = new FakeConnection(flags);
  const miner: Miner = new Miner(connection, {
    wish: {
      userIdentity: utf8('tester.1'),
      maxTarget,
      channel: kind === 'standard' ? { kind } : { kind, minExtranonceSize: 4 },
    },
    ...place,
    nominalHashRate: () => 5000,
    giveUp: (reason) => connection.end(reason),
  });
  return { ...arranged, connection, miner };
}
export type Arranged = ReturnType<typeof arrange>;

/** The answer to the request that was sent last. */
export function success(kind: Kind, requestId = 2): MiningFromServer {
  const common = { requestId, channelId: CHANNEL, target: EASY_TARGET, groupChannelId: GROUP };
  return kind === 'standard'
    ? { type: 'OpenStandardMiningChannelSuccess', ...common, extranoncePrefix: new Uint8Array(20) }
    : { type: 'OpenExtendedMiningChannelSuccess', ...common, extranoncePrefix: new Uint8Array(8), extranonceSize: 4 };
}

export function job(kind: Kind, jobId: number, minNtime: number | undefined, channelId = CHANNEL): MiningFromServer {
  const common = { channelId, jobId, minNtime, version: 0x20000000 };
  if (kind === 'standard') return { type: 'NewMiningJob', ...common, merkleRoot: new Uint8Array(32).fill(jobId) };
  return {
    type: 'NewExtendedMiningJob',
    ...common,
    versionRollingAllowed: true,
    merklePath: [new Uint8Array(32).fill(jobId)],
    coinbaseTxPrefix: new Uint8Array(60),
    coinbaseTxSuffix: new Uint8Array(60),
  };
}

export const NTIME = 1_700_000_000;
export const tip = (jobId: number, channelId = CHANNEL): MiningFromServer => ({
  type: 'SetNewPrevHash',
  channelId,
  jobId,
  prevHash: new Uint8Array(32).fill(4),
  minNtime: NTIME,
  nbits: 0x207fffff,
});

/** Brings a miner into a phase; in `waiting` and `mining` the future jobs 1 and 2 are known. */
export function reach(arranged: Arranged, kind: Kind, phase: MinerPhase): void {
  const { miner } = arranged;
  miner.open();
  if (phase === 'opening') return;
  miner.onMessage(success(kind));
  miner.onMessage(job(kind, 1, undefined));
  if (phase === 'mining') miner.onMessage(tip(1));
  miner.onMessage(job(kind, 2, undefined));
  if (phase === 'closed') miner.onMessage({ type: 'CloseChannel', channelId: CHANNEL, reasonCode: 'test' });
}

/** Harder than any share needs to be. */
export const HARD_TARGET = DIFFICULTY_1_TARGET;
