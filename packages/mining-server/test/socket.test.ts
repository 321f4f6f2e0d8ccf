import { mining, type MiningFromServer, type MiningFromClient, MINING_PROTOCOL } from '@sv2kit/codec';
import { ChannelClient } from '@sv2kit/mining';
import { connect, type Connection, listen } from '@sv2kit/net';
import { expect, test } from 'vitest';
import { bytes, HASHRATE, MAX_TARGET, NOW, rig, solve, template, tip } from './support.ts';

/** A miner on a real socket, and a way to await what it is told. */
class SocketMiner {
  readonly client = new ChannelClient({
    requestId: 1,
    userIdentity: bytes(3, 65),
    nominalHashRate: HASHRATE,
    maxTarget: MAX_TARGET,
    channel: { kind: 'extended', minExtranonceSize: 4 },
  });
  readonly #told: MiningFromServer[] = [];
  #wake: () => void = () => {};
  closed: string | undefined;
  connection: Connection<MiningFromClient> | undefined;

  onMessage(message: MiningFromServer): void {
    this.#told.push(structuredClone(message));
    this.client.receive(message, NOW);
    this.#wake();
  }

  onClose({ code }: { code: string }): void {
    this.closed = code;
    this.#wake();
  }

  /** The next message of a type. */
  async told<T extends MiningFromServer['type']>(type: T): Promise<Extract<MiningFromServer, { type: T }>> {
    for (;;) {
      const index = this.#told.findIndex((message) => message.type === type);
      if (index >= 0) return this.#told.splice(index, 1)[0] as Extract<MiningFromServer, { type: T }>;
      if (this.closed !== undefined) throw new Error(`closed: ${this.closed}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  says(message: MiningFromClient): void {
    this.connection?.send(message);
    this.connection?.flush();
  }
}

async function connected(port: number): Promise<SocketMiner> {
  const miner = new SocketMiner();
  const setup = {
    protocol: MINING_PROTOCOL,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    vendor: 'test',
    hardwareVersion: '',
    firmware: '',
    deviceId: '',
  };
  miner.connection = await connect({
    host: '127.0.0.1',
    port,
    security: 'plain',
    protocol: mining,
    setup,
    handler: () => miner,
  });
  miner.says(miner.client.openMessage());
  await miner.told('SetNewPrevHash');
  return miner;
}

test('over a socket, a share for a job long gone, for an unknown job or for no channel gets a clear answer each, and others do not notice', async () => {
  const { server, journal, settle } = rig();
  await using listener = await listen({ host: '127.0.0.1', port: 0, services: [server.service] });
  const [miner, other] = [await connected(listener.port), await connected(listener.port)];
  const { channelId } = miner.client.channel ?? { channelId: 0 };
  const old = solve(miner.client);
  for (let height = 2; height < 40; height += 1) {
    server.activate(template(height), tip(height));
    await settle();
  }
  miner.says(old);
  expect(await miner.told('SubmitSharesError')).toEqual({
    type: 'SubmitSharesError',
    channelId,
    sequenceNumber: 1,
    errorCode: 'stale-share',
  });
  miner.says({ ...old, jobId: 0xffffffff });
  expect(await miner.told('SubmitSharesError')).toMatchObject({ errorCode: 'invalid-job-id' });
  miner.says({ ...old, channelId: 77 });
  expect(await miner.told('SubmitSharesError')).toMatchObject({ channelId: 77, errorCode: 'invalid-channel-id' });
  while (other.client.currentWork()?.prevHash[0] !== 39) await other.told('SetNewPrevHash');
  other.says(solve(other.client));
  await expect.poll(() => journal.of('ShareAccepted').length).toBe(1);
  journal.sync();
  await server.close();
});
