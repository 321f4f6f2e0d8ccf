import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeHeader,
  hashHeader,
  MAX_TARGET,
  meetsTarget,
  merkleRoot,
  nbitsFromTarget,
  parseTransaction,
  targetFromBigint,
} from '@sv2kit/bitcoin';
import {
  mining,
  type MiningFromClient,
  type MiningFromServer,
  type SubmitSolution,
  templateDistribution,
  type TemplatesFromServer,
} from '@sv2kit/codec';
import {
  createIdentity,
  createMetrics,
  Health,
  Latencies,
  parseConfig,
  silentLogger,
  systemClock,
  writeSecretFile,
} from '@sv2kit/daemon';
import { readJournal } from '@sv2kit/ledger';
import { ChannelClient } from '@sv2kit/mining';
import { connect, ConnectError, type Connection, inlineHandshakes, type Listener, listen, serve } from '@sv2kit/net';
import { formatUrl } from '@sv2kit/noise';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createPool, type Pool, poolConfig } from '../src/index.ts';
import { NETWORK_TARGET, newTemplate, prevHash } from './templates.ts';

let folder: string;
let keyFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sv2kit-pool-'));
  keyFile = join(folder, 'authority.key');
  writeSecretFile(keyFile, 'authority-secret', randomBytes(32), []);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const identityConfig = () => ({
  staticKeyFile: undefined,
  certificateFile: undefined,
  authoritySecretFile: keyFile,
  certificateDays: 1,
});

/** A template provider over an encrypted socket, with one template of height 100. */
class Provider {
  readonly solutions: SubmitSolution[] = [];
  readonly #identity = createIdentity(identityConfig(), { clock: systemClock, log: silentLogger });
  #listener: Listener | undefined;
  #tell: ((message: TemplatesFromServer) => void) | undefined;
  templates: TemplatesFromServer[] = [newTemplate(1, 100, true), prevHash(1, 99)];

  async listen(): Promise<string> {
    const service = serve(templateDistribution, {
      accept: (connection) => {
        this.#tell = (message) => connection.send(message);
        return {
          kind: 'accept',
          handler: {
            onMessage: (message) => {
              if (message.type === 'CoinbaseOutputConstraints')
                for (const each of this.templates) connection.send(each);
              if (message.type === 'SubmitSolution')
                this.solutions.push({ ...message, coinbaseTx: message.coinbaseTx.slice() });
            },
            onClose() {},
          },
        };
      },
    });
    const identity = () => this.#identity.current();
    this.#listener = await listen({
      host: '127.0.0.1',
      port: 0,
      identity,
      services: [service],
      handshakes: inlineHandshakes(),
    });
    return formatUrl({ host: '127.0.0.1', port: this.#listener.port, authority: this.#identity.authorityPublicKey });
  }

  says(message: TemplatesFromServer): void {
    this.#tell?.(message);
  }

  async close(): Promise<void> {
    this.#identity[Symbol.dispose]();
    await this.#listener?.close();
  }
}

async function startPool(url: string, dataDir: string): Promise<Pool & { health: Health }> {
  const toml = [
    'listen = "127.0.0.1:0"',
    'chain = "regtest"',
    `data_dir = "${dataDir}"`,
    '[identity]',
    `authority_secret_file = "${keyFile}"`,
    '[[template_providers]]',
    `url = "${url}"`,
    '[coinbase]',
    'descriptor = "raw(51)"',
    '[mining]',
    'min_difficulty = 1e-12',
  ].join('\n');
  const health = new Health(systemClock);
  const fail = (error: Error) => {
    throw error;
  };
  const deps = {
    clock: systemClock,
    log: silentLogger,
    health,
    metrics: createMetrics(),
    latencies: new Latencies(),
    fail,
  };
  return Object.assign(await createPool(parseConfig(poolConfig, toml, { name: 'pool' }), deps), { health });
}

/** A miner of one channel over an encrypted socket. */
class Miner {
  readonly client: ChannelClient;
  readonly told: MiningFromServer[] = [];
  #connection: Connection<MiningFromClient> | undefined;

  private constructor(kind: 'standard' | 'extended', nominalHashRate: number) {
    const channel = kind === 'standard' ? { kind } : { kind, minExtranonceSize: 4 };
    const userIdentity = new TextEncoder().encode('alice.rig');
    this.client = new ChannelClient({
      requestId: 1,
      userIdentity,
      nominalHashRate,
      maxTarget: MAX_TARGET,
      channel,
    });
  }

  /** Connects as soon as the pool has work. */
  static async connect(pool: Pool, kind: 'standard' | 'extended', nominalHashRate = 0.4): Promise<Miner> {
    const miner = new Miner(kind, nominalHashRate);
    const handler = () => ({
      onMessage: (message: MiningFromServer) => {
        miner.told.push(structuredClone(message));
        miner.client.receive(message, Date.now());
      },
      onClose() {},
    });
    const setup = { vendor: 'Maker', hardwareVersion: 'X1' };
    await expect
      .poll(async () => {
        miner.#connection = await connect({
          ...pool.address,
          authority: pool.authorityPublicKey,
          protocol: mining,
          setup,
          handler,
        });
        return true;
      })
      .toBe(true);
    miner.says(miner.client.openMessage());
    await expect.poll(() => miner.client.currentWork()).toBeDefined();
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
    await expect.poll(() => this.told.some((message) => message.type === type)).toBe(true);
    return this.told.splice(
      this.told.findIndex((message) => message.type === type),
      1,
    )[0] as Extract<MiningFromServer, { type: T }>;
  }

  close(): void {
    this.#connection?.end('bye');
  }
}

async function provider(): Promise<{ provider: Provider; url: string }> {
  const made = new Provider();
  onTestFinished(() => made.close());
  return { provider: made, url: await made.listen() };
}

test('a share becomes a record and a Success, a block becomes a SubmitSolution and a line in the status', async () => {
  const { provider: from, url } = await provider();
  const dataDir = join(folder, 'first');
  const pool = await startPool(url, dataDir);
  const miner = await Miner.connect(pool, 'standard');
  miner.says(miner.solve('share'));
  expect(await miner.answer('SubmitSharesSuccess')).toMatchObject({
    lastSequenceNumber: 1,
    newSubmitsAcceptedCount: 1,
  });
  const block = miner.solve('block');
  miner.says(block);
  expect(await miner.answer('SubmitSharesSuccess')).toMatchObject({ lastSequenceNumber: 2 });
  await expect.poll(() => from.solutions).toHaveLength(1);
  const [solution] = from.solutions;
  expect(solution).toMatchObject({
    templateId: 1n,
    version: block.version,
    headerTimestamp: block.ntime,
    headerNonce: block.nonce,
  });

  const work = miner.client.findWork(block.jobId);
  const root = work?.space.kind === 'standard' ? work.space.merkleRoot : undefined;
  expect(merkleRoot(parseTransaction(solution?.coinbaseTx ?? new Uint8Array(0)).txid, [])).toEqual(root);
  const header = encodeHeader({
    version: block.version,
    prevHash: work?.prevHash ?? new Uint8Array(32),
    merkleRoot: root ?? new Uint8Array(32),
    ntime: block.ntime,
    nbits: work?.nbits ?? 0,
    nonce: block.nonce,
  });
  const next = prevHash(2, 100);
  from.says(newTemplate(2, 101, true));
  from.says({ ...next, prevHash: hashHeader(header) });
  await expect
    .poll(() => pool.status?.())
    .toMatchObject({
      channels: 1,
      shares: { accepted: 2, rejected: {} },
      blocksFound: 1,
      blocks: [
        {
          height: 100,
          path: 'pool-template',
          via: 'sv2-standard',
          device: 'Maker X1',
          userIdentity: 'alice.rig',
          state: 'confirmed',
        },
      ],
      templateProvider: { state: 'connected', primary: true },
      journal: { kind: 'ok' },
    });
  await expect.poll(() => pool.health.report().conditions.every(({ ok }) => ok)).toBe(true);
  await pool.close();
  const records: string[] = [];
  for await (const { record } of readJournal(join(dataDir, 'journal'))) records.push(record.type);
  expect(records).toEqual([
    'Start',
    'ChannelOpened',
    'ShareAccepted',
    'BlockStatus',
    'BlockFound',
    'ShareAccepted',
    'BlockStatus',
    'ChannelClosed',
  ]);
});

test('a share from before a restart earns nothing after it: the boot epoch in its prefix is kept on disk', async () => {
  const { provider: from, url } = await provider();
  const unreachable = targetFromBigint(1n);
  from.templates = [
    newTemplate(1, 100, true),
    { ...prevHash(1, 99), nbits: nbitsFromTarget(unreachable), target: unreachable },
  ];
  const dataDir = join(folder, 'restarted');
  const before = await startPool(url, dataDir);
  const early = await Miner.connect(before, 'standard', 1_000);
  const share = early.solve('share', unreachable);
  early.says(share);
  await early.answer('SubmitSharesSuccess');
  await before.close();

  const after = await startPool(url, dataDir);
  onTestFinished(() => after.close());
  const late = await Miner.connect(after, 'standard', 1_000);
  const [old, fresh] = [early, late].map(({ client }) => client.channel?.extranoncePrefix);
  expect(fresh).not.toEqual(old);
  const { channelId = 0 } = late.client.channel ?? {};
  late.says({ ...share, channelId, jobId: late.client.currentWork()?.jobId ?? 0 });
  expect(await late.answer('SubmitSharesError')).toMatchObject({ errorCode: 'difficulty-too-low' });
});

test('a miner that comes before there is work is told so, with the right key', async () => {
  const made = new Provider();
  made.templates = [];
  onTestFinished(() => made.close());
  const pool = await startPool(await made.listen(), join(folder, 'idle'));
  onTestFinished(() => pool.close());
  const attempt = connect({
    ...pool.address,
    authority: pool.authorityPublicKey,
    protocol: mining,
    handler: () => ({ onMessage() {}, onClose() {} }),
  });
  await expect(attempt).rejects.toThrow(ConnectError);
  await expect(attempt).rejects.toThrow('no-work-available');
  expect(pool.health.report().conditions).toContainEqual(
    expect.objectContaining({ name: 'templates', ok: false, reason: 'no template yet' }),
  );
});
