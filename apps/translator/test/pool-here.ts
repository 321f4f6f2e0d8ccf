import { BIP323_MASK, encodeOutputs, heightPush, targetFromNbits, witnessCommitmentOutput } from '@sv2kit/bitcoin';
import type { Clock } from '@sv2kit/daemon';
import { type JournalRecord, type JournalState, NOT_RECORDED } from '@sv2kit/ledger';
import { payTo, type Tip, type WorkTemplate } from '@sv2kit/mining';
import {
  type AcceptedShare,
  type AuthorisationRequest,
  createMiningServer,
  type FoundBlock,
  MINING_SERVER_DEFAULTS,
  type MiningServer,
  type MiningServerConfig,
  noMiningMetrics,
  type ShareJournal,
} from '@sv2kit/mining-server';
import { inlineHandshakes, type Listener, listen, silentLogger } from '@sv2kit/net';
import {
  certificateValidity,
  createEllSwiftKeypair,
  formatUrl,
  issueCertificate,
  publicKeyOf,
  type ServerIdentity,
} from '@sv2kit/noise';
import { onTestFinished } from 'vitest';

/** What the pool pays to: OP_TRUE. */
const POOL_SCRIPT: Uint8Array = Uint8Array.of(0x51);
/** Height of the first block that the pool's work makes. */
const FIRST_HEIGHT = 800_000;
/** Of a block where nothing else is said: no share of a test is one. */
const NETWORK_NBITS = 0x1703255b;

const AUTHORITY_SECRET = new Uint8Array(32).fill(7);
const STATIC_SECRET = new Uint8Array(32).fill(9);
const DAY_SECONDS = 86_400;
/** Extension 0x0002: the worker behind each share. */
const WORKERS = 2;

export interface PoolHereOptions {
  readonly clock: Clock;
  /** Of every channel, whatever hashrate it states; shares of 2^-24 take 256 hashes. */
  readonly difficulty?: number;
  /** Of a block, in its compact form; far beyond all shares when absent. */
  readonly nbits?: number;
  /** Version bits that channels may roll; BIP323_MASK when absent, 0 for none. */
  readonly versionMask?: number;
  /** Of the headers, as the template says; 20000000 when absent. */
  readonly version?: number;
  readonly config?: Partial<MiningServerConfig>;
  /** Codes for users that the pool does not know; all are welcome when absent. */
  readonly refuses?: (userIdentity: string) => 'unknown-user' | 'invalid-user-identity' | undefined;
}

/** A journal in memory that is on disk as soon as the turn ends. */
class MemoryJournal implements ShareJournal {
  readonly bootEpoch = 1;
  readonly records: JournalRecord[] = [];
  state: JournalState = { kind: 'ok' };
  watermark = 0;
  readonly #listeners: ((watermark: number) => void)[] = [];

  append(record: JournalRecord): number {
    if (this.state.kind !== 'ok') return NOT_RECORDED;
    this.records.push(structuredClone(record));
    queueMicrotask(() => this.#sync());
    return this.records.length;
  }

  onWatermark(listener: (watermark: number) => void): void {
    this.#listeners.push(listener);
  }

  onState(): void {}

  #sync(): void {
    if (this.watermark === this.records.length) return;
    this.watermark = this.records.length;
    for (const listener of this.#listeners) listener(this.watermark);
  }
}

/**
 * A pool in this process: the real mining server on an encrypted port, fed with templates made up here. It keeps its
 * port when it goes {@link PoolHere.away} and comes {@link PoolHere.back}.
 */
export class PoolHere {
  readonly server: MiningServer;
  readonly journal: MemoryJournal = new MemoryJournal();
  /** Every share that was accepted. */
  readonly shares: (AcceptedShare & { readonly identity: string })[] = [];
  readonly blocks: FoundBlock[] = [];
  /** Identities that channels were opened for, in order. */
  readonly identities: string[] = [];
  readonly #options: PoolHereOptions;
  readonly #identity: ServerIdentity;
  #listener: Listener | undefined;
  #port = 0;
  #templates = 0;
  #height = FIRST_HEIGHT - 1;

  constructor(options: PoolHereOptions) {
    this.#options = options;
    this.#identity = identityAt(options.clock);
    const { difficulty = 2 ** -24, versionMask = BIP323_MASK, clock, config } = options;
    const payout = payTo(POOL_SCRIPT, 'pool');
    const targets = { ...MINING_SERVER_DEFAULTS.targets, minDifficulty: difficulty, maxDifficulty: difficulty };
    const batch = { count: 1, delayMs: 1 };
    // Jobs come when a test says so.
    const refreshMs = 86_400_000;
    this.server = createMiningServer(
      {
        ...MINING_SERVER_DEFAULTS,
        tag: new TextEncoder().encode('/pool/'),
        targets,
        batch,
        refreshMs,
        versionMask,
        ...config,
      },
      {
        journal: this.journal,
        authorise: (request) => {
          const code = this.#refuses(request);
          return code === undefined ? { kind: 'admitted', payout } : { kind: 'refused', code };
        },
        onBlock: (block) => void this.blocks.push(block),
        onShare: (share) => {
          const { extranonce, hash, userIdentity } = share;
          const own = { extranonce: extranonce.slice(), hash: hash.slice(), userIdentity: userIdentity.slice() };
          this.shares.push({ ...share, ...own, identity: new TextDecoder().decode(userIdentity) });
        },
        clock,
        log: silentLogger,
        metrics: noMiningMetrics,
        ticks: () => clock.now(),
      },
    );
    this.newTip();
  }

  /** What the translator is configured with. */
  get url(): string {
    return formatUrl({ host: '127.0.0.1', port: this.#port, authority: publicKeyOf(AUTHORITY_SECRET) });
  }

  /** Another block was found: the jobs at hand are stale. */
  newTip(): void {
    this.#height += 1;
    this.server.activate(this.#template(), this.#tip());
  }

  /** Better work on the same tip. */
  newTemplate(): void {
    this.server.update(this.#template());
  }

  /** Its port closes, with every connection. */
  async away(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  async back(): Promise<void> {
    this.#listener = await listen({
      host: '127.0.0.1',
      port: this.#port,
      identity: () => this.#identity,
      services: [this.server.service],
      extensions: { supported: [WORKERS], required: [] },
      handshakes: inlineHandshakes(),
      clock: this.#options.clock,
    });
    this.#port = this.#listener.port;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.away();
  }

  #refuses({ userIdentity }: AuthorisationRequest): 'unknown-user' | 'invalid-user-identity' | undefined {
    const identity = new TextDecoder().decode(userIdentity);
    this.identities.push(identity);
    return this.#options.refuses?.(identity);
  }

  #template(): WorkTemplate {
    this.#templates += 1;
    return {
      templateId: BigInt(this.#templates),
      version: this.#options.version ?? 0x20000000,
      coinbaseTxVersion: 2,
      coinbasePrefix: heightPush(this.#height),
      coinbaseTxInputSequence: 0xfffffffe,
      coinbaseTxValueRemaining: 312_500_000n,
      coinbaseTxOutputsCount: 1,
      coinbaseTxOutputs: encodeOutputs([witnessCommitmentOutput([])]),
      coinbaseTxLocktime: this.#height - 1,
      merklePath: [new Uint8Array(32).fill(this.#templates), new Uint8Array(32).fill(0xaa)],
    };
  }

  #tip(): Tip {
    const minNtime = Math.floor(this.#options.clock.now() / 1000) - 60;
    // Words that differ, so that nothing passes whose order is wrong.
    const prevHash = Uint8Array.from({ length: 32 }, (_, index) => (index < 28 ? (this.#height + index) & 0xff : 0));
    const { nbits = NETWORK_NBITS } = this.#options;
    return { prevHash, nbits, minNtime, target: targetFromNbits(nbits) };
  }
}

function identityAt(clock: Clock): ServerIdentity {
  const staticKey = createEllSwiftKeypair(STATIC_SECRET, new Uint8Array(32).fill(3));
  const certificate = issueCertificate({
    authoritySecret: AUTHORITY_SECRET,
    staticPublicKey: publicKeyOf(STATIC_SECRET),
    ...certificateValidity(Math.floor(clock.now() / 1000), 30 * DAY_SECONDS),
    auxRand: new Uint8Array(32),
  });
  return { staticKey, certificate };
}

/** A pool that listens, and is gone when the test is. */
export async function startPool(options: PoolHereOptions): Promise<PoolHere> {
  const pool = new PoolHere(options);
  onTestFinished(() => pool.close());
  await pool.back();
  return pool;
}
