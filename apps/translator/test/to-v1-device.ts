import { encodeHeader, hashHeader, MAX_TARGET, meetsTarget, merkleRoot, sha256d } from '@sv2kit/bitcoin';
import { mining, type MiningFromClient, type MiningFromServer } from '@sv2kit/codec';
import { ChannelClient, type Work } from '@sv2kit/mining';
import { connect, type Connection } from '@sv2kit/net';
import { onTestFinished } from 'vitest';
import type { TranslatorToV1 } from '../src/index.ts';

export interface DeviceOptions {
  readonly kind?: 'standard' | 'extended';
  readonly identity?: string;
  readonly minExtranonceSize?: number;
  readonly nominalHashRate?: number;
  /** SetupConnection flags. */
  readonly flags?: number;
  /** Names the worker of each share by extension 0x0002. */
  readonly worker?: string;
}

/** What {@link V2Device.solve} may be told. */
export interface Search {
  /** Another target than the channel's. */
  readonly target?: Uint8Array;
  /** Instead of the latest. */
  readonly work?: Work;
  /** Bits to change in the job's version. */
  readonly versionBits?: number;
  /** Hashes that are not to be found: those that meet this target. */
  readonly notBelow?: Uint8Array;
}

type Share = Extract<MiningFromClient, { type: 'SubmitSharesStandard' | 'SubmitSharesExtended' }>;
let nextNonce = 0;

/** A V2 device with one channel over an encrypted socket. */
export class V2Device {
  readonly client: ChannelClient;
  readonly told: MiningFromServer[] = [];
  closed: string | undefined;
  /** Shares that {@link V2Device.mine} has sent. */
  sent = 0;
  readonly #options: DeviceOptions;
  #connection: Connection<MiningFromClient> | undefined;

  private constructor(options: DeviceOptions) {
    const { kind = 'extended', identity = 'alice.rig1', minExtranonceSize = 2, nominalHashRate = 0.01 } = options;
    this.#options = options;
    this.client = new ChannelClient({
      requestId: 1,
      userIdentity: new TextEncoder().encode(identity),
      nominalHashRate,
      maxTarget: MAX_TARGET,
      channel: kind === 'standard' ? { kind } : { kind, minExtranonceSize },
    });
  }

  /** Connects and asks for its channel. @throws ConnectError */
  static async connect(to: TranslatorToV1, options: DeviceOptions = {}): Promise<V2Device> {
    const device = new V2Device(options);
    const connection = await connect({
      ...to.address,
      authority: to.authorityPublicKey,
      protocol: mining,
      setup: { vendor: 'Maker', hardwareVersion: 'V2', flags: device.#options.flags ?? 0 },
      extensions: { supported: options.worker === undefined ? [] : [2], required: [] },
      handler: () => ({
        onMessage: (message: MiningFromServer) => {
          device.told.push(structuredClone(message));
          device.client.receive(message, Date.now());
        },
        onClose: ({ code }) => {
          device.closed = code;
        },
      }),
    });
    device.#connection = connection;
    onTestFinished(() => connection.destroy('done'));
    device.says(device.client.openMessage());
    return device;
  }

  says(message: MiningFromClient): void {
    this.#connection?.send(message);
    this.#connection?.flush();
  }

  /** What it should mine. @throws Error when there is nothing */
  get work(): Work {
    const work = this.client.currentWork();
    if (work === undefined) throw new Error('nothing to mine');
    return work;
  }

  get prefix(): Uint8Array {
    return this.client.channel?.extranoncePrefix ?? new Uint8Array(0);
  }

  ofType<T extends MiningFromServer['type']>(type: T): Extract<MiningFromServer, { type: T }>[] {
    return this.told.filter((message): message is Extract<MiningFromServer, { type: T }> => message.type === type);
  }

  /** Finds a share, and sends it unless told otherwise. No two are the same. */
  solve({ work = this.work, target = work.target, versionBits = 0, notBelow }: Search = {}): Share {
    const { version: base, prevHash, nbits, jobId, minNtime: ntime, space } = work;
    const version = (base ^ versionBits) >>> 0;
    const rolled = space.kind === 'extended' ? new Uint8Array(space.extranonceSize) : undefined;
    for (;;) {
      nextNonce += 1;
      rolled?.fill(nextNonce & 0xff);
      const root = space.kind === 'standard' ? space.merkleRoot : rootOf(space, rolled);
      const hash = hashHeader(encodeHeader({ version, prevHash, merkleRoot: root, ntime, nbits, nonce: nextNonce }));
      if (!meetsTarget(hash, target) || (notBelow !== undefined && meetsTarget(hash, notBelow))) continue;
      const { worker } = this.#options;
      return this.client.share({
        jobId,
        nonce: nextNonce,
        ntime,
        version,
        ...(rolled && { extranonce: rolled.slice() }),
        ...(worker !== undefined && { userIdentity: new TextEncoder().encode(worker) }),
      });
    }
  }

  /** Finds shares and sends them. */
  mine(shares = 1, search?: Search): void {
    for (let count = 0; count < shares; count += 1) this.says(this.solve(search));
    this.sent += shares;
  }

  /** Shares that were acknowledged. */
  get acknowledged(): number {
    return this.ofType('SubmitSharesSuccess').reduce(
      (sum, { newSubmitsAcceptedCount }) => sum + newSubmitsAcceptedCount,
      0,
    );
  }

  /** Shares without an answer. */
  get unanswered(): number {
    return this.sent - this.acknowledged - this.refusals.length;
  }

  /** Codes of shares that were refused. */
  get refusals(): string[] {
    return this.ofType('SubmitSharesError').map(({ errorCode }) => errorCode);
  }
}

type ExtendedSpace = Extract<Work['space'], { kind: 'extended' }>;

function rootOf(space: ExtendedSpace, rolled: Uint8Array = new Uint8Array(0)): Uint8Array {
  const { coinbasePrefix, extranoncePrefix, coinbaseSuffix, merklePath } = space;
  return merkleRoot(
    sha256d(Uint8Array.of(...coinbasePrefix, ...extranoncePrefix, ...rolled, ...coinbaseSuffix)),
    merklePath,
  );
}
