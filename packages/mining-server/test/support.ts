import {
  encodeHeader,
  encodeOutputs,
  hashHeader,
  heightPush,
  MAX_TARGET,
  meetsTarget,
  merkleRoot,
  sha256d,
  targetFromBigint,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import {
  decodePayload,
  encodeFrame,
  HEADER_SIZE,
  mining,
  type MiningFromClient,
  type MiningFromServer,
  MINING_PROTOCOL,
  readHeader,
  type SetupConnection,
  type SubmitSharesExtended,
  type SubmitSharesStandard,
} from '@sv2kit/codec';
import { VirtualClock } from '@sv2kit/daemon';
import { type JournalRecord, type JournalState, NOT_RECORDED } from '@sv2kit/ledger';
import { ChannelClient, type ClientAction, payTo, type Tip, type Work, type WorkTemplate } from '@sv2kit/mining';
import { type ConnectionHandler, silentLogger } from '@sv2kit/net';
import {
  createMiningServer,
  type FoundBlock,
  MINING_SERVER_DEFAULTS,
  type MiningServer,
  type MiningServerConfig,
  type MiningServerDeps,
  noMiningMetrics,
  type ShareJournal,
} from '../src/index.ts';

export { MAX_TARGET };
/** 2024-01-01 in milliseconds. */
export const NOW = 1_704_067_200_000;
export const NTIME = NOW / 1000 - 10;
/** One hash in 4,096 is a block. */
export const NETWORK_TARGET = targetFromBigint((1n << 244n) - 1n);
/** No hash is a block. */
export const UNREACHABLE = targetFromBigint(1n);
/** As the defaults, without a floor worth the name. */
export const TARGETS = { ...MINING_SERVER_DEFAULTS.targets, minDifficulty: 1e-12 };
/** At the test servers' share rate, its target lets one hash in 16 pass. */
export const HASHRATE = 16 / 10;

export const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

export function template(id: number, overrides: Partial<WorkTemplate> = {}): WorkTemplate {
  return {
    templateId: BigInt(id),
    version: 0x20000000,
    coinbaseTxVersion: 2,
    coinbasePrefix: heightPush(800_000),
    coinbaseTxInputSequence: 0xfffffffe,
    coinbaseTxValueRemaining: 625_000_000n,
    coinbaseTxOutputsCount: 1,
    coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
    coinbaseTxLocktime: 799_999,
    merklePath: [bytes(32, id)],
    ...overrides,
  };
}

export function tip(height: number, overrides: Partial<Tip> = {}): Tip {
  return { prevHash: bytes(32, height), nbits: 0x1d00ffff, minNtime: NTIME, target: UNREACHABLE, ...overrides };
}

/** A journal in memory whose watermark moves when told to. */
export class FakeJournal implements ShareJournal {
  readonly bootEpoch: number;
  readonly records: JournalRecord[] = [];
  state: JournalState = { kind: 'ok' };
  watermark = 0;
  readonly #watermarkListeners: ((watermark: number) => void)[] = [];
  readonly #stateListeners: ((state: JournalState) => void)[] = [];

  constructor(bootEpoch = 1) {
    this.bootEpoch = bootEpoch;
  }

  append(record: JournalRecord): number {
    if (this.state.kind !== 'ok') return NOT_RECORDED;
    this.records.push(structuredClone(record));
    return this.records.length;
  }

  onWatermark(listener: (watermark: number) => void): void {
    this.#watermarkListeners.push(listener);
  }

  onState(listener: (state: JournalState) => void): void {
    this.#stateListeners.push(listener);
  }

  sync(watermark = this.records.length): void {
    this.watermark = watermark;
    for (const listener of this.#watermarkListeners) listener(watermark);
  }

  become(state: JournalState): void {
    this.state = state;
    for (const listener of this.#stateListeners) listener(state);
  }

  of<T extends JournalRecord['type']>(type: T): Extract<JournalRecord, { type: T }>[] {
    return this.records.filter((record): record is Extract<JournalRecord, { type: T }> => record.type === type);
  }
}

/** A miner's connection without a socket: what the server sends goes through ChannelClients, which report broken rules. */
export class TestMiner {
  readonly sent: MiningFromServer[] = [];
  readonly clients: ChannelClient[] = [];
  readonly actions: ClientAction[] = [];
  congested = false;
  ended: string | undefined;
  handler: ConnectionHandler<MiningFromClient> | undefined;
  refused: { errorCode: string; flags?: number } | undefined;
  readonly #clock: VirtualClock;
  readonly id: number;
  readonly setup: SetupConnection;
  readonly remote = { address: '192.0.2.1', port: 50_000 };
  readonly usedVersion = 2;
  readonly extensions: ReadonlySet<number> = new Set();
  readonly queuedBytes = 0;
  flags = 0;
  inUse = false;

  constructor(id: number, flags: number, clock: VirtualClock, said: Partial<SetupConnection> = {}) {
    this.id = id;
    this.#clock = clock;
    const device = { vendor: 'Maker', hardwareVersion: 'X1', firmware: '', deviceId: '' };
    const protocol = MINING_PROTOCOL;
    this.setup = {
      type: 'SetupConnection',
      protocol,
      minVersion: 2,
      maxVersion: 2,
      flags,
      endpointHost: '',
      endpointPort: 0,
      ...device,
      ...said,
    };
  }

  send(message: MiningFromServer): void {
    if (this.ended !== undefined) return;
    this.sendFrame(encodeFrame(mining.fromServer.named(message.type), message as never));
  }

  sendFrame(frame: Uint8Array): void {
    if (this.ended !== undefined) return;
    const { extensionType, messageType } = readHeader(frame);
    const definition = mining.fromServer.find(extensionType, messageType);
    if (definition === undefined) throw new Error('not a message of a server');
    const message = decodePayload(definition, frame.slice(HEADER_SIZE)) as MiningFromServer;
    this.sent.push(message);
    for (const client of this.clients) {
      for (const action of client.receive(message, this.#clock.now())) {
        if (action.kind === 'violation') throw new Error(`the server broke a rule: ${action.code}`);
        this.actions.push(action);
      }
    }
  }

  flush(): void {}
  markInUse(): void {
    this.inUse = true;
  }
  end(reason: string): void {
    this.ended ??= reason;
  }
  destroy(reason: string): void {
    this.ended ??= reason;
  }

  says(message: MiningFromClient): void {
    this.handler?.onMessage(message);
  }

  /** Asks for a channel; the client is 'open' afterwards unless refused or still being authorised. */
  open(kind: 'standard' | 'extended', options: OpenOptions = {}): ChannelClient {
    const { minExtranonceSize = 4, nominalHashRate = HASHRATE, maxTarget = MAX_TARGET, user = 'someone' } = options;
    const client = new ChannelClient({
      requestId: 1_000 + this.clients.length,
      userIdentity: new TextEncoder().encode(user),
      nominalHashRate,
      maxTarget,
      channel: kind === 'standard' ? { kind } : { kind, minExtranonceSize },
    });
    this.clients.push(client);
    this.says(client.openMessage());
    return client;
  }

  /** What was sent since the last call. */
  take(): MiningFromServer[] {
    return this.sent.splice(0);
  }

  of<T extends MiningFromServer['type']>(type: T): Extract<MiningFromServer, { type: T }>[] {
    return this.sent.filter((message): message is Extract<MiningFromServer, { type: T }> => message.type === type);
  }

  close(code = 'end'): void {
    this.ended ??= code;
    this.handler?.onClose({ code });
  }
}

interface OpenOptions {
  minExtranonceSize?: number;
  nominalHashRate?: number;
  maxTarget?: Uint8Array;
  user?: string;
}

export interface Rig {
  readonly server: MiningServer;
  readonly clock: VirtualClock;
  readonly journal: FakeJournal;
  readonly blocks: FoundBlock[];
  connect(flags?: number, said?: Partial<SetupConnection>): TestMiner;
  /** Runs fan-out to its end. */
  settle(): Promise<void>;
}

interface RigOptions {
  config?: Partial<MiningServerConfig>;
  deps?: Partial<MiningServerDeps>;
  journal?: FakeJournal;
  /** false: no template yet. */
  working?: boolean;
}

/** A server on a virtual clock that mines template 1 on tip 1. */
export function rig(options: RigOptions = {}): Rig {
  const clock = new VirtualClock(NOW);
  const journal = options.journal ?? new FakeJournal();
  const blocks: FoundBlock[] = [];
  const payout = payTo(Uint8Array.of(0x51), 'pool');
  const server = createMiningServer(
    {
      ...MINING_SERVER_DEFAULTS,
      targets: TARGETS,
      tag: new TextEncoder().encode('/test/'),
      ...options.config,
      // Hours pass in which nobody tells the journal that it is on disk.
      limits: { ledgerOutageMs: Number.POSITIVE_INFINITY, ...options.config?.limits },
    },
    {
      journal,
      authorise: () => ({ kind: 'admitted', payout }),
      onBlock: (block) => void blocks.push(block),
      clock,
      log: silentLogger,
      metrics: noMiningMetrics,
      ticks: () => clock.now(),
      ...options.deps,
    },
  );
  if (options.working ?? true) server.activate(template(1), tip(1));
  let connections = 0;
  const connect = (flags = 0, said: Partial<SetupConnection> = {}): TestMiner => {
    connections += 1;
    const miner = new TestMiner(connections, flags, clock, said);
    const verdict = server.service.accept(miner as never);
    if (verdict.kind === 'refuse') miner.refused = verdict;
    else {
      miner.flags = verdict.flags ?? 0;
      miner.handler = verdict.handler as ConnectionHandler<MiningFromClient>;
      miner.handler.onReady?.();
    }
    return miner;
  };
  return { server, clock, journal, blocks, connect, settle: () => server.settled() };
}

/** Finds a share for the client's work by brute force. */
export function solve(
  client: ChannelClient,
  options: { work?: Work; wanted?: 'share' | 'miss' | 'block'; blockTarget?: Uint8Array; from?: number } = {},
): SubmitSharesStandard | SubmitSharesExtended {
  const work = options.work ?? client.currentWork();
  if (work === undefined) throw new Error('no work');
  const { wanted = 'share', blockTarget = UNREACHABLE } = options;
  const { version, prevHash, nbits, minNtime: ntime, jobId, space } = work;
  const extranonce = bytes(space.kind === 'extended' ? space.extranonceSize : 0, 9);
  const root = space.kind === 'standard' ? space.merkleRoot : rootOf(space, extranonce);
  for (let nonce = options.from ?? 0; ; nonce += 1) {
    const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
    const found = meetsTarget(hash, blockTarget) ? 'block' : meetsTarget(hash, work.target) ? 'share' : 'miss';
    if (found !== wanted) continue;
    return client.share({ jobId, nonce, ntime, version, ...(space.kind === 'extended' ? { extranonce } : {}) });
  }
}

function rootOf(space: Extract<Work['space'], { kind: 'extended' }>, extranonce: Uint8Array): Uint8Array {
  const { coinbasePrefix, coinbaseSuffix, extranoncePrefix, merklePath } = space;
  return merkleRoot(
    sha256d(Uint8Array.of(...coinbasePrefix, ...extranoncePrefix, ...extranonce, ...coinbaseSuffix)),
    merklePath,
  );
}
