import { randomBytes } from 'node:crypto';
import {
  BIP323_MASK,
  encodeCountedOutputs,
  encodeHeader,
  hashHeader,
  heightPush,
  joinCoinbase,
  MAX_TARGET,
  meetsTarget,
  merkleRoot,
  nbitsFromTarget,
  sha256d,
  type TxOut,
  witnessCommitmentOutput,
} from '@sv2kit/bitcoin';
import {
  DECLARE_TX_DATA,
  jobDeclaration,
  type JobDeclarationFromServer,
  mining,
  type MiningFromClient,
  type MiningFromServer,
  type PushSolution,
  REQUIRES_WORK_SELECTION,
  type SetCustomMiningJob,
  type SubmitSharesExtended,
  utf8,
} from '@sv2kit/codec';
import { commitTo, type JobMode, sealToken, type TokenClaims, userDigest } from '@sv2kit/declaration';
import { customJob } from '@sv2kit/mining';
import { connect, type Connection, serve } from '@sv2kit/net';
import { onTestFinished } from 'vitest';
import type { Pool } from '../src/index.ts';
import { eventually, Neighbour } from './support.ts';
import { NETWORK_TARGET, TIP_TIME } from './templates.ts';

export const PAYOUT_SCRIPT = Uint8Array.of(0x51);
/** The subsidy of regtest's first blocks. */
export const REVENUE = 5_000_000_000n;
const NOBODY_SCRIPT = Uint8Array.of(0x52);
const USER = 'alice.rig';
const HOUR = 3_600;

type Answer<T extends MiningFromServer['type']> = Extract<MiningFromServer, { type: T }>;
type Opened = Answer<'OpenExtendedMiningChannelSuccess'>;

/** What a token says, unless a test wants it otherwise. */
export interface TokenWish extends Partial<TokenClaims> {
  readonly key?: Uint8Array;
  readonly value?: bigint;
}

/** A job declarator client: an encrypted connection with work selection, doing only what a test tells it to. */
export class TestDeclaratorClient {
  readonly told: MiningFromServer[] = [];
  readonly #connection: Connection<MiningFromClient>;
  #requestId = 0;
  #sequenceNumber = 0;

  private constructor(connection: Connection<MiningFromClient>) {
    this.#connection = connection;
  }

  /** Connects as soon as the pool has work. */
  static async connect(pool: Pool): Promise<TestDeclaratorClient> {
    const early: MiningFromServer[] = [];
    let client: TestDeclaratorClient | undefined;
    const handler = () => ({
      onMessage: (message: MiningFromServer) => void (client?.told ?? early).push(structuredClone(message)),
      onClose() {},
    });
    const setup = { vendor: 'Maker', hardwareVersion: 'JDC', flags: REQUIRES_WORK_SELECTION };
    const { address, authorityPublicKey: authority } = pool;
    await eventually(async () => {
      const connection = await connect({ ...address, authority, protocol: mining, setup, handler });
      client = new TestDeclaratorClient(connection);
      return true;
    }).toBe(true);
    if (client === undefined) throw new Error('not connected');
    const made: TestDeclaratorClient = client;
    made.told.push(...early);
    onTestFinished(() => made.#connection.end('bye'));
    return made;
  }

  async open(user = USER): Promise<Opened> {
    const requestId = this.#next();
    this.send({
      type: 'OpenExtendedMiningChannel',
      requestId,
      userIdentity: utf8(user),
      nominalHashRate: 0.4,
      maxTarget: MAX_TARGET,
      minExtranonceSize: 4,
    });
    return (await this.#answer(requestId)) as Opened;
  }

  send(message: MiningFromClient): void {
    this.#connection.send(message);
    this.#connection.flush();
  }

  /** @returns what the pool says to the job */
  async set(message: SetCustomMiningJob): Promise<MiningFromServer> {
    this.send(message);
    return await this.#answer(message.requestId);
  }

  /** A job for the channel, honest but for `change`. */
  draft(channel: Opened, change: Partial<SetCustomMiningJob> & { readonly height?: number } = {}): SetCustomMiningJob {
    const { height = 100, ...other } = change;
    return {
      type: 'SetCustomMiningJob',
      channelId: channel.channelId,
      requestId: this.#next(),
      miningJobToken: new Uint8Array(0),
      version: 0x20000000,
      prevHash: new Uint8Array(32).fill(height - 1),
      minNtime: TIP_TIME,
      nbits: nbitsFromTarget(NETWORK_TARGET),
      coinbaseTxVersion: 2,
      coinbasePrefix: Uint8Array.of(...heightPush(height), fullSize(channel)),
      coinbaseTxInputNSequence: 0xfffffffe,
      coinbaseTxOutputs: outputs({ value: REVENUE, script: PAYOUT_SCRIPT }),
      coinbaseTxLocktime: height - 1,
      merklePath: [],
      ...other,
    };
  }

  /** Finds a block on the job, or a share that is none. */
  solve(channel: Opened, message: SetCustomMiningJob, jobId: number, wanted: 'block' | 'share'): SubmitSharesExtended {
    const job = customJob(jobId, message, {
      mode: 'full-template',
      tokenId: new Uint8Array(16),
      height: 100,
      credit: 1,
      extranonceSize: fullSize(channel),
      versionMask: BIP323_MASK,
    });
    if (typeof job === 'string') throw new Error(job);
    const { version, prevHash, nbits, merklePath } = message;
    const ntime = message.minNtime + 100;
    const extranonce = randomBytes(channel.extranonceSize);
    const coinbase = joinCoinbase(job.coinbase, Buffer.concat([channel.extranoncePrefix, extranonce]), {
      segwit: false,
    });
    const root = merkleRoot(sha256d(coinbase), merklePath);
    for (let nonce = 0; ; nonce += 1) {
      const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce }));
      const isBlock = meetsTarget(hash, NETWORK_TARGET);
      if (isBlock !== (wanted === 'block') || !(isBlock || meetsTarget(hash, channel.target))) continue;
      this.#sequenceNumber += 1;
      return {
        type: 'SubmitSharesExtended',
        channelId: channel.channelId,
        sequenceNumber: this.#sequenceNumber,
        jobId,
        nonce,
        ntime,
        version,
        extranonce: new Uint8Array(extranonce),
      };
    }
  }

  /** @returns whether the share was accepted, or the code of its error */
  async submit(share: SubmitSharesExtended): Promise<string> {
    this.send(share);
    const { sequenceNumber } = share;
    const isIt = (message: MiningFromServer) =>
      (message.type === 'SubmitSharesSuccess' && message.lastSequenceNumber >= sequenceNumber) ||
      (message.type === 'SubmitSharesError' && message.sequenceNumber === sequenceNumber);
    await eventually(() => this.told.some(isIt)).toBe(true);
    const answer = this.told.find(isIt);
    return answer?.type === 'SubmitSharesError' ? answer.errorCode : 'accepted';
  }

  #next(): number {
    this.#requestId += 1;
    return this.#requestId;
  }

  async #answer(requestId: number): Promise<MiningFromServer> {
    const isIt = (message: MiningFromServer) => 'requestId' in message && message.requestId === requestId;
    await eventually(() => this.told.some(isIt)).toBe(true);
    return this.told.find(isIt) as MiningFromServer;
  }
}

/** Prefix and rolled part together. */
function fullSize({ extranoncePrefix, extranonceSize }: Opened): number {
  return extranoncePrefix.length + extranonceSize;
}

/** Counted outputs: those, and a witness commitment. */
export function outputs(...first: readonly TxOut[]): Uint8Array {
  return encodeCountedOutputs([...first, witnessCommitmentOutput([])]);
}

/** Part of the revenue to the pool, the rest to somebody else. */
export function sharedOut(payout: bigint): Uint8Array {
  return outputs({ value: REVENUE - payout, script: NOBODY_SCRIPT }, { value: payout, script: PAYOUT_SCRIPT });
}

/** The job with a token that vouches for it, as a job declarator server would seal one. */
export function sealed(
  poolKey: Uint8Array,
  job: SetCustomMiningJob,
  { key = poolKey, value = REVENUE, ...claims }: TokenWish = {},
): SetCustomMiningJob {
  const mode: JobMode = claims.mode ?? 'full-template';
  const commitment = commitTo({
    ...job,
    minNtime: TIP_TIME,
    sequence: job.coinbaseTxInputNSequence,
    locktime: job.coinbaseTxLocktime,
    countedOutputs: job.coinbaseTxOutputs,
    value,
  });
  const miningJobToken = sealToken(key, {
    id: new Uint8Array(randomBytes(16)),
    mode,
    user: userDigest(utf8(USER)),
    expires: Math.floor(Date.now() / 1000) + HOUR,
    commitment: mode === 'full-template' ? commitment : undefined,
    ...claims,
  });
  return { ...job, miningJobToken };
}

/** A job declarator server that allocates tokens, and writes down the blocks that it is pushed. */
export class FakeDeclaratorServer extends Neighbour {
  readonly pushed: PushSolution[];

  constructor(key: Uint8Array, payoutScript: Uint8Array = PAYOUT_SCRIPT) {
    const pushed: PushSolution[] = [];
    super(
      serve(jobDeclaration, {
        flags: DECLARE_TX_DATA,
        accept: (connection) => ({
          kind: 'accept',
          handler: {
            onMessage(message) {
              if (message.type === 'PushSolution') pushed.push(structuredClone(message));
              if (message.type === 'AllocateMiningJobToken')
                connection.send(allocated(message.requestId, key, payoutScript));
            },
            onClose() {},
          },
        }),
      }),
    );
    this.pushed = pushed;
  }
}

function allocated(requestId: number, key: Uint8Array, script: Uint8Array): JobDeclarationFromServer {
  const expires = Math.floor(Date.now() / 1000) + HOUR;
  const claims = { id: new Uint8Array(16), mode: 'full-template', user: new Uint8Array(16), expires } as const;
  const miningJobToken = sealToken(key, { ...claims, commitment: undefined });
  const coinbaseTxOutputs = encodeCountedOutputs([{ value: 0n, script }]);
  return { type: 'AllocateMiningJobTokenSuccess', requestId, miningJobToken, coinbaseTxOutputs };
}
