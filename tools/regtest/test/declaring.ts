// A pool with its job declarator server, and a job declarator client with a node of its own: what scenarios of job
// declaration start from.
import type { JdClient } from '@sv2kit/jd-client';
import type { JdServer } from '@sv2kit/jd-server';
import type { Pool } from '@sv2kit/pool';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { expect } from 'vitest';
import {
  eventually,
  type JdClientWishes,
  Lab,
  type ManInTheMiddle,
  type NodeDoor,
  type NodeOptions,
  PAYOUT_SCRIPT,
  type PoolWishes,
  type RoleHere,
  type ShownBlock,
  type TestChannel,
  TestMiner,
  type TestNode,
  type UpstreamPair,
} from '../src/index.ts';

/** Blocks until the first rewards can be spent. */
const MATURE = 110;
const HALVING = 150;
const COIN = 1e8;
const NOT_FINAL = 0xffff_fffe;
/** On regtest every hash is a share, of the miner's as well as of the pool's channel; on signet one of 430. */
const EASE = {
  regtest: { minDifficulty: 1e-12, sharesPerMinute: 1e6 },
  signet: { minDifficulty: 1e-7, sharesPerMinute: 1e6 },
} as const;

/** A pool, its job declarator server, and a man in the middle before each. The roles end with it. */
export interface Pair extends AsyncDisposable {
  readonly pool: RoleHere<Pool>;
  readonly jds: RoleHere<JdServer>;
  readonly beforePool: ManInTheMiddle;
  readonly beforeJds: ManInTheMiddle;
  /** Through the men in the middle. */
  readonly upstream: UpstreamPair;
  /** What the pool was started with, for another one in its place. */
  readonly wishes: PoolWishes;
}

export interface PairWishes {
  /** Differs among the pairs of a lab. */
  readonly name?: string;
  readonly mode?: 'full-template' | 'coinbase-only';
  readonly pool?: Partial<PoolWishes>;
  /** Whether both are one process: no token key, no connection between them. */
  readonly together?: boolean;
}

/** Two nodes that know each other, and a template provider at each. */
export interface Scene extends AsyncDisposable {
  readonly lab: Lab;
  readonly miners: TestNode;
  readonly poolsProvider: RoleHere<TemplateProvider>;
  readonly minersProvider: RoleHere<TemplateProvider>;
}

/** On regtest half of all hashes are blocks and rewards can be spent; on signet nobody ever finds a block. */
export async function openScene(chain: 'regtest' | 'signet' = 'regtest', options: NodeOptions = {}): Promise<Scene> {
  const lab = await Lab.open(chain, options);
  try {
    if (chain === 'regtest') await lab.node.mine(MATURE);
    const miners = await lab.minersNode();
    const poolsProvider = await lab.templateProvider();
    const minersProvider = await lab.templateProvider({ node: miners, dataDir: `${lab.folder}/miners-provider` });
    return { lab, miners, poolsProvider, minersProvider, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

export async function startPair({ lab, poolsProvider }: Scene, wishes: PairWishes = {}): Promise<Pair> {
  const { name = 'pair', mode = 'full-template', together = false } = wishes;
  const tokenKeyFile = `${lab.folder}/${name}-token.key`;
  const jds = await lab.jdServer({
    tokenKeyFile,
    dataDir: `${lab.folder}/${name}-jds`,
    node: mode === 'coinbase-only' ? undefined : doorOfJds(lab.node, poolsProvider),
  });
  const poolWishes: PoolWishes = {
    ...EASE[lab.node.chain],
    templateProviders: [lab.url(poolsProvider)],
    // The first job's shares are as easy as those of later ones.
    assumedHashrate: 1_000,
    ...(together ? { submitsToNode: false } : { tokenKeyFile, jobDeclarators: [lab.url(jds)] }),
    dataDir: `${lab.folder}/${name}-pool`,
    ...wishes.pool,
  };
  const pool = await lab.workingPool(poolWishes, together ? jds.service : undefined);
  const beforePool = await lab.beforePool(pool.service.address.port);
  const beforeJds = await lab.beforeJdServer(jds.service.address.port);
  const upstream = { poolUrl: lab.url(beforePool), jdsUrl: lab.url(beforeJds), mode };
  const close = async (): Promise<void> => void (await Promise.all([pool.close(), jds.close()]));
  return { pool, jds, beforePool, beforeJds, upstream, wishes: poolWishes, [Symbol.asyncDispose]: close };
}

/** A node that takes no whole blocks over IPC gets them by RPC, as its operator is told. */
function doorOfJds(node: TestNode, provider: RoleHere<TemplateProvider>): NodeDoor {
  const [{ takesBlocks } = { takesBlocks: false }] = provider.status()['nodes'] as readonly { takesBlocks: boolean }[];
  return node.backEnd === 'ipc' && !takesBlocks ? node.door({ backEnd: 'ipc+rpc' }) : node;
}

let clients = 0;

/** With work for miners; for its best pair as soon as it can. */
export async function startClient(
  { lab, minersProvider }: Scene,
  upstreams: readonly UpstreamPair[],
  wishes: Partial<JdClientWishes> = {},
): Promise<RoleHere<JdClient>> {
  clients += 1;
  const dataDir = `${lab.folder}/jdc-${clients}`;
  const client = await lab.jdClient({
    ...EASE[lab.node.chain],
    templateProviders: [lab.url(minersProvider)],
    upstreams,
    dataDir,
    ...wishes,
  });
  await lab.clock.until(500, client.condition('templates', true));
  const isDecided = (): true | undefined => ((client.status()['work'] as Work).kind === 'waiting' ? undefined : true);
  await lab.clock.until(500, eventually('the client to know for whom it mines', isDecided));
  return client;
}

/** A miner of the client's that does what it is told. */
export async function minerOf(client: RoleHere<JdClient>): Promise<TestMiner> {
  const { address, authorityPublicKey } = client.service;
  return await TestMiner.connect({ port: address.port, authority: authorityPublicKey });
}

interface Work {
  readonly kind: 'waiting' | 'pooled' | 'solo';
}

/** Resolves when it mines for a pool, or for nobody else, and with what it says of that. @throws DeadlineError */
export function workingAs({ lab }: Scene, client: RoleHere<JdClient>, kind: 'pooled' | 'solo'): Promise<Work> {
  const look = (): Work | undefined => {
    const work = client.status()['work'] as Work | undefined;
    return work?.kind === kind ? work : undefined;
  };
  return lab.clock.until(
    500,
    eventually(`the client to mine ${kind}`, look, () => JSON.stringify(client.status())),
  );
}

/** A block on a job of the miner's own: everything goes to the pool, and it is ready for BIP54. */
export function expectPaid({ height, tx: [coinbase] }: ShownBlock, fees = 0n): void {
  const subsidy = 50 / 2 ** Math.floor(height / HALVING);
  expect(coinbase).toMatchObject({ locktime: height - 1, vin: [{ sequence: NOT_FINAL }] });
  const [payout, ...others] = coinbase?.vout ?? [];
  expect(payout).toMatchObject({ value: subsidy + Number(fees) / COIN, scriptPubKey: { hex: PAYOUT_SCRIPT } });
  expect(others.map(({ value }) => value)).toEqual(others.map(() => 0));
}

/** How a role says that the block of a hash was found. @throws DeadlineError */
export async function pathOf(role: RoleHere<Pool> | RoleHere<JdClient>, hash: string): Promise<string> {
  const blocks = () => role.status()['blocks'] as readonly { readonly hash: string; readonly path: string }[];
  const found = await eventually(
    `block ${hash} in the status of the ${role.name}`,
    () => blocks().find((block) => block.hash === hash),
    () => `it has ${JSON.stringify(blocks())}`,
  );
  return found.path;
}

/** Shares that the pool has accepted so far. */
export const acceptedBy = (pool: RoleHere<Pool>): number =>
  (pool.status()['shares'] as { readonly accepted: number }).accepted;

/** Resolves when the pool has accepted more shares than so many. @throws DeadlineError */
export function moreShares({ lab }: Scene, pool: RoleHere<Pool>, than: number): Promise<number> {
  const look = () => (acceptedBy(pool) > than ? acceptedBy(pool) : undefined);
  return lab.clock.until(500, eventually(`more than ${than} shares accepted by the pool`, look));
}

const same = (a: unknown, b: unknown): boolean => Buffer.compare(a as Uint8Array, b as Uint8Array) === 0;

/**
 * Resolves when the pool has acknowledged a job of so many transactions: what the miners of the client have then is that
 * job or a later one. @throws DeadlineError
 */
export async function acknowledged({ lab }: Scene, { beforeJds, beforePool }: Pair, count: number): Promise<void> {
  const following = async (): Promise<void> => {
    const { message: declared } = await beforeJds.message(
      'DeclareMiningJob',
      ({ message }) => (message['wtxidList'] as readonly unknown[]).length === count,
    );
    const { message: answered } = await beforeJds.message(
      'DeclareMiningJobSuccess',
      ({ message }) => message['requestId'] === declared['requestId'],
    );
    const { message: proposed } = await beforePool.message('SetCustomMiningJob', ({ message }) =>
      same(message['miningJobToken'], answered['newMiningJobToken']),
    );
    await beforePool.message(
      'SetCustomMiningJobSuccess',
      ({ message }) => message['requestId'] === proposed['requestId'],
    );
  };
  await lab.clock.until(1_000, following());
}

/** The newest work, once the client mines for the pool. */
export async function pooledChannel(scene: Scene, client: RoleHere<JdClient>, miner: TestMiner): Promise<TestChannel> {
  const channel = await miner.open('extended', { minExtranonceSize: 4 });
  await workingAs(scene, client, 'pooled');
  return channel;
}
