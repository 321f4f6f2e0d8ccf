import { useEffect, useRef, useState } from 'preact/hooks';
import { go, hrefOf, type Route } from '../../app/route.ts';
import { count } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import type { KnownRole } from '../../data/roles.ts';
import type { Listing, WorkerView } from '../../data/views.ts';
import { Pager, Search, Segments, Select } from '../../parts/choose.tsx';
import { Known } from '../../parts/known.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { addressOf, PAGE_SIZE, pathOf, questionOf, SORTS, STATES, type WorkersQuestion } from './query.ts';
import { WorkerTable } from './table.tsx';

const TYPED_MS = 250;

/** All workers of a role: searched, sorted and paged by the role itself. */
export function WorkerList({ role, route }: { readonly role: KnownRole; readonly route: Route }) {
  const question = questionOf(route.query);
  const workers = useResource<Listing<WorkerView>>(role, pathOf(question));
  const show = (change: Partial<WorkersQuestion>) => {
    const wanted = { ...question, offset: 0, ...change };
    const named = route.query.get('role') ?? undefined;
    go(hrefOf(['workers'], { role: named, ...addressOf(wanted) }), { replace: true });
  };
  return (
    <Panel title={`Workers of ${role.name}`}>
      <div class="tools" role="search">
        <SearchField value={question.search} onSearch={(search) => show({ search })} />
        <Segments label="State" value={question.state} of={STATES} onChoose={(state) => show({ state })} />
        <Select label="Sort by" value={question.sort} of={SORTS} onChoose={(sort) => show({ sort })} />
      </div>
      <Known of={workers} what="the workers" who={role.name}>
        {({ items, total }) => (
          <>
            <p class="unseen" aria-live="polite">{`${count(total)} workers`}</p>
            {items.length === 0 ? (
              <NoWorkers question={question} total={total} onFirst={() => show({})} />
            ) : (
              <WorkerTable workers={items} role={role} sort={question.sort} onSort={(sort) => show({ sort })} />
            )}
            <Pager offset={question.offset} limit={PAGE_SIZE} total={total} onPage={(offset) => show({ offset })} />
          </>
        )}
      </Known>
    </Panel>
  );
}

interface NoWorkersProps {
  readonly question: WorkersQuestion;
  readonly total: number;
  readonly onFirst: () => void;
}

function NoWorkers({ question, total, onFirst }: NoWorkersProps) {
  if (total > 0) {
    return (
      <Empty>
        {'There are fewer workers now than this page begins with. '}
        <button type="button" onClick={onFirst}>
          Go to the first
        </button>
      </Empty>
    );
  }
  if (question.search !== '') return <Empty>No worker has this in its name.</Empty>;
  if (question.state !== 'all') return <Empty>{`No worker is ${question.state}.`}</Empty>;
  return (
    <Empty>
      Nobody has mined here yet. Point a device at this role: its worker appears with the channel that it opens, named
      by what it says of itself (user.worker).
    </Empty>
  );
}

function SearchField({ value, onSearch }: { readonly value: string; readonly onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    // An address that one went to; not what one's own words led to, of which more may have been typed since.
    if (timer.current === undefined && value !== text.trim()) setText(value);
  }, [value]);
  return (
    <Search
      label="Search by name"
      hint="Search by name  ( / )"
      value={text}
      most={255}
      onSearch={(typed) => {
        setText(typed);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => {
          timer.current = undefined;
          onSearch(typed.trim());
        }, TYPED_MS);
      }}
    />
  );
}
