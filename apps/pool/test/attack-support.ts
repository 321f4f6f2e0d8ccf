import {
  encodeCountedOutputs,
  encodeHeader,
  heightPush,
  sha256d,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import {
  type MiningFromClient,
  type MiningFromServer,
  REQUIRES_WORK_SELECTION,
  type SetCustomMiningJob,
  utf8,
} from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { commitTo, sealToken, tokenVerifier, userDigest } from '@sv2kit/declaration';
import type { JournalRecord } from '@sv2kit/ledger';
import { payTo, type Tip, type WorkTemplate } from '@sv2kit/mining';
import { createMiningServer, type FoundBlock, MINING_SERVER_DEFAULTS, noMiningMetrics } from '@sv2kit/mining-server';
import { type ConnectionHandler, silentLogger } from '@sv2kit/net';
import { CustomJobDesk } from '../src/job-declaration/custom-job-desk.ts';
import { newTemplate } from './templates.ts';

export const NOW = 1_704_067_200_000;
export const PAYOUT = Uint8Array.of(0x51);
export const KEY = new Uint8Array(32).fill(7);
/** Subsidy and fees of every full template here. */
export const VALUE = 5_000_000_400n;
export const NBITS = 0x207fffff;
const metric = { inc() {}, bind: () => ({ inc() {} }) };

export interface TestTip extends Tip {
  /** Of the block that is mined on it. */
  readonly height: number;
}

/** A pool's mining server and its judge of custom jobs, without sockets or disk. */
export function arena(target: Uint8Array) {
  const clock = new VirtualClock(NOW);
  const records: JournalRecord[] = [];
  const blocks: FoundBlock[] = [];
  let synced: (watermark: number) => void = () => {};
  const desk = new CustomJobDesk({
    verifier: tokenVerifier(KEY),
    payoutScript: PAYOUT,
    requiredOutputs: [],
    leastPayoutShare: 0.5,
    network: 'regtest',
    log: silentLogger,
    metrics: { partlyPaid: metric, work: metric, creditedWork: metric } as never,
  });
  const journal = {
    bootEpoch: 1,
    state: { kind: 'ok' } as const,
    watermark: 0,
    append: (record: JournalRecord) => records.push(structuredClone(record)),
    onState() {},
    onWatermark: (listener: (watermark: number) => void) => void (synced = listener),
  };
  const targets = { ...MINING_SERVER_DEFAULTS.targets, minDifficulty: 1e-12 };
  const server = createMiningServer(
    { ...MINING_SERVER_DEFAULTS, targets, tag: utf8('/pool/') },
    {
      journal,
      authorise: () => ({ kind: 'admitted', payout: payTo(PAYOUT, 'pool') }),
      onBlock: (block) => void blocks.push(block),
      customJobs: desk,
      clock,
      log: silentLogger,
      metrics: noMiningMetrics,
      ticks: () => clock.now(),
    },
  );
  const goTo = (tip: TestTip) => {
    const { type: _type, futureTemplate: _future, ...template } = newTemplate(1, tip.height, false);
    server.activate(template satisfies WorkTemplate, tip);
    desk.tip(tip);
    server.tipSeen();
  };
  const tipOf = (height: number, rival: number): TestTip => ({
    height,
    prevHash: new Uint8Array(32).fill(height * 8 + rival),
    nbits: NBITS,
    minNtime: NOW / 1000 - 10,
    target,
  });
  goTo(tipOf(100, 0));
  const sync = () => {
    journal.watermark = records.length;
    synced(records.length);
  };
  return { clock, records, blocks, server, desk, goTo, tipOf, sync };
}

export interface Channel {
  readonly id: number;
  readonly group: number;
  readonly prefix: Uint8Array;
  readonly rolled: number;
}

/** A client that sends what it likes. */
export class Attacker {
  readonly told: MiningFromServer[] = [];
  readonly channels: Channel[] = [];
  ended = false;
  #handler: ConnectionHandler<MiningFromClient> | undefined;
  #requestId = 0;

  constructor(id: number, { server }: ReturnType<typeof arena>) {
    const connection = {
      id,
      setup: { vendor: 'M', hardwareVersion: 'X', firmware: '', flags: REQUIRES_WORK_SELECTION },
      remote: { address: '192.0.2.1', port: id },
      extensions: new Set(),
      congested: false,
      send: (message: MiningFromServer) => void this.told.push(structuredClone(message)),
      sendFrame() {},
      flush() {},
      markInUse() {},
      end: () => void (this.ended = true),
      destroy: () => void (this.ended = true),
    };
    const verdict = server.service.accept(connection as never);
    if (verdict.kind !== 'accept') throw new Error('refused');
    this.#handler = verdict.handler as ConnectionHandler<MiningFromClient>;
    this.#handler.onReady?.();
  }

  says(message: MiningFromClient): readonly MiningFromServer[] {
    const from = this.told.length;
    if (!this.ended) this.#handler?.onMessage(message);
    return this.told.slice(from);
  }

  open(user: string, nominalHashRate: number, maxTarget: Uint8Array, minExtranonceSize: number): Channel | undefined {
    this.#requestId += 1;
    const userIdentity = utf8(user);
    const request = { requestId: this.#requestId, userIdentity, nominalHashRate, maxTarget, minExtranonceSize };
    for (const answer of this.says({ type: 'OpenExtendedMiningChannel', ...request })) {
      if (answer.type !== 'OpenExtendedMiningChannelSuccess') continue;
      const { channelId: id, groupChannelId: group, extranoncePrefix: prefix, extranonceSize: rolled } = answer;
      const channel = { id, group, prefix, rolled };
      this.channels.push(channel);
      return channel;
    }
    return undefined;
  }

  close(): void {
    this.ended = true;
    this.#handler?.onClose({ code: 'gone' });
  }
}

/** What a coinbase pays. */
export interface Design {
  readonly outputs: readonly TxOut[];
  readonly tag: number;
  readonly depth: number;
}

export function jobOf(
  design: Design,
  tip: TestTip,
  channel: Channel,
  of: { readonly id: number; readonly minNtime: number },
): SetCustomMiningJob {
  return {
    type: 'SetCustomMiningJob',
    channelId: of.id,
    requestId: 1,
    miningJobToken: new Uint8Array(0),
    version: 0x20000000,
    prevHash: tip.prevHash,
    minNtime: of.minNtime,
    nbits: tip.nbits,
    coinbaseTxVersion: 2,
    coinbasePrefix: Uint8Array.of(...heightPush(tip.height), 1, design.tag, channel.prefix.length + channel.rolled),
    coinbaseTxInputNSequence: 0xfffffffe,
    coinbaseTxOutputs: encodeCountedOutputs([...design.outputs, witnessCommitmentOutput([])]),
    coinbaseTxLocktime: tip.height - 1,
    merklePath: Array.from({ length: design.depth }, (_, level) => new Uint8Array(32).fill(level + 1)),
  };
}

let tokens = 0;

export function tokenFor(job: SetCustomMiningJob, mode: 'full-template' | 'coinbase-only', user: string): Uint8Array {
  tokens += 1;
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, tokens);
  const { coinbaseTxInputNSequence: sequence, coinbaseTxLocktime: locktime, coinbaseTxOutputs: countedOutputs } = job;
  const commitment =
    mode === 'full-template'
      ? commitTo({ ...job, minNtime: NOW / 1000 - 1_800, sequence, locktime, countedOutputs, value: VALUE })
      : undefined;
  return sealToken(KEY, { id, mode, user: userDigest(utf8(user)), expires: NOW / 1000 + 3_600, commitment });
}

/** The header's hash, by the book and without the code under test. */
export function hashOf(
  job: SetCustomMiningJob,
  extranonce: Uint8Array,
  { version, ntime, nonce }: { readonly version: number; readonly ntime: number; readonly nonce: number },
): Uint8Array {
  const script = Uint8Array.of(...job.coinbasePrefix, ...extranonce);
  const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
  const coinbase = Uint8Array.of(
    ...u32(job.coinbaseTxVersion),
    1,
    ...new Uint8Array(32),
    255,
    255,
    255,
    255,
    script.length,
    ...script,
    ...u32(job.coinbaseTxInputNSequence),
    ...job.coinbaseTxOutputs,
    ...u32(job.coinbaseTxLocktime),
  );
  const merkleRoot = job.merklePath.reduce(
    (node, other) => sha256d(Uint8Array.of(...node, ...other)),
    sha256d(coinbase),
  );
  return sha256d(encodeHeader({ version, prevHash: job.prevHash, merkleRoot, ntime, nbits: job.nbits, nonce }));
}
