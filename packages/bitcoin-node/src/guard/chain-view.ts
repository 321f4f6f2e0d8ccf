import { displayHash } from '@sv2kit/bitcoin';
import { isRecord } from '../rpc/answer.ts';
import type { KnownBlock } from '../rpc/chain-check.ts';
import { Fields } from '../rpc/fields.ts';
import type { RpcCaller } from '../rpc/rpc-client.ts';
import { RpcError, type RpcErrorCode } from '../rpc/rpc-error.ts';

/** A known block, and what the node has at its height. Hashes as the node shows them. */
interface KnownPlace {
  readonly height: number;
  readonly expected: string;
  readonly actual: string;
}

/** A branch that the node calls invalid. */
export interface InvalidBranch {
  readonly height: number;
  /** Of its last block, as the node shows it. */
  readonly hash: string;
  /** Height of the last block that it shares with the best chain. */
  readonly forkHeight: number;
  /** Of the first block that the node has of its own behind that one, unix seconds; undefined where it was not asked. */
  readonly forkTime: number | undefined;
  /** Undefined where the node does not say. */
  readonly work: bigint | undefined;
}

/** What a node says of its chain, its clock and its peers. */
export interface ChainView {
  readonly chain: string;
  readonly blocks: number;
  readonly headers: number;
  /** It is far behind by its own account, and gives no templates on a public chain. */
  readonly isDownloading: boolean;
  readonly work: bigint | undefined;
  /** Known blocks that its chain is high enough for. */
  readonly known: readonly KnownPlace[];
  /** Undefined when that was not asked for or not to be had. */
  readonly invalid: readonly InvalidBranch[] | undefined;
  /** Heights that peers said they had when the node connected to them; those that came by themselves do not count. */
  readonly peerHeights: readonly number[];
  /** Heights of the last headers that the node has in common with the same peers. */
  readonly peerHeaders: readonly number[];
  /** Of the node's machine, unix ms, at the time of the answer; undefined where it does not say. */
  readonly nodeTimeMs: number | undefined;
  /** By how many seconds peers' clocks are ahead of the node's. */
  readonly peerOffsets: readonly number[];
}

export interface Asking {
  readonly blocks: readonly KnownBlock[];
  /** Whether branches are asked for: the node looks through all blocks that it knows. */
  readonly withBranches: boolean;
  readonly signal: AbortSignal;
}

const ANSWERS: ReadonlySet<RpcErrorCode> = new Set(['rpc', 'forbidden', 'malformed']);
/** Invalid branches that are looked at, the highest first. */
const BRANCHES = 4;

/**
 * Asks a node for all that there is to know.
 *
 * @throws RpcError, IpcError when it does not say which chain it is on
 */
export async function readChain(caller: RpcCaller, { blocks, withBranches, signal }: Asking): Promise<ChainView> {
  const method = 'getblockchaininfo';
  const raw = await caller.call(method, [], { signal });
  const info = new Fields(method, raw);
  const best = info.integer('blocks');
  const known: KnownPlace[] = [];
  for (const { height, hash } of blocks) {
    if (height > best) continue;
    const actual = await caller.call('getblockhash', [height], { signal });
    known.push({ height, expected: displayHash(hash), actual: String(actual) });
  }
  const peers = await optional(() => readPeers(caller, signal));
  const invalid = withBranches ? await optional(() => readInvalid(caller, signal)) : undefined;
  // Last, so that it is young.
  const totals = await optional(() => caller.call('getnettotals', [], { signal }));
  return {
    chain: info.text('chain'),
    blocks: best,
    headers: info.integer('headers'),
    isDownloading: isRecord(raw) && raw['initialblockdownload'] === true,
    work: workOf(raw),
    known,
    invalid,
    nodeTimeMs: isRecord(totals) ? timeOf(totals['timemillis']) : undefined,
    peerHeights: peers?.heights ?? [],
    peerHeaders: peers?.headers ?? [],
    peerOffsets: peers?.offsets ?? [],
  };
}

async function readInvalid(caller: RpcCaller, signal: AbortSignal): Promise<readonly InvalidBranch[]> {
  const tips = listOf(await caller.call('getchaintips', [], { signal }));
  const branches = tips
    .filter((tip) => tip['status'] === 'invalid')
    .map((tip) => ({ height: numberOf(tip['height']), length: numberOf(tip['branchlen']), hash: String(tip['hash']) }))
    .toSorted((a, b) => b.height - a.height)
    .slice(0, BRANCHES);
  return await Promise.all(
    branches.map(async ({ height, length, hash }) => {
      const forkHeight = height - length;
      const header = await optional(() => caller.call('getblockheader', [hash, true], { signal }));
      return { height, hash, forkHeight, work: workOf(header), forkTime: await timeAt(caller, forkHeight, signal) };
    }),
  );
}

async function timeAt(caller: RpcCaller, height: number, signal: AbortSignal): Promise<number | undefined> {
  return await optional(async () => {
    const hash = await caller.call('getblockhash', [height], { signal });
    return new Fields('getblockheader', await caller.call('getblockheader', [hash, true], { signal })).integer('time');
  });
}

async function readPeers(caller: RpcCaller, signal: AbortSignal) {
  const peers = listOf(await caller.call('getpeerinfo', [], { signal })).filter((peer) => peer['inbound'] === false);
  return {
    heights: peers.map((peer) => numberOf(peer['startingheight'])).filter((height) => height > 0),
    headers: peers.map((peer) => numberOf(peer['synced_headers'])).filter((height) => height >= 0),
    offsets: peers.map((peer) => peer['timeoffset']).filter((offset) => typeof offset === 'number'),
  };
}

/** Nothing where the node answers that it does not answer this: it may be too old, or forbid it. */
async function optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RpcError && ANSWERS.has(error.code)) return undefined;
    throw error;
  }
}

function listOf(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(answer) ? answer.filter(isRecord) : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : -1;
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

function workOf(answer: unknown): bigint | undefined {
  const hex = isRecord(answer) ? answer['chainwork'] : undefined;
  return typeof hex === 'string' && /^[0-9a-f]{1,64}$/.test(hex) ? BigInt(`0x${hex}`) : undefined;
}
