import type { ChainView, InvalidBranch } from './chain-view.ts';

/** What a node has to be for its templates to be mined on. */
export interface ChainRules {
  /** Blocks that it may be behind the headers that it has, its peers, or a branch that it calls invalid. */
  readonly mostBlocksBehind: number;
}

/** Why a node is not mined on, for a person. */
export interface Refusal {
  readonly as: 'wrong-chain' | 'behind';
  readonly reason: string;
}

/** What fewer peers say proves nothing: one of two, or the only one, may lie to have the node refused. */
export const LEAST_PEERS = 3;

/** Of the main chain, seconds. Elsewhere blocks come when somebody likes. */
const BLOCK_SECONDS = 600;
/**
 * A chain that has so few blocks after so many were due has lost its miners: that many missing without one found has a
 * chance of 1 in a million, and a hashrate that falls to a quarter within two weeks has not been seen.
 */
const DUE_BLOCKS = 14;
const DUE_PER_BLOCK = 4;

/**
 * Whether a node is on the chain that is meant, and up with it. A node on the wrong side of a split looks healthy, so that
 * what tells it is asked for: blocks that somebody has named, branches that it calls invalid, headers and peers.
 *
 * @param now unix seconds
 */
export function judgeChain(view: ChainView, rules: ChainRules, now: number): Refusal | undefined {
  const wrong = wrongBlock(view);
  if (wrong !== undefined || view.isDownloading) return wrong;
  return betterInvalid(view, rules) ?? deserted(view, now) ?? behind(view, rules);
}

/** Whether a block that was seen is the known one of its height. Hashes as the node shows them. */
export function judgeSight(height: number, actual: string, expected: string): Refusal | undefined {
  return wrongBlock({ known: [{ height, expected, actual }] });
}

function wrongBlock({ known }: Pick<ChainView, 'known'>): Refusal | undefined {
  const wrong = known.find(({ expected, actual }) => expected !== actual);
  if (wrong === undefined) return undefined;
  const { height, expected, actual } = wrong;
  return refusal(`its block ${height} is ${actual}, not the one of chain_guard.blocks`, expected);
}

/** One invalid block is found now and then, and everybody waits for the next valid one: it takes several. */
function betterInvalid(view: ChainView, { mostBlocksBehind }: ChainRules): Refusal | undefined {
  const better = contested(view).find(
    ({ height, work }) => height - view.blocks > mostBlocksBehind && isMore(work, view.work),
  );
  if (better === undefined) return undefined;
  const { height, hash, forkHeight } = better;
  const ahead = height - view.blocks;
  const text = `it calls a branch invalid that has more work, and is ${ahead} blocks ahead (from ${forkHeight + 1} to ${height})`;
  return refusal(text, hash);
}

/** Nodes learn of one block of a branch that they call invalid, not of those that follow; the miners are gone with it. */
function deserted(view: ChainView, now: number): Refusal | undefined {
  if (view.chain !== 'main') return undefined;
  for (const { forkHeight, forkTime, hash } of contested(view)) {
    if (forkTime === undefined) continue;
    const due = Math.floor((now - forkTime) / BLOCK_SECONDS);
    const found = view.blocks - forkHeight;
    if (due < DUE_BLOCKS + DUE_PER_BLOCK * found) continue;
    const text = `it calls a branch invalid that parts from its own at ${forkHeight + 1}, and has found ${found} of about ${due} blocks since`;
    return refusal(text, hash);
  }
  return undefined;
}

/** Invalid branches that no known block has decided about. */
function contested({ known, invalid = [] }: ChainView): readonly InvalidBranch[] {
  const decided = Math.max(-1, ...known.map(({ height }) => height));
  return invalid.filter(({ forkHeight }) => forkHeight >= decided);
}

function behind(view: ChainView, { mostBlocksBehind }: ChainRules): Refusal | undefined {
  const { blocks, headers, peerHeights } = view;
  const by = headers - blocks;
  if (by > mostBlocksBehind && !isFed(view, mostBlocksBehind)) {
    return { as: 'behind', reason: `it is at block ${blocks}, ${by} blocks behind the headers it has` };
  }
  const claimed = peerHeights.length < LEAST_PEERS ? undefined : median(peerHeights);
  if (claimed === undefined || claimed - blocks <= mostBlocksBehind) return undefined;
  return { as: 'behind', reason: `it is at block ${blocks}, ${claimed - blocks} blocks behind its peers` };
}

/**
 * Whether most peers have not those headers: one peer may send some whose blocks nobody has, which costs next to nothing
 * on test networks. A node that catches up asks all of its peers for theirs.
 */
function isFed({ blocks, peerHeaders }: ChainView, mostBlocksBehind: number): boolean {
  const common = peerHeaders.length < LEAST_PEERS ? undefined : median(peerHeaders);
  return common !== undefined && common >= blocks && common - blocks <= mostBlocksBehind;
}

function refusal(what: string, hash: string): Refusal {
  const remedy =
    `if it is wrong, mend its software and run "bitcoin-cli reconsiderblock ${hash}"; if it is right, name a block of its ` +
    'side in chain_guard.blocks';
  return { as: 'wrong-chain', reason: `${what}; ${remedy}` };
}

function isMore(work: bigint | undefined, than: bigint | undefined): boolean {
  return work === undefined || than === undefined || work > than;
}

/** The lower of two in the middle. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}
