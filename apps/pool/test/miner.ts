import { encodeHeader, hashHeader, MAX_TARGET, meetsTarget } from '@sv2kit/bitcoin';
import { mining, type MiningFromClient, type MiningFromServer } from '@sv2kit/codec';
import { ChannelClient } from '@sv2kit/mining';
import { connect, type Connection } from '@sv2kit/net';
import type { Pool } from '../src/index.ts';
import { eventually } from './support.ts';
import { NETWORK_TARGET } from './templates.ts';

/** A miner of one channel over an encrypted socket. */
export class Miner {
  readonly client: ChannelClient;
  readonly told: MiningFromServer[] = [];
  #connection: Connection<MiningFromClient> | undefined;

  private constructor(kind: 'standard' | 'extended', nominalHashRate: number, user: string) {
    const channel = kind === 'standard' ? { kind } : { kind, minExtranonceSize: 4 };
    const userIdentity = new TextEncoder().encode(user);
    this.client = new ChannelClient({
      requestId: 1,
      userIdentity,
      nominalHashRate,
      maxTarget: MAX_TARGET,
      channel,
    });
  }

  /** Connects as soon as the pool has work. */
  static async connect(
    pool: Pool,
    kind: 'standard' | 'extended',
    nominalHashRate = 0.4,
    user = 'alice.rig',
  ): Promise<Miner> {
    const miner = new Miner(kind, nominalHashRate, user);
    const handler = () => ({
      onMessage: (message: MiningFromServer) => {
        miner.told.push(structuredClone(message));
        miner.client.receive(message, Date.now());
      },
      onClose() {},
    });
    const setup = { vendor: 'Maker', hardwareVersion: 'X1' };
    await eventually(async () => {
      miner.#connection = await connect({
        ...pool.address,
        authority: pool.authorityPublicKey,
        protocol: mining,
        setup,
        handler,
      });
      return true;
    }).toBe(true);
    miner.says(miner.client.openMessage());
    await eventually(() => miner.client.currentWork()).toBeDefined();
    return miner;
  }

  says(message: MiningFromClient): void {
    this.#connection?.send(message);
    this.#connection?.flush();
  }

  /** Finds a block, or a share that is none. */
  solve(wanted: 'block' | 'share', blockTarget = NETWORK_TARGET) {
    const work = this.client.currentWork();
    if (work?.space.kind !== 'standard') throw new Error('no standard work');
    const { version, prevHash: parent, nbits, jobId, space, target } = work;
    const { merkleRoot: root } = space;
    const ntime = work.minNtime + 100;
    for (let nonce = 0; ; nonce += 1) {
      const hash = hashHeader(encodeHeader({ version, prevHash: parent, merkleRoot: root, ntime, nbits, nonce }));
      const isBlock = meetsTarget(hash, blockTarget);
      if (isBlock === (wanted === 'block') && (isBlock || meetsTarget(hash, target))) {
        return this.client.share({ jobId, nonce, ntime, version });
      }
    }
  }

  async answer<T extends 'SubmitSharesSuccess' | 'SubmitSharesError'>(type: T) {
    await eventually(() => this.told.some((message) => message.type === type)).toBe(true);
    return this.told.splice(
      this.told.findIndex((message) => message.type === type),
      1,
    )[0] as Extract<MiningFromServer, { type: T }>;
  }

  close(): void {
    this.#connection?.end('bye');
  }
}
