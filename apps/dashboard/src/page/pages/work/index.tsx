import type { PageProps } from '../../app/pages.ts';
import { go, hrefOf } from '../../app/route.ts';
import { Segments } from '../../parts/choose.tsx';
import { Away } from '../../parts/known.tsx';
import { PageHead } from '../../parts/panel.tsx';
import { Contents } from './contents.tsx';
import { useAllWork } from './data.ts';
import { DifferenceView } from './difference-view.tsx';
import { Now } from './now.tsx';
import { sourcesOf } from './sources.ts';
import './work.css';

const VIEWS = [
  { value: 'now', label: 'mined now' },
  { value: 'contents', label: 'contents' },
  { value: 'difference', label: 'difference' },
] as const;

/** `#/work`: what is mined, what is in it, and how the miner's choice differs from the pool's. */
export function Page({ route }: PageProps) {
  const all = useAllWork();
  const sources = sourcesOf(all.work);
  const view = VIEWS.find(({ value }) => value === route.rest[0])?.value ?? 'now';
  return (
    <>
      <PageHead
        title="Work"
        aside={
          <Segments
            label="What of the work"
            value={view}
            of={VIEWS}
            onChoose={(value) => go(hrefOf(value === 'now' ? ['work'] : ['work', value]))}
          />
        }
      />
      {all.away.map(({ role, snapshot }) =>
        snapshot.state === 'stale' || snapshot.state === 'unreachable' ? (
          <Away key={role.path} who={role.name} reason={snapshot.reason} sinceMs={snapshot.sinceMs} />
        ) : null,
      )}
      {view === 'now' && <Now all={all} sources={sources} />}
      {view === 'contents' && <Contents all={all} sources={sources} asked={route.query.get('of') ?? undefined} />}
      {view === 'difference' && <DifferenceView all={all} sources={sources} query={route.query} />}
    </>
  );
}
