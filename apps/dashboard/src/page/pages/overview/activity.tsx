import { useState } from 'preact/hooks';
import { type RoleEvent, useEventLog } from '../../data/events.ts';
import { eventTone, eventWords } from '../../data/event-words.ts';
import { latestOf } from '../../data/latest.ts';
import { Badge } from '../../parts/badge.tsx';
import { Empty, Panel } from '../../parts/panel.tsx';
import { Ago, Name } from '../../parts/text.tsx';

const SHOWN = 8;

/** What happened lately; what happens all the time only on demand. */
export function Activity() {
  const [isAll, setAll] = useState(false);
  const events = latestOf(useEventLog(), { most: SHOWN, withRoutine: isAll });
  return (
    <Panel
      title="Lately"
      aside={
        <label class="check">
          <input type="checkbox" checked={isAll} onChange={() => setAll(!isAll)} />
          work and channels too
        </label>
      }
    >
      {events.length === 0 ? (
        <Empty>Nothing has happened yet: blocks, workers that come and go, and trouble are told here.</Empty>
      ) : (
        <ol class="rows activity">
          {events.map((event) => (
            <Line key={`${event.role} ${event.id} ${event.atMs}`} event={event} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

const Line = ({ event }: { readonly event: RoleEvent }) => (
  <li>
    <Badge tone={eventTone(event)}>
      <Name most={18}>{event.part ?? event.role}</Name>
    </Badge>
    <span class="grow">{eventWords(event).slice(0, 200)}</span>
    <span class="end soft">
      <Ago ms={event.atMs} />
    </span>
  </li>
);
