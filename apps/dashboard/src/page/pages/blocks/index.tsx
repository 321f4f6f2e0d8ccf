import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PageProps } from '../../app/pages.ts';
import { serverNow } from '../../data/clock.ts';
import { havingResource, type KnownRole, useKnownRoles } from '../../data/roles.ts';
import { useEventLog } from '../../data/events.ts';
import { useResources } from '../../data/resource.ts';
import { type Snapshot, valueOf } from '../../data/snapshot.ts';
import type { BlockView, Listing } from '../../data/views.ts';
import { Pager, Segments } from '../../parts/choose.tsx';
import { Away, Loading } from '../../parts/known.tsx';
import { Empty, PageHead, Panel } from '../../parts/panel.tsx';
import { BlockTable } from './block-table.tsx';
import { foundLately } from './found-lately.ts';
import { type FoundBlock, mergeBlocks } from './merge-blocks.ts';
import { Sums } from './sums.tsx';
import './blocks.css';

const FIRST = 100;
const MOST = 1000;
const ROWS = 25;
type Kept = 'all' | 'under way' | 'in the chain' | 'lost';
const FILTERS: Readonly<Record<Kept, readonly BlockView['status'][]>> = {
  all: ['found', 'submitted', 'accepted', 'confirmed', 'matured', 'orphaned', 'rejected'],
  'under way': ['found', 'submitted', 'accepted'],
  'in the chain': ['confirmed', 'matured'],
  lost: ['orphaned', 'rejected'],
};
const CHOICES = (Object.keys(FILTERS) as Kept[]).map((value) => ({ value, label: value }));

/** `#/blocks`: the blocks that were found, over all roles, each once. `?hash=` marks one. */
export function Page({ route }: PageProps) {
  const [limit, setLimit] = useState(FIRST);
  const [kept, setKept] = useState<Kept>('all');
  const [offset, setOffset] = useState<number>();
  const known = useKnownRoles();
  const roles = havingResource(known, 'blocks');
  const lists = useResources<Listing<BlockView>>(roles, `blocks?limit=${limit}`);
  const values = lists.map(valueOf);
  const events = useEventLog();
  const blocks = useMemo(() => {
    const told = roles.map(({ name, kind }, at) => ({ role: name, kind, blocks: values[at]?.items ?? [] }));
    return mergeBlocks([...told, ...foundLately(events, told)]);
  }, [events, ...values]);
  const fresh = useFresh(blocks);
  const isLoading = known.some(isUnread) || known.length === 0 || lists.some(({ state }) => state === 'loading');
  const shown = blocks.filter(({ status }) => FILTERS[kept].includes(status));
  const hasMore = limit < MOST && values.some((list) => list !== undefined && list.total > list.items.length);
  const marked = route.query.get('hash') ?? undefined;
  useEffect(() => setOffset(undefined), [marked]);
  const markedAt = shown.findIndex(({ hash }) => hash === marked);
  const from = Math.min(offset ?? Math.max(0, markedAt - (markedAt % ROWS)), Math.max(0, shown.length - 1));
  const page = shown.slice(from, from + ROWS);
  const choose = (value: Kept) => {
    setKept(value);
    setOffset(0);
  };
  return (
    <>
      <PageHead
        title="Blocks"
        aside={blocks.length > 0 && <Segments label="Which blocks" value={kept} of={CHOICES} onChoose={choose} />}
      />
      {lists.map((list, at) => (
        <Trouble key={roles[at]?.name} of={list} who={roles[at]?.name ?? ''} />
      ))}
      {blocks.length > 0 && <Sums blocks={blocks} isAll={!hasMore} />}
      <Panel title="Found blocks">
        {shown.length > 0 && <BlockTable blocks={page} fresh={fresh} {...(marked !== undefined && { marked })} />}
        {shown.length === 0 && isLoading && <Loading what="the blocks" />}
        {shown.length === 0 && !isLoading && (
          <Empty>
            {blocks.length > 0
              ? `None of ${blocks.length} blocks is ${kept}.`
              : 'No block was found yet. One appears here the moment a device finds it, with who found it and what it pays.'}
          </Empty>
        )}
        <Pager offset={from} limit={ROWS} total={shown.length} onPage={setOffset} />
        {hasMore && from + ROWS >= shown.length && (
          <p class="more">
            <button type="button" onClick={() => setLimit(Math.min(MOST, limit * 3))}>
              Show older blocks
            </button>
          </p>
        )}
      </Panel>
    </>
  );
}

/** A role that answers, and has not yet said what it has. */
const isUnread = ({ state, info }: KnownRole): boolean => state === 'reachable' && info === undefined;

/** A role that cannot be asked: its blocks may be missing, or not be what they are. */
function Trouble({ of, who }: { readonly of: Snapshot<unknown>; readonly who: string }) {
  if (of.state === 'stale') return <Away who={who} reason={of.reason} sinceMs={of.sinceMs} atMs={of.atMs} />;
  return of.state === 'unreachable' ? <Away who={who} reason={of.reason} sinceMs={of.sinceMs} /> : null;
}

/** The blocks that were found while one watched. */
function useFresh(blocks: readonly FoundBlock[]): ReadonlySet<string> {
  const openedMs = useRef(serverNow());
  return new Set(blocks.filter(({ foundAtMs }) => foundAtMs > openedMs.current).map(({ hash }) => hash));
}
