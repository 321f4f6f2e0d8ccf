import type { BlockView } from '@sv2kit/monitor';

/** What one role tells of the blocks that were found. */
export interface BlockSource {
  /** What the page calls the role. */
  readonly role: string;
  /** What the role is: pool, jd-client, translator … */
  readonly kind: string;
  readonly blocks: readonly BlockView[];
}

/** A block, once, with all that is known of it anywhere. */
export interface FoundBlock extends Omit<BlockView, 'part'> {
  /** The roles that know it, in the order in which they were asked. */
  readonly seenBy: readonly string[];
  /** Roles that disagree with the status, and with what: a block is in one chain and not in the other. */
  readonly disputedBy: readonly { readonly role: string; readonly status: BlockView['status'] }[];
}

interface Telling {
  readonly role: string;
  readonly kind: string;
  readonly block: BlockView;
}

/** Who knows best what became of a block, and what it was worth: the side that pays before the side that is paid. */
const ACCOUNTS = ['pool', 'jd-client', 'jd-server', 'template-provider', 'translator-to-v1', 'translator'];
/** Who knows best which device it was: the nearer to it, the better. */
const NEARNESS = ['translator', 'translator-to-v1', 'jd-client', 'pool', 'jd-server', 'template-provider'];

/** How much a status says: a node took the block, or left it alone. What the chain says is above all of them. */
const WEIGHT: Readonly<Record<BlockView['status'], number>> = {
  found: 0,
  submitted: 1,
  rejected: 2,
  accepted: 3,
  confirmed: 4,
  matured: 5,
  orphaned: 4,
};
const CHAIN_SAYS = 4;

/** The blocks of all roles, each once, the latest first. */
export function mergeBlocks(sources: readonly BlockSource[]): readonly FoundBlock[] {
  const byHash = new Map<string, Telling[]>();
  for (const { role, kind, blocks } of sources) {
    for (const block of blocks) {
      const told = byHash.get(block.hash) ?? [];
      told.push({ role: block.part ?? role, kind: block.part ?? kind, block });
      byHash.set(block.hash, told);
    }
  }
  return buried([...byHash.values()].map(merge).sort(latestFirst));
}

/** A block has at least as many confirmations as the blocks of the chain that were found here let count. */
function buried(blocks: readonly FoundBlock[]): readonly FoundBlock[] {
  const inChain = ({ status }: FoundBlock): boolean => status === 'confirmed' || status === 'matured';
  const tip = Math.max(-1, ...blocks.filter(inChain).map(({ height }) => height ?? -1));
  return blocks.map((block) => {
    if (!inChain(block) || block.height === undefined) return block;
    return { ...block, confirmations: Math.max(block.confirmations ?? 0, tip - block.height + 1) };
  });
}

function latestFirst(a: FoundBlock, b: FoundBlock): number {
  return (b.height ?? -1) - (a.height ?? -1) || b.foundAtMs - a.foundAtMs || (a.hash < b.hash ? -1 : 1);
}

function merge(told: readonly Telling[]): FoundBlock {
  const accounts = byRank(told, ACCOUNTS);
  const near = byRank(told, NEARNESS);
  const verdict = verdictOf(accounts);
  const { status, by } = verdict.block;
  const agreeing = told.filter(({ block }) => block.status === status);
  const confirmations = Math.max(-1, ...agreeing.map(({ block }) => block.confirmations ?? -1));
  const isOut = status === 'orphaned' || status === 'rejected';
  const reason = isOut ? verdict.block.reason : undefined;
  const [nearest] = near.filter(({ block }) => block.worker !== undefined || block.user !== undefined);
  const facts = {
    height: first(accounts, ({ height }) => height),
    by,
    reason,
    confirmations: confirmations < 0 ? undefined : confirmations,
    user: nearest?.block.user,
    worker: nearest?.block.worker,
    path: first(accounts, ({ path }) => (path === 'upstream' ? undefined : path)) ?? first(accounts, (b) => b.path),
    via: first(near, ({ via }) => via),
    revenue: first(accounts, ({ revenue }) => revenue),
    effort: first(accounts, ({ effort }) => effort),
    luck: first(accounts, ({ luck }) => luck),
  };
  return {
    hash: verdict.block.hash,
    status,
    foundAtMs: Math.min(...told.map(({ block }) => block.foundAtMs)),
    ...known(facts),
    seenBy: [...new Set(told.map(({ role }) => role))],
    disputedBy: disputes(told, status),
  };
}

/** Of what the chain says the word of the first in rank, and the furthest on its side; else the furthest of all. */
function verdictOf(ranked: readonly Telling[]): Telling {
  const furthest = (some: readonly Telling[]): Telling =>
    some.reduce((best, one) => (WEIGHT[one.block.status] > WEIGHT[best.block.status] ? one : best));
  const decided = ranked.filter(({ block }) => WEIGHT[block.status] >= CHAIN_SAYS);
  const [word] = decided;
  if (word === undefined) return furthest(ranked);
  return furthest(decided.filter(({ block }) => isOrphan(block) === isOrphan(word.block)));
}

function isOrphan({ status }: BlockView): boolean {
  return status === 'orphaned';
}

function disputes(told: readonly Telling[], status: BlockView['status']): FoundBlock['disputedBy'] {
  if (WEIGHT[status] < CHAIN_SAYS) return [];
  return told
    .filter(({ block }) => WEIGHT[block.status] >= CHAIN_SAYS && isOrphan(block) !== (status === 'orphaned'))
    .map(({ role, block }) => ({ role, status: block.status }));
}

function byRank(told: readonly Telling[], ranks: readonly string[]): readonly Telling[] {
  const rank = ({ kind }: Telling): number => {
    const at = ranks.indexOf(kind);
    return at < 0 ? ranks.length : at;
  };
  return [...told].sort((a, b) => rank(a) - rank(b));
}

function first<T>(told: readonly Telling[], read: (block: BlockView) => T | undefined): T | undefined {
  for (const { block } of told) {
    const value = read(block);
    if (value !== undefined) return value;
  }
  return undefined;
}

type Known<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
/** Without what is not known. */
function known<T extends object>(facts: T): Known<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<T>;
}
